"""What a detector's training begins with: a detector of ours, published weights, or nothing.

`practice`, or a run folder   a detector of ours; see `_take_detector`
`imagenet`, or a file         a classifier MobileNetV3, for the backbone
`coco`, or such a file        torchvision's SSDLite, for as much of the backbone as is alike
`none`                        nothing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from data.errors import CheckpointError
from models.anchors import Shape, shape_iou
from models.mobilenet import load_backbone, read_weights
from models.run_files import WEIGHTS_NAME
from models.ssd import Detector, Head

_C4 = 13  # torchvision's SSDLite cuts MobileNetV3-Large inside this layer
_ALIKE = 0.5  # anchors of less overlap than this share nothing worth keeping


@dataclass(frozen=True, slots=True)
class Start:
    """What a detector began with."""

    source: str
    taken: tuple[str, ...]
    """Names of the tensors that were taken, whole or in part."""
    fresh: tuple[str, ...]
    """Names of those that begin at random."""
    notes: tuple[str, ...] = ()
    """What else is worth knowing: classes and anchors that have no counterpart."""

    def told(self) -> str:
        """Say it in a sentence or two."""
        if not self.taken:
            return "Begun from nothing."
        parts = sorted({name.split(".")[0].replace("_", " ") for name in self.taken})
        said = (
            f"Begun from {self.source}: {len(self.taken)} of {len(self.taken) + len(self.fresh)} "
            f"tensors were taken ({', '.join(parts)})"
        )
        fresh = sorted({".".join(name.split(".")[:2]) for name in self.fresh})
        if fresh:
            said += f"; new are {', '.join(fresh[:6])}{' and others' if len(fresh) > 6 else ''}"
        return " ".join([said + ".", *self.notes])


def begin_with(detector: Detector, weights: str) -> Start:
    """Fill a new detector with the weights that a name, a run folder or a file stands for.

    Raises:
        CheckpointError: There are none, or they fit no part of the detector.
    """
    if weights == "none":
        return Start("nothing", (), tuple(detector.state_dict()))
    published = weights in ("coco", "imagenet")
    folder = Path(weights).parent if Path(weights).name == WEIGHTS_NAME else Path(weights)
    if weights == "practice" or (folder.is_dir() and not published):
        from models.perception import load_detector

        source = weights if weights == "practice" else str(folder)
        return _take_detector(detector, load_detector(source), source)
    from models.published import resolve_weights

    path = resolve_weights(weights, backbone=detector.settings.backbone) if published else folder
    if path is None or not path.is_file():
        raise CheckpointError(
            f"{weights}: no such run, and no such file. Give practice, coco, imagenet, none, a "
            "detector's run folder, or a .safetensors or .pth file."
        )
    if any(name.startswith("backbone.features.") for name in read_weights(path)):
        return _take_ssdlite(detector, path)
    load_backbone(detector.backbone, path)
    return _start(detector, str(path), {f"backbone.{n}" for n in detector.backbone.state_dict()})


def _start(detector: Detector, source: str, taken: set[str], *notes: str) -> Start:
    names = list(detector.state_dict())
    return Start(
        source,
        tuple(name for name in names if name in taken),
        tuple(name for name in names if name not in taken),
        notes,
    )


def _take_ssdlite(detector: Detector, path: Path) -> Start:
    """Take the backbone's tensors that torchvision's SSDLite has too; its tail is narrower."""
    if detector.settings.backbone != "large":
        raise CheckpointError(
            f"{path}: of a MobileNetV3-Large, but the detector's is Small. Use --backbone large."
        )
    found = {_plain_name(name): tensor for name, tensor in read_weights(path).items()}
    mine = detector.backbone.state_dict()
    alike = {
        name: found[name]
        for name, tensor in mine.items()
        if name in found and found[name].shape == tensor.shape
    }
    if not alike:
        raise CheckpointError(f"{path}: none of its tensors fits. It is no SSDLite of torchvision.")
    detector.backbone.load_state_dict({**mine, **alike})
    return _start(detector, str(path), {f"backbone.{name}" for name in alike})


def _plain_name(name: str) -> str:
    """Undo torchvision's cut: `backbone.features.1.0.3.0.weight` -> `features.13.block.3.0.weight`.

    The first part holds the layers up to C4's expansion; the second begins with the rest of C4's
    block, whose layers keep their numbers, then come the layers behind it.
    """
    words = name.split(".")
    if words[:2] != ["backbone", "features"] or len(words) < 5:
        return name
    part, index, rest = int(words[2]), int(words[3]), words[4:]
    if part == 0 and index == _C4:
        middle = [str(_C4), "block", "0"]
    elif part == 0:
        middle = [str(index)]
    elif index == 0:
        middle = [str(_C4), "block"]
    else:
        middle = [str(_C4 + index)]
    return ".".join(["features", *middle, *rest])


def _take_detector(detector: Detector, other: Detector, source: str) -> Start:
    """Take whatever is alike; of the heads, what anchors and classes have in common.

    Anchors are fitted anew to one's own labels, so each begins as the other detector's most similar
    anchor of the same level; a class begins as the one of the same name, or at random.
    """
    mine, theirs = detector.settings, other.settings
    for what in ("backbone", "width"):
        have, need = getattr(mine, what), getattr(theirs, what)
        if have != need:
            raise CheckpointError(
                f"{source}: its {what} is {need!r}, the new detector's would be {have!r}. "
                f"Train with the same {what}, or begin with other weights."
            )
    state, found = detector.state_dict(), other.state_dict()
    plain = {
        name: found[name]
        for name, tensor in state.items()
        if ".predict." not in name and name in found and found[name].shape == tensor.shape
    }
    detector.load_state_dict(state | plain)
    taken, lone = set(plain), list[Shape]()
    for level, shapes in enumerate(detector.levels):
        pairs = _similar(shapes, other.levels[level])
        lone += [shape for anchor, shape in enumerate(shapes) if anchor not in pairs]
        taken |= _take_heads(detector, other, str(level), pairs)
    new = [name for name in mine.class_names if name not in theirs.class_names]
    notes = [f"New classes: {', '.join(new)}."] if new else []
    if lone:
        shown = ", ".join(f"{w:g}x{h:g}" for w, h in lone)
        notes.append(f"Anchors that begin at random: {shown}.")
    return _start(detector, source, taken, *notes)


def _similar(shapes: Sequence[Shape], others: Sequence[Shape]) -> dict[int, int]:
    """Pair each anchor of a level with the other detector's most similar one, if any is."""
    if not shapes or not others:
        return {}
    overlap = shape_iou(np.array(shapes, np.float32), np.array(others, np.float32))
    best = overlap.argmax(axis=1)
    return {i: int(j) for i, j in enumerate(best) if overlap[i, j] >= _ALIKE}


def _take_heads(
    detector: Detector, other: Detector, level: str, pairs: Mapping[int, int]
) -> set[str]:
    """Copy the paired anchors' rows of a level's last convolutions; name the tensors."""
    if not pairs:
        return set()
    theirs = other.settings.class_names
    classes = {0: 0} | {
        i + 1: theirs.index(name) + 1
        for i, name in enumerate(detector.settings.class_names)
        if name in theirs
    }
    taken = set()
    for heads, values in (("class_heads", classes), ("box_heads", {i: i for i in range(4)})):
        mine = cast(Head, detector.get_submodule(f"{heads}.{level}"))
        source = cast(Head, other.get_submodule(f"{heads}.{level}"))
        rows = [a * mine.values + value for a in pairs for value in values]
        from_rows = [a * source.values + v for a in pairs.values() for v in values.values()]
        for part, tensor in mine.predict.state_dict().items():
            tensor[rows] = source.predict.state_dict()[part][from_rows]
            taken.add(f"{heads}.{level}.predict.{part}")
    return taken

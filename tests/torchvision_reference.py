"""What torchvision's own code says, kept in torchvision_ssd.npz so that tests need no torchvision.

Made, with torchvision 0.28.0 beside torch 2.13.0, by

    pip download "torchvision==0.28.0" --no-deps -d /tmp/tv && unzip -d /tmp/tv/src /tmp/tv/*.whl
    python -m tests.torchvision_reference /tmp/tv/src [--compare]

`--compare` writes nothing: it holds our numbers beside torchvision's, whole, on many pictures.
torchvision's compiled part doesn't load beside a CPU build of torch, so its NMS is replaced by a
plain one, written here from its documentation.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import torch

from data.frames import Image
from models.torchvision_ssd import TorchvisionSsd, postprocess

FIXTURE = Path(__file__).with_suffix("").with_name("torchvision_ssd.npz")
# Height and width. With the second number the background is likelier: few boxes stay, and
# torchvision then takes its other way through NMS.
CASES = [((240, 427), 0.0), ((320, 320), 9.0), ((613, 96), 9.0), ((33, 57), 0.0)]
COMPARED = 60  # the best boxes of a picture, whose scores lie apart
STRIDE = 997  # a prime: the kept numbers come from every channel and place


def picture(size: tuple[int, int]) -> Image:
    """Make blots of colour, so that neighbouring pixels are alike."""
    random = np.random.default_rng(size[0])
    coarse = random.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    rows, columns = (np.linspace(0, 8, n).round().astype(int) for n in size)
    noise = random.integers(-20, 20, (*size, 3))
    return (coarse[rows][:, columns] + noise).clip(0, 255).astype(np.uint8)


def layout_weights(names: dict[str, torch.Tensor], *, background: float) -> dict[str, torch.Tensor]:
    """Make random weights, batch statistics too, for tensors of these names and shapes."""
    found = {}
    for name, like in names.items():
        random = np.random.default_rng(crc32(name.encode()))
        shape = tuple(like.shape)
        if name.endswith("num_batches_tracked"):
            found[name] = torch.tensor(100)
            continue
        if len(shape) == 4:
            last = name.startswith("head") and shape[1] > 1
            gain = 1.2 if not last else 3.0 if "regression" in name else 4.0
            values = random.normal(0, gain / np.sqrt(np.prod(shape[1:])), shape)
        elif name.endswith("running_var") or (name.endswith("weight")):
            values = random.uniform(0.7, 1.3, shape)
        else:
            values = random.normal(0, 0.2, shape)
            if name.endswith("1.bias") and "classification" in name and shape[0] == 6 * 91:
                values[::91] += background
        found[name] = torch.from_numpy(np.asarray(values, dtype=np.float32))
    return found


def random_output(*, background: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Make logits and deltas as a network might, with some deltas beyond the clamp."""
    random = np.random.default_rng(7)
    logits = random.normal(0, 2.0, (3234, 91)).astype(np.float32)
    logits[:, 0] += background
    deltas = random.normal(0, 2.0, (3234, 4)).astype(np.float32)
    deltas[::50] *= 15
    return torch.from_numpy(logits), torch.from_numpy(deltas)


class Said(NamedTuple):
    """All that a detector says of a picture."""

    maps: list[torch.Tensor]
    logits: torch.Tensor
    deltas: torch.Tensor
    boxes: torch.Tensor
    labels: torch.Tensor
    scores: torch.Tensor


def ours(detector: TorchvisionSsd, image: Image) -> Said:
    with torch.inference_mode():
        prepared = detector.prepare(image)
        maps = detector.backbone(prepared)
        logits, deltas = detector(prepared)
    found = detector.detect(image)
    seen = (torch.from_numpy(a) for a in (found.boxes, found.classes, found.scores))
    return Said(maps, logits, deltas, *seen)


def theirs(detector: Any, image: Image) -> Said:
    tensor = torch.from_numpy(image[:, :, ::-1].copy()).permute(2, 0, 1).float() / 255
    with torch.inference_mode():
        images, _ = detector.transform([tensor])
        maps = list(detector.backbone(images.tensors).values())
        heads = detector.head(maps)
        found = detector([tensor])[0]
    return Said(
        maps,
        heads["cls_logits"],
        heads["bbox_regression"],
        found["boxes"],
        found["labels"],
        found["scores"],
    )


def plain_nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    order = scores.sort(descending=True, stable=True).indices.tolist()
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    gone = torch.zeros(len(boxes), dtype=torch.bool)
    kept = []
    for i in order:
        if gone[i]:
            continue
        kept.append(i)
        low = torch.maximum(boxes[:, :2], boxes[i, :2])
        high = torch.minimum(boxes[:, 2:], boxes[i, 2:])
        inner = (high - low).clamp(min=0).prod(1)
        gone |= inner / (area + area[i] - inner) > iou_threshold
    return torch.tensor(kept, dtype=torch.int64)


def their_detector(folder: str) -> Any:
    sys.path.insert(0, folder)
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    torchvision.ops.boxes._assert_has_ops = lambda: None
    library.impl("nms", plain_nms, "CPU")
    detector = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None).eval()
    detector.library = library  # it lives as long as the detector
    return detector


def their_postprocess(detector: Any, logits: torch.Tensor, deltas: torch.Tensor) -> Any:
    sizes = [torch.zeros(1, 1, n, n) for n in (20, 10, 5, 3, 2, 1)]
    from torchvision.models.detection.image_list import ImageList

    anchors = detector.anchor_generator(ImageList(torch.zeros(1, 3, 320, 320), [(320, 320)]), sizes)
    heads = {"cls_logits": logits[None], "bbox_regression": deltas[None]}
    found = detector.postprocess_detections(heads, anchors, [(320, 320)])[0]
    return anchors[0], found


def write(folder: str) -> None:
    detector = their_detector(folder)
    shapes = {name: tuple(tensor.shape) for name, tensor in detector.state_dict().items()}
    kept: dict[str, Any] = {"layout": np.array(json.dumps(shapes))}
    for number, (size, background) in enumerate(CASES):
        detector.load_state_dict(layout_weights(detector.state_dict(), background=background))
        said = theirs(detector, picture(size))
        gaps = -said.scores[: COMPARED + 1].diff()
        assert gaps.min() > 2e-5, f"scores too close to be compared: {gaps.min()}"
        for name, value in zip([f"map{i}" for i in range(6)], said.maps, strict=True):
            kept[f"{number}.{name}"] = value.flatten()[::STRIDE].numpy()
        kept[f"{number}.logits"] = said.logits.flatten()[::STRIDE].numpy()
        kept[f"{number}.deltas"] = said.deltas.flatten()[:: STRIDE // 10].numpy()
        for name in ("boxes", "labels", "scores"):
            kept[f"{number}.{name}"] = getattr(said, name)[:COMPARED].numpy()
    for number, background in enumerate((0.0, 15.0)):
        anchors, found = their_postprocess(detector, *random_output(background=background))
        for name, value in found.items():
            kept[f"decoded{number}.{name}"] = value.numpy()
        kept["anchors"] = anchors[::7].numpy()
    np.savez_compressed(FIXTURE, **kept)
    print(FIXTURE, FIXTURE.stat().st_size, "bytes")  # noqa: T201


def compare(folder: str) -> None:
    detector, mine = their_detector(folder), TorchvisionSsd().eval()
    for background in (0.0, 5.0, 9.0):
        weights = layout_weights(detector.state_dict(), background=background)
        detector.load_state_dict(weights)
        mine.load_state_dict(weights)
        for size in [*(size for size, _ in CASES), (1080, 1920), (270, 480), (1, 1)]:
            a, b = ours(mine, picture(size)), theirs(detector, picture(size))
            worst = max(float((m - n).abs().max()) for m, n in zip(a.maps, b.maps, strict=True))
            same = a.labels.tolist() == b.labels.tolist()
            boxes = float((a.boxes - b.boxes).abs().max()) if same and len(a.boxes) else None
            print(  # noqa: T201
                f"{background:g} {size}: {len(b.boxes)} boxes, the same in the same order: {same}; "
                f"largest difference of maps {worst:.1e}, "
                f"logits {(a.logits - b.logits).abs().max():.1e} of {b.logits.abs().max():.1f}, "
                f"deltas {(a.deltas - b.deltas).abs().max():.1e} of {b.deltas.abs().max():.1f}, "
                f"boxes {boxes}"
            )
    for background in (0.0, 6.0, 15.0):
        logits, deltas = random_output(background=background)
        anchors, found = their_postprocess(detector, logits, deltas)
        got = postprocess(logits, deltas, mine.default_boxes)
        named = zip(("boxes", "labels", "scores"), got, strict=True)
        same = {name: torch.equal(value, found[name]) for name, value in named}
        print(  # noqa: T201
            f"decoding {background:g}: {len(got[0])} boxes, to the bit: {same}; "
            f"default boxes: {torch.equal(anchors, mine.default_boxes)}"
        )


if __name__ == "__main__":
    (compare if "--compare" in sys.argv else write)(sys.argv[1])

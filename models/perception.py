"""See one frame: objects, and pooled features for the policy; ONNX Runtime, or PyTorch.

The graph takes the fitted picture as it is, `uint8` BGR, and does the colours and the means
itself, so a frame is handed over once. Measured on one core (Small, 480x270): the graph 2.8 ms in
ONNX Runtime, decoding and NMS 0.2 ms.
"""

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from data.errors import CheckpointError
from data.frames import Image
from models.anchors import Floats
from models.checkpoint import RunFiles, load_files, load_run
from models.detections import DecodeSettings, decode_frame
from models.detector_data import IMAGENET_MEAN, IMAGENET_STD
from models.encoder import GRID, Encoder, pool
from models.engines import Device, Engine, choose
from models.graph_cache import make_room, shared_graph
from models.onnx_engine import ACCELERATORS, open_cached, to_onnx
from models.rebuilding import rebuilt
from models.seen_cache import mark_used
from models.ssd import Detector, DetectorSettings
from models.torch_engine import TorchEngine

GRAPH_NAME = "perception.onnx"
# The tracker begins with surer ones only (`models.tracking.BORN`); half as many balls are lost so.
SEEN = DecodeSettings(score_threshold=0.2)
WEIGHTS_FOLDER = Path(__file__).resolve().parent / "weights"


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What is seen in one frame, best score first."""

    boxes: Floats
    """`(n, 4)` corners x1 y1 x2 y2 in stored pixels."""
    classes: npt.NDArray[np.int64]
    """`(n,)` index into the profile's object names."""
    scores: Floats
    """`(n,)` probabilities."""
    features: Floats
    """`(F,)` the coarsest map, averaged over a grid of 3 x 5 cells: channel, row, column."""


class _Seen(Protocol):
    """Run the network on one picture: logits, deltas, features."""

    def __call__(self, image: Image) -> tuple[Floats, Floats, Floats]: ...


class Graph(nn.Module):
    """The network with what comes before and after it, from one `uint8` picture.

    What `normalise` does is left to the first convolution, as far as its padding allows: order of
    the colours and scale are in its weights, the means are subtracted.
    """

    mean: Tensor

    def __init__(self, detector: Detector, encoder: Encoder | None = None) -> None:
        """Copy a detector, and what the features come from where that is not the detector."""
        super().__init__()
        self.detector = Detector(detector.settings)
        self.detector.load_state_dict(detector.state_dict())
        self.encoder = copy.deepcopy(encoder)
        self.eval()
        scale = 255.0 * torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)
        for backbone in (network.backbone for network in (self.detector, self.encoder) if network):
            first = next(m for m in backbone.modules() if isinstance(m, nn.Conv2d))
            first.weight = nn.Parameter((first.weight.detach() / scale).flip(1))
        mean = 255.0 * torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
        self.register_buffer("mean", mean.flip(0), persistent=False)
        self.precision = torch.float32
        """What the networks compute in; the outputs are single precision whatever it is."""

    def halve(self) -> None:
        """Compute in half precision with channels last, as GPUs are fastest.

        Probabilities move by 0.003; where that lifts a box over the threshold, or drops it, the
        policy may decide otherwise: on 8 of 400 ticks of a practice match, computed on a processor.
        """
        self.precision = torch.float16
        for network in (self.detector, self.encoder):
            if network is not None:
                network.half()
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def example(self) -> Tensor:
        """Return a black picture, `(H, W, 3)` `uint8`."""
        return torch.zeros(*self.detector.settings.size, 3, dtype=torch.uint8)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map `(H, W, 3)` BGR `uint8` to logits `(A, C + 1)`, deltas `(A, 4)`, features `(F,)`."""
        picture = (image.permute(2, 0, 1).float() - self.mean).unsqueeze(0).to(self.precision)
        output = self.detector(picture)
        features = pool(output.features) if self.encoder is None else self.encoder(picture)
        found = (output.logits, output.deltas, features)
        logits, deltas, features = (of_frame.squeeze(0).float() for of_frame in found)
        return logits, deltas, features


class Perception:
    """A detector made ready for one frame at a time; not thread-safe."""

    def __init__(
        self,
        detector: Detector,
        *,
        encoder: Encoder | None = None,
        engine: Engine = "auto",
        device: Device = "cpu",
        threads: int = 1,
        cache: Path | None = None,
        settings: DecodeSettings | None = None,
    ) -> None:
        """Prepare an engine.

        Args:
            detector: Its weights are copied; later training does not change what is seen.
            encoder: What the features come from; None takes the detector's own.
            engine: "auto" takes ONNX Runtime when it can be imported, else PyTorch; on a GPU that
                PyTorch reaches, PyTorch.
            device: Where it runs; "auto" for the best there is.
            threads: CPU threads; one leaves a core to the game.
            cache: Where the exported graph is kept, such as `runs/NAME/perception.onnx`; made
                again when the weights changed. It is kept for this user as well, see
                `models.graph_cache`.
            settings: Which detections are kept; by default those that the tracker wants.
        """
        self.fingerprint = fingerprint(detector, encoder)
        self.feature_count = detector.settings.width * GRID[0] * GRID[1]
        self._settings = settings or SEEN
        self._anchors = detector.anchors()
        self._size = detector.settings.size
        choice = choose(engine, device)
        self.engine = choice.engine
        graph = partial(Graph, detector, encoder)
        self.network: _Seen
        accelerator: str
        if choice.engine == "torch":
            self.network = _torch_engine(graph(), threads, choice.device)
            accelerator = choice.device if choice.is_pytorch_on_gpu else ""
        else:
            self.network, accelerator = _onnx_engine(
                graph, self.fingerprint, threads, choice.device, cache
            )
        self.described = f"{choice.engine}-{accelerator}" if accelerator else choice.engine
        """The engine, and the accelerator it runs on if any, such as `torch-cuda`."""

    @classmethod
    def load(cls, source: Path | str, *, engine: Engine = "auto", threads: int = 1) -> Self:
        """Load a run folder or the shipped weights; see `load_detector`."""
        folder = Path(source)
        cache = folder / GRAPH_NAME if folder.is_dir() else None
        return cls(load_detector(source), engine=engine, threads=threads, cache=cache)

    def see(self, image: Image) -> Sight:
        """Look at one fitted BGR picture.

        Raises:
            ValueError: The picture is not of the detector's size.
        """
        if image.shape != (*self._size, 3) or image.dtype != np.uint8:
            raise ValueError(
                f"a fitted picture is uint8 {(*self._size, 3)}, got {image.dtype} {image.shape}"
            )
        logits, deltas, features = self.network(image)
        found = decode_frame(
            logits, deltas, self._anchors, size=self._size, settings=self._settings
        )
        return Sight(found.boxes, found.classes, found.scores, features)


def fingerprint(detector: Detector, encoder: Encoder | None = None) -> str:
    """Name a detector, and an encoder if any, by settings and weights: 16 hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(detector.settings.to_json(), sort_keys=True).encode())
    weights = dict(detector.state_dict())
    if encoder is not None:
        weights |= {f"encoder.{name}": tensor for name, tensor in encoder.state_dict().items()}
    for name, tensor in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def build_detector(
    settings: dict[str, Any], weights: dict[str, Tensor], *, source: str
) -> Detector:
    """Build a detector from a config's settings and its weights, in evaluation mode.

    Raises:
        CheckpointError: They don't fit together.
    """
    try:
        checked = DetectorSettings.from_json(settings)
        full = {name: t.float() if t.is_floating_point() else t for name, t in weights.items()}
        return rebuilt(lambda: Detector(checked), full)
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{source}: its detector can't be rebuilt ({reason}).") from error


def load_detector_files(source: Path | str | None) -> RunFiles:
    """Read a detector's run folder, or shipped weights by name; None means "practice".

    Raises:
        CheckpointError: There is none, or it is no detector's.
    """
    name = "practice" if source is None else str(source)
    weights = WEIGHTS_FOLDER / f"{name}.safetensors"
    if "/" not in name and not Path(name).is_dir() and weights.is_file():
        return load_files(
            weights,
            weights.with_suffix(".json"),
            source=f"shipped weights {name!r}",
            kind="detector",
        )
    return load_run(Path(name), kind="detector")


def load_detector(source: Path | str | None = None) -> Detector:
    """Load a detector from a run folder, or shipped weights by name; None means "practice".

    Raises:
        CheckpointError: There is none, or it can't be rebuilt.
    """
    files = load_detector_files(source)
    return build_detector(files.config["settings"], files.weights, source=files.source)


def _onnx_engine(
    graph: Callable[[], Graph], mark: str, threads: int, device: Device, cache: Path | None
) -> tuple[_Seen, str]:
    """Return what runs the graph, and the accelerator that it runs on if any."""
    shared = shared_graph(mark)
    caches = [shared] if cache is None else [cache, shared]

    def export() -> bytes:
        make_room()
        return export_graph(graph(), mark)

    session = open_cached(export, mark, threads=threads, device=device, caches=caches)
    mark_used(shared)

    def run(image: Image) -> tuple[Floats, Floats, Floats]:
        logits, deltas, features = session.run(None, {"image": image})
        return logits, deltas, features

    return run, ACCELERATORS.get(session.get_providers()[0], "")


def _torch_engine(graph: Graph, threads: int, device: Device) -> _Seen:
    torch.set_num_threads(threads)
    if device == "cuda-half":
        graph.halve()
    engine = TorchEngine(graph, graph.example(), device=device.removesuffix("-half"))

    def run(image: Image) -> tuple[Floats, Floats, Floats]:
        logits, deltas, features = engine(image)
        return logits, deltas, features

    return run


def export_graph(graph: Graph, mark: str) -> bytes:
    """Export a graph to ONNX, with `mark` in its metadata as "fingerprint"."""
    found = ("logits", "deltas", "features")
    return to_onnx(graph, graph.example(), given="image", found=found, mark=mark)

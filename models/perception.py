"""See one frame: objects, and pooled features for the policy; ONNX Runtime, or PyTorch.

The graph takes the fitted picture as it is, `uint8` BGR, and does the colours and the means
itself, so a frame is handed over once. Measured on one core (Small, 480x270): the graph 2.8 ms in
ONNX Runtime, decoding and NMS 0.2 ms.
"""

import contextlib
import hashlib
import importlib
import json
import logging
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from data.errors import CheckpointError
from data.frames import Image
from data.paths import part_path
from models.anchors import Floats
from models.checkpoint import RunFiles, load_files, load_run
from models.detections import DecodeSettings, decode_frame
from models.detector_data import IMAGENET_MEAN, IMAGENET_STD
from models.ssd import Detector, DetectorSettings

GRAPH_NAME = "perception.onnx"
# Rows and columns of the pooled map: position stays known to a third of the height and a fifth of
# the width, and 3 * 5 * 64 = 960 features stay below the size of the tokens' network.
GRID = (3, 5)
# The tracker begins with surer ones only (`models.tracking.BORN`); half as many balls are lost so.
SEEN = DecodeSettings(score_threshold=0.2)
WEIGHTS_FOLDER = Path(__file__).resolve().parent / "weights"
Engine = Literal["auto", "onnx", "torch"]


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


class _Session(Protocol):
    """The part of onnxruntime.InferenceSession that is used here."""

    def run(self, names: None, feed: dict[str, Image]) -> list[Floats]: ...

    def get_modelmeta(self) -> Any: ...  # noqa: ANN401 - untyped in the library


class Graph(nn.Module):
    """The network with what comes before and after it, from one `uint8` picture.

    What `normalise` does is left to the first convolution, as far as its padding allows: order of
    the colours and scale are in its weights, the means are subtracted.
    """

    mean: Tensor

    def __init__(self, detector: Detector) -> None:
        """Copy a detector."""
        super().__init__()
        self.detector = Detector(detector.settings)
        self.detector.load_state_dict(detector.state_dict())
        self.eval()
        first = next(m for m in self.detector.backbone.modules() if isinstance(m, nn.Conv2d))
        scale = 255.0 * torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)
        first.weight = nn.Parameter((first.weight.detach() / scale).flip(1))
        mean = 255.0 * torch.tensor(IMAGENET_MEAN).view(3, 1, 1)
        self.register_buffer("mean", mean.flip(0), persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map `(H, W, 3)` BGR `uint8` to logits `(A, C + 1)`, deltas `(A, 4)`, features `(F,)`."""
        output = self.detector((image.permute(2, 0, 1).float() - self.mean).unsqueeze(0))
        pooled = nn.functional.adaptive_avg_pool2d(output.features, GRID)
        return output.logits.squeeze(0), output.deltas.squeeze(0), pooled.flatten()


class Perception:
    """A detector made ready for one frame at a time; not thread-safe."""

    def __init__(
        self,
        detector: Detector,
        *,
        engine: Engine = "auto",
        threads: int = 1,
        cache: Path | None = None,
        settings: DecodeSettings | None = None,
    ) -> None:
        """Prepare an engine.

        Args:
            detector: Its weights are copied; later training does not change what is seen.
            engine: "auto" takes ONNX Runtime when it can be imported, else PyTorch.
            threads: CPU threads; one leaves a core to the game.
            cache: Where the exported graph is kept, such as `runs/NAME/perception.onnx`; made
                again when the weights changed. None keeps it in memory only.
            settings: Which detections are kept; by default those that the tracker wants.
        """
        self.fingerprint = fingerprint(detector)
        self.feature_count = detector.settings.width * GRID[0] * GRID[1]
        self._settings = settings or SEEN
        self._anchors = detector.anchors()
        self._size = detector.settings.size
        runtime = None if engine == "torch" else _onnxruntime(required=engine == "onnx")
        self.engine: Engine = "torch" if runtime is None else "onnx"
        self.network: _Seen = (
            _torch_engine(detector, threads)
            if runtime is None
            else _onnx_engine(runtime, detector, self.fingerprint, threads, cache)
        )

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

    def see_batch(self, images: Iterable[Image]) -> list[Sight]:
        """Look at many pictures, for a cache of features.

        One by one: a batch of 8 took no less time a frame (8.2 ms beside 3.2 ms at best).
        """
        return [self.see(image) for image in images]


def fingerprint(detector: Detector) -> str:
    """Name a detector by its settings and weights: 16 hexadecimal digits."""
    digest = hashlib.sha256(json.dumps(detector.settings.to_json(), sort_keys=True).encode())
    for name, tensor in sorted(detector.state_dict().items()):
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
        detector = Detector(DetectorSettings.from_json(settings))
        full = {name: t.float() if t.is_floating_point() else t for name, t in weights.items()}
        detector.load_state_dict(full)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{source}: its detector can't be rebuilt ({reason}).") from error
    return detector.eval()


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


def _onnxruntime(*, required: bool) -> ModuleType | None:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        if required:
            raise CheckpointError(
                f"ONNX Runtime can't be imported ({error}). Install it, or use the engine 'torch'."
            ) from error
        return None


def _torch_engine(detector: Detector, threads: int) -> _Seen:
    torch.set_num_threads(threads)
    graph = Graph(detector)

    def run(image: Image) -> tuple[Floats, Floats, Floats]:
        with torch.inference_mode():
            logits, deltas, features = graph(torch.from_numpy(image))
        return logits.numpy(), deltas.numpy(), features.numpy()

    return run


def _onnx_engine(
    runtime: ModuleType, detector: Detector, mark: str, threads: int, cache: Path | None
) -> _Seen:
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors only
    # Threads that spin between two ticks would take the game's core.
    options.add_session_config_entry("session.force_spinning_stop", "1")

    def open_session(model: bytes) -> _Session:
        session: _Session = runtime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        return session

    session: _Session | None = None
    if cache is not None and cache.is_file():
        with contextlib.suppress(*_load_errors(runtime)):  # a damaged cache is made again
            session = open_session(cache.read_bytes())
            if session.get_modelmeta().custom_metadata_map.get("fingerprint") != mark:
                session = None
    if session is None:
        model = export_graph(detector, mark)
        if cache is not None:
            part_path(cache).write_bytes(model)
            part_path(cache).replace(cache)
        session = open_session(model)

    def run(image: Image) -> tuple[Floats, Floats, Floats]:
        logits, deltas, features = session.run(None, {"image": image})
        return logits, deltas, features

    return run


def _load_errors(runtime: ModuleType) -> tuple[type[Exception], ...]:
    state = runtime.capi.onnxruntime_pybind11_state
    return (OSError, state.InvalidProtobuf, state.InvalidGraph, state.Fail, state.InvalidArgument)


def export_graph(detector: Detector, mark: str) -> bytes:
    """Export `Graph` to ONNX, with `mark` in its metadata as "fingerprint"."""
    height, width = detector.settings.size
    example = torch.zeros(height, width, 3, dtype=torch.uint8)
    with _quiet():
        program = torch.onnx.export(
            Graph(detector),
            (example,),
            input_names=["image"],
            output_names=["logits", "deltas", "features"],
            dynamo=True,
            verbose=False,
        )
    if program is None:  # pragma: no cover - only the exporter that is not used returns None
        raise CheckpointError("the detector can't be exported to ONNX.")
    model = program.model_proto
    entry = model.metadata_props.add()
    entry.key, entry.value = "fingerprint", mark
    serialised: bytes = model.SerializeToString()
    return serialised


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter: it logs and warns about torchvision, which nobody asked for."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

"""Can this computer see fast enough, and keep what it sees?"""

import math
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from agent.doctor.health import Finding, Wanted
from agent.timing import Spread
from data.profile import Capture

LOOKS = 30
WARM_UP = 3
SEEING_SHARE = 0.5  # of a tick; grabbing, fitting, deciding and pressing take about as long again
BLOCK_BYTES = 4 << 20
BLOCKS = 16
WRITING_S = 4.0  # a slow disk is known by then
MARGIN = 3.0  # a disk that is this much faster than needed keeps up while others use it, too
# The practice game's pictures: 38 MB a minute of 480x270 at 20 Hz, JPEG quality 90.
BYTES_PER_PIXEL = 38e6 / 60 / 20 / (480 * 270)


def check_torch() -> Finding:
    """Say which PyTorch this is, and what it computes on."""
    import torch

    threads = f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        names = {torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())}
        return Finding(True, f"{threads}, CUDA on {', '.join(sorted(names))}")
    if torch.version.cuda is None:
        return Finding(True, f"{threads}, built for the processor alone, which is enough")
    return Finding(
        True,
        f"{threads}, built for CUDA {torch.version.cuda}, but no device answers",
        "The processor is enough. For the graphics card, install or update its driver.",
    )


def check_onnxruntime() -> Finding:
    """Say which ONNX Runtime this is; PyTorch stands in where there is none."""
    try:
        import onnxruntime
    except ImportError as error:
        return Finding(
            False,
            f"ONNX Runtime can't be imported ({error})",
            "PyTorch is used in its place, at half the speed. Run: pip install onnxruntime",
        )
    providers = [name.removesuffix("ExecutionProvider") for name in _providers(onnxruntime)]
    return Finding(True, f"ONNX Runtime {onnxruntime.__version__}, offers {', '.join(providers)}")


def _providers(onnxruntime: object) -> list[str]:
    found: list[str] = onnxruntime.get_available_providers()  # type: ignore[attr-defined]
    return found


def check_engine(wanted: Wanted) -> Finding:
    """Look at pictures with the detector that ships, as live play does."""
    from models.perception import Perception, load_detector

    detector = load_detector()
    perception = Perception(detector, threads=2)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*detector.settings.size, 3), dtype=np.uint8)
    spent_ns: list[int] = []
    for index in range(WARM_UP + LOOKS):
        if wanted.stop():
            return Finding(False, "stopped")
        began_ns = wanted.clock.now_ns()
        perception.see(image)
        if index >= WARM_UP:
            spent_ns.append(wanted.clock.now_ns() - began_ns)
    spent = Spread.of(np.array(spent_ns))
    name = "ONNX Runtime" if perception.engine == "onnx" else "PyTorch"
    found = f"{name} sees a picture in {spent.p50:.1f} ms (p99 {spent.p99:.1f})"
    if spent.p50 <= SEEING_SHARE * wanted.period_ms:
        return Finding(True, f"{found}: {wanted.rate_hz:g} Hz can be held")
    most_hz = 1e3 * SEEING_SHARE / spent.p50
    return Finding(
        False,
        f"{found}: too slow for {wanted.rate_hz:g} Hz",
        f"Set the profile's rate_hz to {math.floor(most_hz)} or less, and close other programs.",
    )


def check_disk(wanted: Wanted, folder: Path) -> Finding:
    """Write to the recordings' folder, and compare speed and space with what a recording needs."""
    home = _existing(folder)
    need = bytes_per_second(wanted.profile.capture, wanted.rate_hz)
    per_hour = need * 3600
    try:
        free = shutil.disk_usage(home).free
        speed = _write_speed(wanted, home, free=free)
    except OSError as error:
        return Finding(
            False,
            f"{home}: {error.strerror or error}",
            "Name a folder that can be written, with --folder; record into it with --out.",
        )
    found = (
        f"{home}: {free / 1e9:.1f} GB free, about {free / per_hour:.1f} hours of recording; "
        f"writes {speed / 1e6:.0f} MB/s, {need / 1e6:.2f} needed"
    )
    if free < per_hour:
        return Finding(False, found, "Make room, or name a folder on another disk with --folder.")
    if speed < MARGIN * need:
        return Finding(False, found, "Record onto a faster disk: name it with --folder.")
    return Finding(True, found)


def bytes_per_second(capture: Capture, rate_hz: float) -> float:
    """Estimate what a recording writes, from what the practice game's do."""
    return BYTES_PER_PIXEL * capture.width_px * capture.height_px * rate_hz


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that exists: recording makes the rest."""
    path = folder.absolute()
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _write_speed(wanted: Wanted, folder: Path, *, free: int) -> float:
    """Write up to 64 MB through to the disk, never more than half of what is free."""
    block = os.urandom(min(BLOCK_BYTES, max(1, free // (2 * BLOCKS))))
    written = 0
    began_ns = wanted.clock.now_ns()
    with tempfile.TemporaryFile(dir=folder) as file:
        while written < BLOCKS * len(block) and not wanted.stop():
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
            written += len(block)
            if wanted.clock.now_ns() - began_ns > WRITING_S * 1e9:
                break
    return written / max(1e-9, (wanted.clock.now_ns() - began_ns) / 1e9)

"""Small, real recordings and profiles for tests."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from data.boxes import Box
from data.frames import Image
from data.keys import KeyEvent
from data.profile import GameProfile, load_profile
from data.schema import CaptureFacts
from data.writer import RecordingWriter

TICK_NS = 50_000_000  # 20 Hz


def practice_profile() -> GameProfile:
    return load_profile("practice")


def altered_profile(**changes: object) -> GameProfile:
    """Return the practice profile with other fields; a copy would keep what is cached."""
    return GameProfile.model_validate(practice_profile().model_dump() | changes)


def capture_facts(rate_hz: float = 20.0) -> CaptureFacts:
    return CaptureFacts(
        left_px=0, top_px=0, width_px=480, height_px=270, scale=1.0, source="test", rate_hz=rate_hz
    )


def picture(index: int) -> Image:
    """A picture that says which frame it is: a white bar that moves to the right."""
    image = np.full((270, 480, 3), 40, dtype=np.uint8)
    image[:, (index * 7) % 460 : (index * 7) % 460 + 20] = 255
    return image


def write_recording(
    path: Path,
    *,
    frames: int = 40,
    keys: Iterable[KeyEvent] = (),
    boxes: Iterable[Box] = (),
) -> Path:
    """Write `frames` pictures at 20 Hz from time 0; `boxes` are on every frame."""
    kept = list(boxes)
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(frames):
            writer.append_frame(picture(index), index * TICK_NS)
            writer.append_boxes(index, kept)
        writer.append_keys(keys)
    return path

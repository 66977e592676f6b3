"""Recordings of play that somebody could have made, to be summarised."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from data.frames import encode_jpeg
from data.keys import KeyEvent
from data.profile import GameProfile
from data.schema import CaptureFacts, SpanKind
from data.writer import RecordingWriter
from tests.factories import TICK_NS, capture_facts, picture, practice_profile

JPEGS = [encode_jpeg(picture(index), 90) for index in range(16)]
BLACK = encode_jpeg(np.zeros((270, 480, 3), np.uint8), 90)
S = 1_000_000_000


def write_play(
    path: Path,
    *,
    seconds: float = 60,
    times: Sequence[int] | None = None,
    keys: Iterable[KeyEvent] | None = None,
    spans: Iterable[tuple[SpanKind, float, float]] = (),
    jpeg_at: Callable[[int], np.ndarray] = lambda index: JPEGS[index % 16],
    profile: GameProfile | None = None,
    facts: CaptureFacts | None = None,
    attributes: dict[str, object] | None = None,
) -> Path:
    """Write play at 20 Hz with moving pictures, by default with every key in use."""
    with RecordingWriter(
        path,
        profile=profile or practice_profile(),
        facts=facts or capture_facts(),
        attributes=attributes,
    ) as writer:
        for index, at_ns in enumerate(range(0, round(seconds * S), TICK_NS)
                                      if times is None else times):  # fmt: skip
            writer.append_jpeg(jpeg_at(index), at_ns)
        writer.append_keys(busy(seconds) if keys is None else keys)
        for kind, start_s, end_s in spans:
            writer.append_span(kind, round(start_s * S), round(end_s * S))
    return path


def held(key: str, *at_s: float) -> list[KeyEvent]:
    """Presses and releases in turn."""
    return [KeyEvent(round(s * S), key, i % 2 == 0) for i, s in enumerate(at_s)]


def busy(until_s: float, since_s: float = 0.0) -> list[KeyEvent]:
    """Somebody who uses keys of every head, again every three seconds."""
    events = []
    for start in np.arange(since_s, until_s - 2.5, 3.0):
        events += held("right", start + 0.1, start + 1.5)
        events += held("e", start + 0.2, start + 1.0)
        events += held("d", start + 1.6, start + 1.9)
    return sorted(events, key=lambda event: event.at_ns)

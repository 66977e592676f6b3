"""The real window and the headless devices make the same recording of the same keys."""

import threading
from itertools import groupby
from pathlib import Path

import numpy as np

from data.profile import load_profile
from data.reader import Recording
from data.schema import CaptureFacts
from data.writer import RecordingWriter
from gui.practice.devices import HeadlessGame
from recorder.desktop import RecordOptions, WindowChoice, record_desktop
from recorder.pacing import MonotonicClock
from recorder.parts import Parts
from recorder.session import record
from recorder.status import RecordStatus
from tests.scripted_player import ScriptedPlayer
from tests.test_practice_window import opened
from tests.x11 import Desk

# Seconds since the recording began, key, down; between two pictures of 20 a second.
SCRIPT = (
    (0.525, "right", True),
    (0.725, "e", True),
    (1.025, "up", True),
    (1.425, "right", False),
    (1.625, "e", False),
    (1.825, "up", False),
    (2.025, "d", True),
    (2.325, "d", False),
    (2.625, "left", True),
    (2.825, "down", True),
    (3.025, "s", True),
    (3.125, "s", False),
    (3.425, "down", False),
    (3.625, "left", False),
    (3.825, "w", True),
    (3.925, "w", False),
    (4.125, "a", True),
    (4.225, "a", False),
)
SECONDS = 4.6
TWO_FRAMES_NS = 100_000_000
PROFILE = load_profile("practice")


def record_window(folder: Path) -> tuple[Path, float]:
    """Record the real window while another connection presses the scripted keys.

    Returns the recording, and by how many seconds the latest key stroke missed its time after the
    first picture.
    """
    path = folder / "window.h5"
    pressed_ns: list[int] = []
    clock = MonotonicClock()
    begun = threading.Event()

    def press() -> None:
        with Desk() as desk:
            begun.wait()
            start_ns = clock.now_ns()
            for at_s, key, down in SCRIPT:
                clock.sleep_until_ns(start_ns + round(at_s * 1e9))
                pressed_ns.append(clock.now_ns())
                (desk.press if down else desk.release)(key)

    def tell(status: RecordStatus) -> None:
        if status.frames:
            begun.set()

    with opened(folder, "--seconds", "60", "--seed", "4") as game:
        game.wait_for(lambda line: line["step"] > 0, "kick-off")
        presser = threading.Thread(target=press)
        presser.start()
        record_desktop(
            PROFILE,
            Parts(path),
            rate_hz=20.0,
            stop=lambda: False,
            options=RecordOptions(window=WindowChoice(wait_s=5.0), seconds=SECONDS),
            on_status=tell,
        )
        begun.set()
        presser.join()
    with Recording(path) as recording:
        first_ns = int(recording.times_ns[0])
    planned_ns = [first_ns + round(at_s * 1e9) for at_s, _, _ in SCRIPT]
    late_ns = [ns - planned for ns, planned in zip(pressed_ns, planned_ns, strict=True)]
    return path, max(late_ns) / 1e9


def record_window_on_time(folder: Path) -> Path:
    """Record until the script was pressed on time, which a busy machine may prevent."""
    for attempt in range(5):
        (folder / str(attempt)).mkdir()
        path, late_s = record_window(folder / str(attempt))
        if late_s < 0.05:
            break
    return path


def record_headless(folder: Path) -> Path:
    """Record the headless devices while a script presses the same keys."""
    path = folder / "headless.h5"
    game = HeadlessGame("beginner", 60.0, 4, player=ScriptedPlayer(SCRIPT))
    facts = CaptureFacts(0, 0, *game.size, 1.0, "headless", 20.0)
    with RecordingWriter(path, profile=PROFILE, facts=facts) as writer:
        record(
            screen=game.screen,
            keys=game.keys,
            window=None,
            writer=writer,
            clock=game.clock,
            rate_hz=20.0,
            seconds=SECONDS,
            stop=lambda: False,
        )
    return path


def changes(labels: np.ndarray) -> list[tuple[int, int]]:
    """Return each stretch's class and its first frame."""
    stretches, index = [], 0
    for name, frames in groupby(labels.tolist()):
        stretches.append((name, index))
        index += len(list(frames))
    return stretches


def test_window_and_headless_devices_record_the_same_keys_and_labels(
    virtual_screen, tmp_path: Path
):
    with (
        Recording(record_window_on_time(tmp_path)) as window,
        Recording(record_headless(tmp_path)) as headless,
    ):
        real, simulated = window.key_events(), headless.key_events()
        assert [(event.key, event.down) for event in simulated] == [
            (key, down) for _, key, down in SCRIPT
        ]
        assert [(event.key, event.down) for event in real] == [
            (event.key, event.down) for event in simulated
        ]
        for one, other in zip(real, simulated, strict=True):
            apart_ns = (one.at_ns - window.times_ns[0]) - (other.at_ns - headless.times_ns[0])
            assert abs(apart_ns) <= TWO_FRAMES_NS, (one, other)
        real_labels, simulated_labels = window.labels(), headless.labels()
        for head in PROFILE.heads:
            ours, theirs = changes(real_labels[head.name]), changes(simulated_labels[head.name])
            assert [name for name, _ in ours] == [name for name, _ in theirs], head.name
            for (_, one_frame), (_, other_frame) in zip(ours, theirs, strict=True):
                assert abs(one_frame - other_frame) <= 2, head.name

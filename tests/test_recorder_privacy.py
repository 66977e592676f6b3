"""What a person types elsewhere, or on other keys, leaves no trace in a recording."""

import threading
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pytest
from Xlib import X

from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from recorder.desktop import WindowChoice, open_desktop
from recorder.session import record
from recorder.status import RecordStatus, State
from recorder.window import find_window
from tests.factories import altered_profile, capture_facts
from tests.fakes import wait_until
from tests.x11 import Desk

SENTENCE = "my password is hunter2"
PROFILE = altered_profile(title="^Tiny Game$")
GAME = np.array([200, 120, 40])  # what Desk fills its windows with, BGR


class Recorder:
    """A real recording on a thread, beside which a test types."""

    def __init__(self, path: Path, *, rate_hz: float = 50.0) -> None:
        self.path = path
        self.rate_hz = rate_hz
        self.status: RecordStatus | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with (
            open_desktop(PROFILE, WindowChoice(wait_s=10)) as desktop,
            RecordingWriter(self.path, profile=PROFILE, facts=capture_facts(50)) as writer,
        ):
            record(
                screen=desktop.screen,
                keys=desktop.keys,
                window=desktop.window,
                writer=writer,
                clock=desktop.clock,
                rate_hz=self.rate_hz,
                seconds=60,
                stop=self._stop.is_set,
                on_status=lambda status: setattr(self, "status", status),
            )

    def __enter__(self) -> "Recorder":
        self._thread.start()
        self.wait_for(State.RECORDING)
        self.wait_for_frames(3)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, state: State) -> None:
        wait_until(lambda: self.status is not None and self.status.state is state, state)

    def wait_for_frames(self, more: int) -> None:
        wanted = (self.status.frames if self.status else 0) + more
        wait_until(lambda: self.status is not None and self.status.frames >= wanted, "frames")


def type_sentence(desk: Desk) -> None:
    for character in SENTENCE:
        desk.tap("space" if character == " " else character)


def focus(title: str) -> None:
    with closing(find_window(title, timeout_s=10)) as window:
        window.activate()
        wait_until(lambda: window.state().focused, f"{title} has the focus")


@pytest.fixture
def game(desk: Desk):
    window = desk.window("Tiny Game", size=(480, 270))
    focus("Tiny Game")
    return window


def assert_only_profile_keys(path: Path) -> None:
    """Look at everything that the file holds about keys, and for the sentence in its bytes."""
    with Recording(path) as found:
        assert list(found.attributes["key_names"]) == list(PROFILE.keys)
    with h5py.File(path) as file:
        assert int(file["keys/code"][:].max(initial=0)) < len(PROFILE.keys)
        columns = {name for group in file.values() for name in group}
    assert columns == {
        *("bytes", "end", "at_ns", "code", "down", "by", "kind", "start_ns", "end_ns"),
        *("frame", "class", "x1", "y1", "x2", "y2", "origin"),
    }
    raw = path.read_bytes()
    typed = SENTENCE.replace(" ", "")
    for trace in (SENTENCE, typed, ",".join(typed), "hunter2"):
        assert trace.encode() not in raw
        assert trace.encode("utf-16-le") not in raw


def test_other_keys_typed_into_the_game_leave_no_trace(tmp_path, desk, game):
    path = tmp_path / "game.h5"
    others = [key for key in SENTENCE if key not in PROFILE.keys and key != " "]
    assert len(set(others)) > 8  # s and w, say, are playing keys: those are recorded
    with Recorder(path) as recorder:
        desk.tap("left")
        type_sentence(desk)
        for hot_key in (PROFILE.hotkeys.discard, PROFILE.hotkeys.save):
            desk.tap(hot_key)
        desk.tap("right")
        recorder.wait_for_frames(5)
    assert desk.presses_seen(game)  # the game did get them
    assert_only_profile_keys(path)
    with Recording(path) as found:
        presses = [event.key for event in found.key_events() if event.down]
    assert presses == ["left", *[key for key in SENTENCE if key in PROFILE.keys], "right"]


def test_playing_keys_typed_in_another_window_leave_no_trace(tmp_path, desk, game):
    path = tmp_path / "game.h5"
    with Recorder(path) as recorder:
        desk.tap("left")
        recorder.wait_for_frames(3)
        other = desk.window("Letter", at=(40, 60), size=(900, 600), colour=(0, 0, 255))
        focus("Letter")
        recorder.wait_for(State.FOCUS_LOST)
        for key in PROFILE.keys:
            desk.tap(key)
        type_sentence(desk)
        desk.press("up")  # and still down when the game comes back
        other.destroy()
        desk.display.sync()
        focus("Tiny Game")
        recorder.wait_for(State.RECORDING)
        recorder.wait_for_frames(5)
        desk.release("up")
        desk.tap("right")
        recorder.wait_for_frames(5)
    assert_only_profile_keys(path)
    with Recording(path) as found:
        presses = [event.key for event in found.key_events() if event.down]
        assert presses == ["left", "up", "right"]
        (away,) = (span for span in found.spans() if span.kind is SpanKind.FOCUS_LOST)
        events = found.key_events()
        assert not [event for event in events if away.start_ns < event.at_ns < away.end_ns]
        for index in range(found.frame_count):
            assert np.abs(found.frame(index).astype(int) - GAME).max() < 12, index


def test_keys_typed_elsewhere_between_two_pictures_leave_no_trace(tmp_path, desk, game):
    path = tmp_path / "game.h5"
    other = desk.window("Letter", at=(800, 600), size=(300, 200))
    focus("Tiny Game")
    with Recorder(path, rate_hz=1.0) as recorder:
        desk.tap("left")
        recorder.wait_for_frames(1)
        other.set_input_focus(X.RevertToParent, X.CurrentTime)
        desk.display.sync()
        for key in PROFILE.keys:
            desk.tap(key)
        game.set_input_focus(X.RevertToParent, X.CurrentTime)
        desk.display.sync()
        assert len(desk.presses_seen(other)) == len(PROFILE.keys)
        recorder.wait_for_frames(2)
        desk.tap("right")
        recorder.wait_for_frames(1)
    with Recording(path) as found:
        assert [event.key for event in found.key_events() if event.down] == ["left", "right"]
        (away,) = (span for span in found.spans() if span.kind is SpanKind.FOCUS_LOST)
        assert away.end_ns - away.start_ns > 0.5e9


def test_a_window_over_the_game_leaves_no_trace(tmp_path, desk, game):
    path = tmp_path / "game.h5"
    with Recorder(path) as recorder:
        cover = desk.window(
            "Letter", at=(120, 140), size=(300, 200), colour=(0, 0, 255), unmanaged=True
        )
        recorder.wait_for(State.COVERED)
        cover.destroy()
        desk.display.sync()
        recorder.wait_for(State.RECORDING)
        recorder.wait_for_frames(5)
    with Recording(path) as found:
        assert SpanKind.COVERED in {span.kind for span in found.spans()}
        for index in range(found.frame_count):
            assert np.abs(found.frame(index).astype(int) - GAME).max() < 12, index

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt6.QtGui import QPainter

from data.errors import DisplayError
from gui.practice.devices import HeadlessGame, ensure_application
from gui.practice.drawing import Artist
from gui.practice.window import PracticeWindow, WindowSettings
from recorder.screen import MssScreen
from recorder.window import find_window, list_windows
from tests.fakes import PATIENCE_S, FakeClock, wait_until

TITLE = "^Understudy Practice$"
COMMAND = [sys.executable, "-m", "gui.practice.launch"]


class Game:
    """The practice window as a program of its own, watched through its truth file."""

    def __init__(self, program: subprocess.Popen[str], truth: Path) -> None:
        self.program = program
        self.truth = truth

    def lines(self) -> list[dict[str, Any]]:
        """Return the truth so far; the last line may still be arriving."""
        if not self.truth.exists():
            return []
        return [json.loads(line) for line in self.truth.read_text().split("\n")[:-1]]

    def wait_for(self, condition: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Return the newest picture's truth once it meets a condition."""
        found: list[dict[str, Any]] = []

        def met() -> bool:
            lines = self.lines()
            found[:] = lines[-1:]
            return bool(lines) and condition(lines[-1])

        wait_until(met, what)
        return found[0]

    def end(self) -> int:
        return self.program.wait(PATIENCE_S)


@contextmanager
def opened(folder: Path, *options: str) -> Iterator[Game]:
    truth = folder / "truth.jsonl"
    command = [*COMMAND, "--truth", str(truth), *options]
    program = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield Game(program, truth)
    finally:
        if program.poll() is None:
            program.terminate()
        _, said = program.communicate(timeout=PATIENCE_S)
        sys.stderr.write(said)


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_whoever_finds_the_window_sees_the_game_and_not_what_lies_behind(desk, tmp_path):
    behind = desk.window("Desk", at=(0, 0), size=(1400, 900), colour=(255, 0, 255))
    wait_until(lambda: [each for each in list_windows() if each.title == "Desk"], "it is up")
    with opened(tmp_path, "--seconds", "5"):
        found = []

        def appeared() -> bool:
            with suppress(DisplayError):
                found.append(find_window(TITLE))
            return bool(found)

        wait_until(appeared, "the window")
        with closing(found[0]) as window, closing(MssScreen(window.rect)) as screen:
            image = screen.grab().image
    assert image.shape == (720, 1280, 3)
    assert not (image == (255, 0, 255)).all(axis=2).any()
    behind.destroy()
    desk.display.sync()


def test_the_result_is_written_and_the_window_shows_what_headless_devices_show(
    virtual_screen, tmp_path
):
    result = tmp_path / "result.json"
    options = ["--seconds", "2", "--seed", "3", "--difficulty", "amateur"]
    options += ["--result", str(result), "--exit-at-full-time"]
    with opened(tmp_path, *options) as game:
        game.wait_for(lambda line: line["step"] > 0, "kick-off")
        with closing(find_window(TITLE, PATIENCE_S)) as window:
            wait_until(result.exists, "full time")
            with closing(MssScreen(window.rect)) as screen:
                shown = screen.grab().image
        assert game.end() == 0
    headless = HeadlessGame("amateur", 2, 3, size=(1280, 720))
    headless.run()
    drawn = headless.screen.grab().image
    assert shown.shape == drawn.shape
    difference = np.abs(shown.astype(int) - drawn.astype(int))
    assert difference.mean() < 0.2, "text may be drawn a little differently, the rest may not"
    found = json.loads(result.read_text())
    lines = game.lines()
    assert lines[-1]["step"] == 120
    assert found["score"] == lines[-1]["score"] == headless.state.score
    assert (found["difficulty"], found["seed"]) == ("amateur", 3)
    times = [line["at_ns"] for line in lines]
    assert times == sorted(times)


def test_the_coach_presses_real_keys_and_a_signal_ends_it_in_good_order(
    virtual_screen, tmp_path, desk
):
    with opened(tmp_path, "--coach", "--seconds", "300") as game:
        game.wait_for(lambda line: "right" in line["held"], "the coach's keys")
        wait_until(lambda: desk.code("right") in desk.down(), "a key that is really down")
        game.program.send_signal(signal.SIGINT)
        assert game.end() == 130
    assert game.truth.read_bytes().endswith(b"}\n")
    assert not desk.down()


def test_esc_then_enter_leaves(virtual_screen, tmp_path, desk):
    with opened(tmp_path, "--seconds", "300") as game:
        game.wait_for(lambda line: line["step"] == 0, "the first picture")
        with closing(find_window(TITLE, PATIENCE_S)) as window:
            wait_until(window.focused, "the focus")
        desk.tap("esc")
        wait_until(lambda: len(game.lines()) > 90, "what would have been the kick-off")
        assert game.lines()[-1]["step"] == 0
        desk.tap("enter")
        assert game.end() == 0


@pytest.fixture(scope="module")
def long_match(virtual_screen, tmp_path_factory) -> Iterator[Game]:
    with opened(tmp_path_factory.mktemp("long"), "--seconds", "300") as game:
        game.wait_for(lambda line: line["step"] > 0, "kick-off")
        yield game


@pytest.fixture
def game(long_match) -> Game:
    """A long match that is being played, in a window that has the focus."""
    with closing(find_window(TITLE, PATIENCE_S)) as window:
        window.activate()
        wait_until(window.focused, "the focus")
    return long_match


def test_real_keys_are_held_until_they_are_released(game, desk):
    desk.press("right")
    desk.press("d")
    first = game.wait_for(lambda line: line["held"] == ["d", "right"], "two keys held")
    # X repeats a held key after 660 ms; none of the repeats may look like a release.
    late = game.wait_for(lambda line: line["step"] > first["step"] + 60, "a second later")
    lines = game.lines()
    middle = [line for line in lines if first["step"] <= line["step"] <= late["step"]]
    assert {tuple(line["held"]) for line in middle} == {("d", "right")}
    desk.release("right")
    game.wait_for(lambda line: line["held"] == ["d"], "one key released")
    desk.release("d")
    game.wait_for(lambda line: line["held"] == [], "both keys released")


def test_keys_are_let_go_when_another_window_gets_the_focus(game, desk):
    desk.press("right")
    game.wait_for(lambda line: line["held"] == ["right"], "a key held")
    other = desk.window("another window")
    game.wait_for(lambda line: line["held"] == [], "the key let go")
    assert desk.code("right") in desk.down(), "the key itself is still down"
    other.destroy()
    desk.display.sync()


def test_p_pauses_the_match_and_plays_on(game, desk):
    desk.tap("p")
    wait_until(lambda: len({line["step"] for line in game.lines()[-40:]}) == 1, "a standstill")
    step = game.lines()[-1]["step"]
    desk.tap("p")
    game.wait_for(lambda line: line["step"] > step, "play going on")


def between_bars(image: np.ndarray) -> bool:
    bars = np.concatenate([image[:100], image[-100:]])
    return image.shape[:2] == (720, 900) and bars.max() == 0 and image[130:-130].mean() > 50


def test_a_window_of_another_shape_shows_the_picture_between_bars(game, desk):
    with closing(find_window(TITLE, PATIENCE_S)) as window:
        found = desk.display.create_resource_object("window", window._window.id)
        found.configure(width=900, height=720)
        desk.display.sync()
        game.wait_for(lambda line: line["size"] == [900, 720], "the new size")
        line = game.lines()[-1]
        # Of the 720 rows the picture takes 506; the pitch lies in its lower 6/7.
        assert all(107 < box["y1"] < box["y2"] < 720 - 107 for box in line["boxes"])
        with closing(MssScreen(window.rect)) as screen:
            wait_until(lambda: between_bars(screen.grab().image), "a picture between black bars")


def test_without_a_display_it_says_so_in_one_line():
    done = run("--seconds", "5")
    assert done.returncode == 1
    assert done.stderr.startswith("understudy: no display")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--difficulty", "impossible"],
        ["--headless"],
        ["--record", "x.h5"],
        ["--headless", "--coach", "--truth", "x.jsonl"],
        ["--seconds", "0"],
    ],
)
def test_wrong_usage_exits_with_2(options):
    assert run(*options).returncode == 2


def test_headless_recording_needs_no_display(tmp_path):
    path, result = tmp_path / "coach.h5", tmp_path / "result.json"
    options = ["--headless", "--coach", "--seconds", "3", "--record", str(path)]
    done = run(*options, "--result", str(result))
    assert done.returncode == 0, done.stderr
    assert "recorded 60 frames" in done.stdout
    assert path.exists()
    assert json.loads(result.read_text())["seconds"] == 3
    again = run(*options)
    assert again.returncode == 1
    assert "--force" in again.stderr
    assert len(again.stderr.splitlines()) == 1


def test_a_picture_that_is_broken_off_is_let_go_of(monkeypatch: pytest.MonkeyPatch):
    ensure_application()
    painters: list[QPainter] = []

    def broken_off(artist: Artist, painter: QPainter, state: object, *, banner: object) -> None:
        painters.append(painter)
        raise KeyboardInterrupt

    monkeypatch.setattr(Artist, "draw", broken_off)
    window = PracticeWindow(WindowSettings(), clock=FakeClock())
    with pytest.raises(KeyboardInterrupt):
        window._show_picture()
    assert not painters[0].isActive(), "Qt crashes on a picture that goes before its painter"
    window.close()
    window.deleteLater()

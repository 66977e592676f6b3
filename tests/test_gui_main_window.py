import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QApplication, QLabel, QLineEdit, QMessageBox, QVBoxLayout

from gui.main_window import MainWindow
from gui.page import Page
from gui.preferences import Preferences
from gui.studio import Studio, usual_folder
from gui.theme import DARK, LIGHT, Mode, colours
from recorder.window import list_windows
from tests import jobs
from tests.fakes import PATIENCE_S, wait_until

PATIENCE_MS = round(1000 * PATIENCE_S)
ROOT = Path(__file__).resolve().parent.parent


class Quiet(Page):
    name = "record"
    title = "Quiet"
    hint = "Nothing ever happens here."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.seen: list[object] = []
        layout = QVBoxLayout(self)
        self.field = QLineEdit()
        layout.addWidget(self.field)

    def entered(self) -> None:
        self.seen.append("entered")

    def left(self) -> None:
        self.seen.append("left")

    def open(self, what: object) -> None:
        self.seen.append(what)


class Busy(Page):
    name = "train"
    title = "Busy"
    hint = "Something runs here."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        QVBoxLayout(self).addWidget(QLabel("running"))
        self.worker = studio.worker(jobs.echo_until_stopped, None)
        self.endings: list[object] = []
        self.worker.ended.connect(self.endings.append)

    def at_work(self) -> str | None:
        return "a training runs" if self.worker.running else None

    def shut_down(self) -> None:
        self.worker.stop()

    def still_running(self) -> bool:
        return self.worker.running


@pytest.fixture
def window(studio, qtbot):
    made = MainWindow(studio, [Quiet(studio), Busy(studio)])
    qtbot.addWidget(made, before_close_func=lambda window: window.end())
    with qtbot.waitActive(made, timeout=PATIENCE_MS):
        made.show()
        made.activateWindow()
    yield made
    made.end()
    qtbot.waitUntil(lambda: not made.pages["train"].still_running(), timeout=PATIENCE_MS)


def answer(button: str) -> list[str]:
    """Press a button of the next question; the list then holds what was asked."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(50, press)
            return
        asked.append(box.text())
        next(each for each in box.buttons() if each.text() == button).click()

    QTimer.singleShot(0, press)
    return asked


def test_pages_are_turned_by_mouse_and_by_keyboard(window, qtbot):
    quiet, busy = window.pages["record"], window.pages["train"]
    assert window.page is quiet
    place = window._list.visualItemRect(window._list.item(1)).center()
    qtbot.mouseClick(window._list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.page is busy
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.page is quiet
    assert quiet.seen == ["entered", "left", "entered"]


def test_a_page_can_ask_for_another_and_hand_something_over(window, studio):
    studio.go_to("train")
    studio.go_to("record", Path("match.h5"))
    assert window.page.seen[-1] == Path("match.h5")


def test_nothing_runs_and_the_window_closes_at_once(window):
    window.close()
    assert not window.isVisible()


def test_a_question_stands_between_closing_and_what_runs(window, qtbot):
    page = window.pages["train"]
    page.worker.start()
    asked = answer("Stay")
    window.close()
    assert asked == ["A training runs."]
    assert window.isVisible()
    assert page.worker.running
    answer("End it and quit")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE_MS)
    assert not page.worker.running
    assert page.endings[0].how == "stopped"


def test_colours_change_and_are_remembered(window, studio):
    window.set_mode(Mode.DARK)
    assert colours() is DARK
    window.set_mode(Mode.LIGHT)
    assert colours() is LIGHT
    assert studio.preferences.get("mode", "") == "light"


def test_page_and_place_are_remembered(window, studio, qtbot, tmp_path):
    window.go_to("train")
    window.resize(1000, 700)
    window.close()
    again = Studio(tmp_path, Preferences(tmp_path / "preferences.ini"))
    second = MainWindow(again, [Quiet(again), Busy(again)])
    qtbot.addWidget(second)
    assert second.page.name == "train"
    assert (second.width(), second.height()) == (1000, 700)


def test_the_log_can_be_read_inside_the_program(window, studio):
    studio.log_file.write_text("a training failed\nTraceback ...\n")
    window.show_log()
    assert "Traceback" in window._logs.text.toPlainText()


def test_what_is_said_stands_in_the_status_bar(window, studio):
    studio.say("Recorded 3 minutes.")
    assert window.statusBar().currentMessage() == "Recorded 3 minutes."


def test_the_game_of_last_time_is_chosen_again(studio, tmp_path):
    studio.choose_game("tuxfootball")
    assert Studio(tmp_path, Preferences(tmp_path / "preferences.ini")).game.source == "tuxfootball"


def test_a_remembered_game_that_is_gone_gives_way_to_practice(studio, tmp_path):
    studio.preferences.set("game/source", "/no/such/profile.toml")
    again = Studio(tmp_path, Preferences(tmp_path / "preferences.ini"))
    assert again.game.is_practice


@pytest.mark.parametrize("value", [3, 0.5, True, "words"])
def test_preferences_come_back_as_what_they_were(tmp_path, value):
    first = Preferences(tmp_path / "p.ini")
    first.set("thing", value)
    first.save()
    found = Preferences(tmp_path / "p.ini").get("thing", type(value)())
    assert found == value
    assert type(found) is type(value)


def test_a_preference_that_makes_no_sense_counts_as_missing(tmp_path):
    preferences = Preferences(tmp_path / "p.ini")
    preferences.set("rate", "fast")
    assert preferences.get("rate", 20.0) == 20.0


def test_work_begins_where_it_is_or_in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    preferences = Preferences(tmp_path / "p.ini")
    assert usual_folder(preferences).name == "Understudy"
    (tmp_path / "recordings").mkdir()
    assert usual_folder(preferences) == tmp_path
    (tmp_path / "other").mkdir()
    preferences.set("folder", str(tmp_path / "other"))
    assert usual_folder(preferences) == tmp_path / "other"


def test_without_a_display_it_says_so_in_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "understudy", "gui", str(tmp_path)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "DISPLAY" in done.stderr


@pytest.mark.parametrize(("number", "words"), [(signal.SIGINT, ["gui", "."]), (signal.SIGTERM, [])])
def test_the_program_opens_and_ends_on_a_signal(virtual_screen, tmp_path, number, words):
    env = dict(os.environ, HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path), PYTHONPATH=str(ROOT))
    program = subprocess.Popen(
        [sys.executable, "-m", "understudy", *words],
        env=env,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(
            lambda: any(window.title == "Understudy" for window in list_windows()),
            "the window is up",
            patience_s=60,
        )
        program.send_signal(number)
        _, said = program.communicate(timeout=60)
    finally:
        program.kill()
        program.wait()
    assert program.returncode == 130
    assert "Traceback" not in said

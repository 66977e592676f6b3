"""The whole way through the window, as a newcomer goes it: real clicks, keys and training."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from data.reader import Recording
from gui.app import make_pages
from gui.jobs.record import Live
from gui.main_window import MainWindow
from gui.play_page import PlayPage
from gui.record_page import RecordPage
from gui.start_page import StartPage
from gui.studio import Studio
from gui.train.choices import PolicyChoices
from gui.train_page import TrainPage
from recorder.window import find_window
from tests.x11 import Desk

PATIENCE_MS = 120_000
LEFT = Qt.MouseButton.LeftButton
RECORDED_S = 10.0
PLAYED_MIN = 0.2
TINY = PolicyChoices(
    steps=20, hidden=16, streams=4, window=16, copies=0, device="cpu", threads=1, passes=1.0
)


@pytest.fixture
def window(studio: Studio, qtbot: QtBot) -> Iterator[MainWindow]:
    studio.choose_game("tuxfootball")  # so that choosing the practice game is seen
    made = MainWindow(studio, make_pages(studio))
    with qtbot.waitActive(made, timeout=PATIENCE_MS):
        made.show()
        made.activateWindow()
    yield made
    made.end()
    qtbot.waitUntil(lambda: not made.isVisible(), timeout=PATIENCE_MS)


@pytest.mark.timeout(600)
def test_from_nothing_to_a_playing_bot(
    window: MainWindow, studio: Studio, qtbot: QtBot, desk: Desk
):
    def click(widget: QWidget) -> None:
        assert widget.isEnabled(), widget.toolTip()
        qtbot.mouseClick(widget, LEFT)

    def until(condition) -> None:
        qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    # The game.
    start = window.page
    assert isinstance(start, StartPage)
    place = start.gallery.visualItemRect(start.gallery.item(0)).center()
    qtbot.mouseClick(start.gallery.viewport(), LEFT, pos=place)
    until(lambda: studio.game.is_practice)
    studio.go_to("record")

    # Ten seconds of the coach, in the game's own window.
    record = window.page
    assert isinstance(record, RecordPage)
    record.practice.coach.setChecked(True)
    record.options.countdown.setValue(0)
    click(record.practice.open_button)
    until(lambda: record.live.view.has_picture)
    click(record.live.record)
    desk_keys: set[int] = set()

    def recorded() -> bool:
        desk_keys.update(desk.down())
        return bool(seconds) and seconds[-1] >= RECORDED_S

    seconds: list[float] = []
    assert record._recorder is not None
    record._recorder.told.connect(
        lambda told: seconds.append(told.status.seconds) if isinstance(told, Live) else None
    )
    with closing(find_window(studio.game.profile.title, 10)) as game:
        game.activate()  # as by a click into the game
    until(recorded)
    assert desk_keys, "the coach pressed keys"
    desk.tap(studio.game.profile.hotkeys.stop)
    until(lambda: record.shows_summary)
    path = record.summary.path
    assert path is not None
    with Recording(path) as made:
        assert made.frame_count >= 0.9 * RECORDED_S * made.profile.capture.rate_hz
        assert made.key_events()
    click(record.summary.train)

    # A tiny policy.
    train = window.page
    assert isinstance(train, TrainPage)
    setup = train.setups["policy"]
    until(lambda: [source.path for source in setup.chooser.chosen()] == [path])
    setup.form.show_choices(TINY)
    click(setup.start)
    until(lambda: train.at_work() is None)
    assert train.notice.text == ""
    click(train.live.play)

    # Ten seconds of play, whose keys arrive.
    play = window.page
    assert isinstance(play, PlayPage)
    until(lambda: play.run is not None and play.play.isEnabled())
    play.choices.limit_min.setValue(PLAYED_MIN)
    desk_keys.clear()
    shown: set[str] = set()
    click(play.play)

    def played() -> bool:
        desk_keys.update(desk.down())
        shown.update(play.live.pad.held)
        return not play.player.busy

    until(played)
    assert play.notice.text == ""
    assert {desk.code(key) for key in shown} & desk_keys, "what the pad shows, arrived"
    assert desk.down() == set()
    (log,) = studio.flights.glob("*.h5")
    with Recording(log) as flown:
        assert flown.is_flight_log
        assert flown.key_events()

import pytest
from pytestqt.qtbot import QtBot

from gui.jobs.train import Advance
from gui.studio import Studio
from gui.train.bars import ROW_PX, ScoreBars
from gui.train.begun import Begun
from gui.train.choices import PolicyChoices
from gui.train.live import FINE, LiveView
from gui.train.runs import Bar, BarGroup


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(studio: Studio, qtbot: QtBot, clock: Clock) -> LiveView:
    made = LiveView(clock)
    qtbot.addWidget(made)
    made.show()
    return made


def begin(live, looks=(), **choices):
    live.begin("bot", Begun("policy", "practice", (), (), PolicyChoices(**choices)), looks)


def test_it_says_what_it_does_and_how_long_that_takes(live, clock):
    begin(live)
    assert live.state.text() == "Getting ready"
    live.advance(Advance("seeing", 0.0))
    clock.now_s += 20
    live.advance(Advance("seeing", 0.5, "a.h5: frame 10 of 20"))
    assert live.state.text() == (
        "Looking at the recordings: about 20 seconds left of looking; learning comes next"
    )
    assert live.note.text() == "a.h5: frame 10 of 20"
    assert live.bar.value() == FINE / 2


def test_a_limit_of_time_counts_when_it_comes_first(live, clock):
    begin(live, most_seconds=40.0)
    live.advance(Advance("learning", 0.0, "", 1, 2.0))
    clock.now_s += 10
    live.advance(Advance("learning", 0.01, "", 10, 1.9))
    assert live.bar.value() == FINE / 4
    assert "about 30 seconds left" in live.state.text()


def test_what_a_training_had_learned_before_is_in_its_curves(live):
    begin(live, [(10.0, 2.0, 0.3), (20.0, 1.0, None)])
    live.advance(Advance("learning", 0.5, "", 21, 0.9, 0.4))
    assert live.loss.points() == [(10, 2.0), (20, 1.0), (21, 0.9)]
    assert live.score.points() == [(10, 0.3), (21, 0.4)]
    assert live.score.isVisibleTo(live)
    begin(live)
    assert live.loss.points() == []
    assert not live.score.isVisibleTo(live), "nothing is kept apart yet"


def test_after_the_last_step_it_says_that_it_still_saves(live):
    begin(live)
    live.advance(Advance("learning", 1.0, "", 10, 1.0))
    assert live.state.text() == "Saving and judging what was learned"
    assert live.bar.maximum() == 0, "nobody knows how long"


def test_a_warning_stays_until_the_next_training(live):
    begin(live)
    live.warn("Slow here.")
    live.warn("Very.")
    assert live.warnings.text() == "Slow here.\nVery."
    begin(live)
    assert live.warnings.isHidden()


def test_only_what_can_be_done_is_offered(live):
    begin(live)
    assert live.stop.isVisible()
    live.end("Over.", groups=(), can_go_on=True, plays=False, reports=True)
    shown = (live.stop, live.go_on, live.show_report, live.play)
    assert [widget.isVisible() for widget in shown] == [False, True, True, False]


def test_bars_take_a_row_each_and_are_read_aloud(studio, qtbot):
    bars = ScoreBars()
    qtbot.addWidget(bars)
    bars.show_groups([BarGroup("move", (Bar("up", 0.5, {"majority": 0.1}), Bar("down", None, {})))])
    assert bars.accessibleDescription() == "move up 0.50; move down -"
    assert bars.minimumSizeHint().height() >= 2 * ROW_PX
    bars.resize(400, bars.sizeHint().height())
    picture = bars.grab().toImage()
    accent = "#1f7a4d"
    legend_px = ROW_PX + 8
    row = legend_px + 30 + ROW_PX // 2
    coloured = [x for x in range(400) if picture.pixelColor(x, row).name() == accent]
    assert 100 < len(coloured) < 200, "half of the track"

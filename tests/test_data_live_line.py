import io

from rich.console import Console
from rich.text import Text

from data.live_line import CALM_S, PlainLines, drawn_anew


class Told:
    """Asks for a line at chosen moments."""

    def __init__(self) -> None:
        self.now_s = 50.0
        self.lines = PlainLines(every_s=10.0, now_s=lambda: self.now_s)

    def due(self, state: str, *, after_s: float) -> bool:
        self.now_s += after_s
        return self.lines.due(state)


def test_the_first_line_is_due_at_once_and_the_same_again_only_after_a_while():
    told = Told()
    assert told.due("playing", after_s=0)
    assert not told.due("playing", after_s=9.9)
    assert told.due("playing", after_s=0.1)


def test_another_state_is_told_soon_but_not_at_every_flicker():
    told = Told()
    assert told.due("playing", after_s=0)
    assert not told.due("paused", after_s=CALM_S / 2)
    assert told.due("paused", after_s=CALM_S / 2)
    assert not told.due("playing", after_s=CALM_S / 2)
    assert not told.due("paused", after_s=CALM_S)


def test_a_terminal_is_drawn_on_and_left_clean():
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=40)
    with drawn_anew(Text("12 frames"), console, plain=False):
        pass
    assert "12 frames" in shown.getvalue()
    assert shown.getvalue().endswith("\x1b[2K")


def test_a_plain_line_is_left_to_speak_for_itself():
    shown = io.StringIO()
    with drawn_anew(Text("12 frames"), Console(file=shown, width=40), plain=True):
        pass
    assert not shown.getvalue()

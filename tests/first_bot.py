"""Goes the way of docs/first_bot.md, and takes its pictures.

    .venv/bin/python -m tests.first_bot --out docs/pictures/first_bot

It begins in an empty folder, on a private screen: a recording by hand, three matches of the coach,
a training, a match of the bot, one with take-overs, a training on these. Every click and key is
real, and so is the play. At the end it prints how long each step took by the clock, and how much
time of a processor the other processes took that ended in it, which hangs less on what else runs
beside. A person's reading and thinking come on top.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from agent.guard import Reason
from recorder.window import find_window, list_windows
from tests.walks import Walk, opened, private_screen

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.play_page import PlayPage
    from gui.record_page import RecordPage
    from gui.train_page import TrainPage
    from tests.x11 import Desk

SCREEN = (1920, 1080)
WINDOW = (1280, 800)
BESIDE = (1116, 610, 800, 450)
"""Left, top, width and height of the game's window beside the program's."""
MATCHES = 3
BY_HAND_S = 12.0
TAKEOVERS = 3
STEPS = {
    "start": "open the program",
    "record_by_hand": "record by hand",
    "record": f"record {MATCHES} matches of the coach",
    "look": "look at a recording",
    "train": "train",
    "watch": "watch a match",
    "take_over": "a match with take-overs",
    "train_again": "train on the corrections",
}


class FirstBot(Walk):
    """A newcomer's way to a first bot."""

    def __init__(self, window: "MainWindow", out: Path, desk: "Desk") -> None:
        super().__init__(window, out)
        self.desk = desk
        self.took: list[tuple[str, float, float]] = []
        """Each step's name, and seconds by the clock and of processors."""

    def go(self, steps: Sequence[str]) -> None:
        """Go these steps, which are names of methods."""
        for name in steps:
            began_s, before_s = time.monotonic(), children_s()
            getattr(self, name)()
            row = (STEPS[name], time.monotonic() - began_s, children_s() - before_s)
            self.took.append(row)
            sys.stdout.write(told(*row))
            sys.stdout.flush()

    def start(self) -> None:
        """Open the program."""
        self.window.move(0, 0)
        self.wait(4)
        self.take("start")

    def record(self) -> None:
        """Record matches of the coach."""
        for number in range(MATCHES):
            self.record_coach(last=number == MATCHES - 1)

    def record_by_hand(self) -> None:
        """Open the game, record a little, and throw it away."""
        page = self._record_page()
        self.click(page.practice.open_button)
        self.until(lambda: page.live.view.has_picture, "the game is seen")
        self.click(page.live.record)
        self.wait(1)
        self.put_beside()
        self.until(lambda: page._begun, "it records")
        chance = random.Random(1)
        until_s = time.monotonic() + BY_HAND_S
        while time.monotonic() < until_s:
            way = chance.choice(["right", "up", "down"])
            for key in ("e", way):
                self.desk.press(key)
            self.wait(chance.uniform(0.4, 1.0))
            if time.monotonic() > until_s - 2:
                self.take_screen("by_hand")
            for key in ("e", way):
                self.desk.release(key)
            self.desk.tap("d")
        self.desk.tap("f10")
        self.until(lambda: page.shows_summary and not page.summary.running, "it is looked through")
        self.click(page.summary.trash)
        self.click(page.practice.open_button)
        self.until(lambda: not page.game.running, "the game is closed")

    def put_beside(self) -> None:
        """Make the game's window smaller, move it aside, and click into it."""
        with closing(find_window(self.window.studio.game.profile.title, 10)) as game:
            handle = next(each.handle for each in list_windows() if each.title == game.title)
            left_px, top_px, width_px, height_px = BESIDE
            shown = self.desk.display.create_resource_object("window", handle)
            shown.configure(x=left_px, y=top_px, width=width_px, height=height_px)
            self.desk.display.sync()
            self.wait(0.5)
            game.activate()

    def record_coach(self, *, last: bool) -> None:
        """Record a match of the coach, one minute long."""
        page = self._record_page()
        page.practice.minutes.setValue(1)
        self.click(page.practice.coach_match)
        self.until(lambda: page._begun, "it records")
        self.until(lambda: page.shows_summary, "the match is over")
        self.until(lambda: not page.summary.running, "it is looked through")
        self.until(lambda: not page.game.running, "the game is closed")
        if last:
            self.take("recorded")
        else:
            self.click(page.summary.another)

    def look(self) -> None:
        """Play the last recording."""
        from gui.library_page import LibraryPage

        self.click(self._record_page().summary.look)
        page = self.window.page
        assert isinstance(page, LibraryPage)
        self.until(lambda: page.player.shown is not None, "the recording is open")
        page.player.seek(20.0)
        page.player.toggle()
        self.wait(8)
        self.take("library")

    def train(self) -> None:
        """Train on all recordings, as preset."""
        self.window.go_to("train")
        page = self._train_page()
        chosen = page.setups["policy"].chooser.chosen
        self.until(lambda: len(chosen()) == MATCHES, "the recordings are listed")
        self.click(page.setups["policy"].start)
        self._until_trained()
        self.wait(1)
        self.take("trained")
        self.click(page.live.play)

    def watch(self) -> None:
        """Let it play a match."""
        page = self._play()
        held: list[frozenset[str]] = [frozenset()]
        page.player.ticked.connect(lambda tick: held.append(tick.held))
        self.wait(20)
        self.until(lambda: len(held[-1]) > 1, "keys are held")
        self.take("play")
        self.until(lambda: not page.player.busy, "the match is over")
        self.wait(2)

    def take_over(self) -> None:
        """Let it play, and take the keys from time to time."""
        page = self._play()
        self.put_beside()
        reasons = [Reason.PLAYING]
        page.player.ticked.connect(lambda tick: reasons.append(tick.reason))
        for number in range(TAKEOVERS):
            self.wait(6)
            way = self._take_keys(reasons)
            self.desk.press("e")
            self.wait(2)
            if number == 0:
                self.take_screen("take_over")
            self.desk.tap("d")
            self.wait(0.5)
            for key in (way, "e"):
                self.desk.release(key)
            self.wait(3)
        self.until(lambda: not page.player.busy, "the match is over")
        self.until(page.corrections.train.isEnabled, "the corrections are counted")
        self.wait(1)
        self.take("corrections")

    def _take_keys(self, reasons: Sequence[Reason]) -> str:
        """Press a key until that counts as a take-over; one that the bot presses then doesn't."""
        for key in cycle(("right", "up", "down")):
            self.desk.press(key)
            self.wait(1)
            if reasons[-1] is Reason.TAKEOVER or not self._play_page().player.busy:
                return key
            self.desk.release(key)
        raise AssertionError

    def train_again(self) -> None:
        """Train on the corrections."""
        page = self._play_page()
        self.click(page.corrections.train)
        self._until_trained()

    def _until_trained(self) -> None:
        page = self._train_page()
        self.until(lambda: page.at_work() is not None, "it has begun")
        self.until(lambda: page.at_work() is None, "the training has ended")
        if page.notice.text:
            raise SystemExit(page.notice.text)

    def _play(self) -> "PlayPage":
        page = self._play_page()
        page.choices.match_min.setValue(1.0)
        self.click(page.play)
        self.until(lambda: bool(page.live.pad.held), "it plays")
        return page

    def _record_page(self) -> "RecordPage":
        from gui.record_page import RecordPage

        if not isinstance(self.window.page, RecordPage):
            self.window.go_to("record")
        assert isinstance(self.window.page, RecordPage)
        return self.window.page

    def _train_page(self) -> "TrainPage":
        from gui.train_page import TrainPage

        assert isinstance(self.window.page, TrainPage)
        return self.window.page

    def _play_page(self) -> "PlayPage":
        from gui.play_page import PlayPage

        if not isinstance(self.window.page, PlayPage):
            self.window.go_to("play")
        assert isinstance(self.window.page, PlayPage)
        return self.window.page


def children_s() -> float:
    """Return the processor time of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def told(name: str, clock_s: float, busy_s: float) -> str:
    """Return a row of a table."""
    return f"| {name} | {clock_s:.0f} s | {busy_s:.0f} s |\n"


def main() -> None:
    """Go the way, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/first_bot"))
    parser.add_argument("--folder", type=Path, help="where recordings and runs stay")
    parser.add_argument("--steps", default=",".join(STEPS), help="some need what others left")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, private_screen(SCREEN):
        from tests.x11 import Desk

        folder = chosen.folder or Path(temporary) / "Understudy"
        with opened(folder, Path(temporary), size=WINDOW) as window, Desk() as desk:
            walk = FirstBot(window, chosen.out, desk)
            walk.go(chosen.steps.split(","))
    _, clock_s, busy_s = zip(*walk.took, strict=True)
    sys.stdout.write(told("all", sum(clock_s), sum(busy_s)))


if __name__ == "__main__":
    main()

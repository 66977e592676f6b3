"""A tour of the desktop program in pictures, from a fresh folder to a playing bot.

    .venv/bin/python -m tests.screenshots --out docs/pictures/tour [--dark] [--size 1280x800]

Everything in the pictures is real: matches of the coach, a policy trained on them for a minute, its
play in the practice game's window. It happens on a private virtual screen; `QT_SCALE_FACTOR=2` in
the environment shows the program twice as large.
"""

import argparse
import tempfile
from pathlib import Path

from data.profile import load_profile
from gui.practice.demonstration import record_coach
from tests.walks import Walk, opened, private_screen

MATCHES = 4
LEARN_S = 40.0


def make_material(folder: Path) -> None:
    """Record matches of the coach, and train a policy on them."""
    from models.perception import load_detector
    from models.policy_recipe import FitSettings, PolicyTrainingSettings
    from models.policy_training import train_policy

    (folder / "recordings").mkdir(parents=True, exist_ok=True)
    matches = [folder / "recordings" / f"match-{index + 1}.h5" for index in range(MATCHES)]
    for index, match in enumerate(matches):
        record_coach(match, difficulty="beginner", seconds=45.0, seed=index + 1, force=True)
    train_policy(
        matches[:3],
        profile=load_profile("practice"),
        detector=load_detector("practice"),
        out=folder / "runs" / "first-bot",
        settings=PolicyTrainingSettings(fit=FitSettings(most_seconds=LEARN_S)),
    )


class Tour(Walk):
    """Walks through the pages of a window, and takes a picture of each."""

    def start(self) -> None:
        """Choose a game."""
        self.window.go_to("start")
        self.wait(4)
        self.take("start")

    def record(self) -> None:
        """Record a match of the coach."""
        from gui.record_page import RecordPage

        self.window.go_to("record")
        page = self.window.page
        assert isinstance(page, RecordPage)
        page.practice.minutes.setValue(1)
        self.until(page.practice.coach_match.isEnabled, "a match of the coach can be recorded")
        page.practice.coach_match.click()
        self.until(lambda: bool(page.live.pad.held), "keys are recorded")
        self.wait(8)
        self.until(lambda: bool(page.live.pad.held), "keys are recorded")
        self.take("record")
        page.live.stop.click()
        self.until(lambda: page.shows_summary, "the recording is looked through")
        self.wait(3)
        self.take("recorded")
        self.until(lambda: not page.game.running, "the game is closed")

    def library(self, folder: Path) -> None:
        """Look at a recording."""
        self.window.go_to("library", folder / "recordings" / "match-1.h5")
        self.wait(6)
        self.take("library")

    def label(self, folder: Path) -> None:
        """Draw boxes."""
        from gui.label_page import LabelPage

        self.window.go_to("label", folder / "recordings" / "match-2.h5")
        page = self.window.page
        assert isinstance(page, LabelPage)
        self.until(lambda: page.editor.document is not None, "the frames are there")
        self.wait(2)
        self.take("label")

    def train(self, folder: Path) -> None:
        """Train, and read the report."""
        from gui.train_page import TrainPage

        self.window.go_to("train")
        page = self.window.page
        assert isinstance(page, TrainPage)
        self.until(lambda: bool(page.setups["policy"].chooser.chosen()), "recordings are listed")
        self.take("train")
        page.setups["policy"].start.click()
        self.until(lambda: len(page.live.loss.points()) > 30, "it learns")
        self.take("training")
        page.live.stop.click()
        self.until(lambda: page.at_work() is None, "the training has ended")
        self.take("trained")
        self.window.go_to("train", folder / "runs" / "first-bot")
        self.wait(3)
        self.take("report")

    def play(self, folder: Path) -> None:
        """Let it play."""
        from gui.play_page import PlayPage

        self.window.go_to("play", folder / "runs" / "first-bot")
        page = self.window.page
        assert isinstance(page, PlayPage)
        self.until(lambda: page.run is not None and page.play.isEnabled(), "the bot is there")
        page.play.click()
        self.until(lambda: bool(page.live.pad.held), "it plays")
        self.wait(12)
        self.take("play")
        page.stop.click()
        self.until(lambda: not page.player.busy, "it has stopped")
        self.wait(3)
        self.take("played")

    def practice(self) -> None:
        """The built-in game."""
        self.window.go_to("practice")
        self.wait(2)
        self.take("practice")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/tour"))
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--suffix", default="", help="at the end of each file's name")
    parser.add_argument("--folder", type=Path, help="of material made before")
    parser.add_argument("--pages", default="start,record,library,label,train,play,practice")
    chosen = parser.parse_args()
    width, height = map(int, chosen.size.split("x"))
    chosen.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as temporary,
        private_screen((max(1400, width), max(900, height))),
    ):
        folder = chosen.folder or Path(temporary) / "Understudy"
        if not (folder / "runs" / "first-bot").is_dir():
            make_material(folder)
        with opened(folder, Path(temporary), size=(width, height), dark=chosen.dark) as window:
            tour = Tour(window, chosen.out, chosen.suffix)
            for name in chosen.pages.split(","):
                stop = getattr(tour, name)
                stop(folder) if name in ("library", "label", "train", "play") else stop()


if __name__ == "__main__":
    main()

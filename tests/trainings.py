"""What tests of trainings in the window share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from gui.studio import Studio
from gui.train.choices import PolicyChoices
from gui.train_page import TrainPage
from tests.toy_play import toy_recording

PATIENCE_MS = 200_000  # a training takes 15 s of processor time, most of it imports and exports
SMALL = PolicyChoices(
    steps=12, hidden=16, streams=4, window=16, copies=0, device="cpu", threads=1, passes=1.0
)
LONG = replace(SMALL, steps=1_000_000)


def toy_recordings(folder: Path) -> list[Path]:
    return [toy_recording(folder / f"{seed}.h5", seed=seed, ticks=50) for seed in range(2)]


@contextmanager
def shown_page(studio: Studio, qtbot: QtBot) -> Iterator[TrainPage]:
    """The page, shown, and ended as the window ends it."""
    studio.recordings.mkdir()
    made = TrainPage(studio)
    qtbot.addWidget(made)
    made.resize(1080, 700)
    made.show()
    yield made
    made.shut_down()
    qtbot.waitUntil(lambda: not made.still_running(), timeout=PATIENCE_MS)

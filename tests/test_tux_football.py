"""The whole way with a game that isn't ours: recorded, learned and played in its own window."""

import json
from pathlib import Path

import pytest

from data.reader import Recording
from tests.conftest import Run
from tests.tux import (
    ARROWS,
    GAME,
    arrows_held,
    begin_match,
    keys_watched,
    shown_score,
    tux_football,
)
from tests.x11 import Desk

BOXES = Path(__file__).parent / "tux_boxes"
RECORDED_S, PLAYED_S, TRIED_S = 15, 10, 15

pytestmark = [
    pytest.mark.skipif(
        not GAME.exists(), reason="Tux Football is not installed: apt-get install tuxfootball"
    ),
    pytest.mark.timeout(600),
]


def test_from_nothing_to_a_playing_bot(run: Run, desk: Desk, tmp_path: Path):
    def do(*words: object) -> str:
        status, said, told = run(*words)
        assert status == 0, told
        return said

    game = ("--profile", "tuxfootball")

    with tux_football(tmp_path) as window:
        begin_match(window, desk)
        with arrows_held():
            do("record", *game, "--out", "me.h5", "--seconds", RECORDED_S, "--countdown", 0)
    with Recording(tmp_path / "me.h5") as recording:
        assert recording.frame_count > 0
        assert {*ARROWS, "ctrl_l"} <= {event.key for event in recording.key_events()}

    do("boxes", "import", BOXES, "--format", "voc", "--out", "boxes.h5", *game)
    with Recording(tmp_path / "boxes.h5") as recording:
        assert min(recording.box_counts().values()) > 0

    small = ("--device", "cpu", "--evaluations", 1, "--every", 1, "--batch", 4, "--steps", 12)
    do("train", "detector", "boxes.h5", *game, "--weights", "practice", "--out", "eyes", *small)
    tiny = ("--device", "cpu", "--hidden", 16, "--streams", 4, "--window", 16, "--copies", 0)
    words = ("--recordings", "me.h5", "--detector", "eyes", "--out", "hands", "--steps", 40)
    do("train", "policy", *words, *game, *tiny)

    with tux_football(tmp_path) as window:
        said = do("trial", "hands", "--matches", 1, "--seconds", TRIED_S, "--json")
        (score,) = json.loads(said)["scores"]
        shown = shown_score(window)  # the match goes on meanwhile
        assert 0 <= score[0] <= shown.goals_for
        assert 0 <= score[1] <= shown.goals_against
        with keys_watched() as seen:
            do("play", "hands", "--headless", "--seconds", PLAYED_S, "--log", "flight.h5")
        assert seen & {desk.code(arrow) for arrow in ARROWS}
        assert not desk.down()
    with Recording(tmp_path / "flight.h5") as flight:
        assert len(flight.tick_times_ns()) > 0
        assert {event.key for event in flight.key_events()} & set(ARROWS)

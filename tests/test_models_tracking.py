from collections.abc import Sequence

import numpy as np

from models.perception import SEEN, Sight
from models.tracking import BORN, Track, Tracker, TrackState
from tests.factories import practice_profile
from tests.toy_play import BALL, PLAYER, sight

Seen = tuple[float, float, float]
"""Where one is seen, x and y, and its score."""


def follow(kind: int, *ticks: Sequence[Seen]) -> tuple[Track, ...]:
    """Show objects tick by tick; return those that are believed in."""
    profile = practice_profile()
    tracker = Tracker(profile, profile.capture.size, 20.0)
    state: TrackState | None = None
    for objects in ticks:
        seen = sight(*((kind, x, y) for x, y, _ in objects))
        scores = np.array([score for _, _, score in objects], np.float32)
        state = tracker.step(Sight(seen.boxes, seen.classes, scores, seen.features), state)
    assert state is not None
    return state.tracks[kind]


def test_what_is_seen_less_surely_is_followed_but_not_begun_with():
    unsure = (SEEN.score_threshold + BORN) / 2
    for kind in (BALL, PLAYER):
        assert follow(kind, [(100, 100, unsure)]) == ()
        (known,) = follow(kind, [(100, 100, 0.9)], [(103, 100, unsure)])
        assert (known.x, known.age) == (103, 0)


def test_a_missed_ball_does_not_jump_to_where_one_is_seen_less_surely():
    unsure = (SEEN.score_threshold + BORN) / 2
    (known,) = follow(BALL, [(100, 100, 0.9)], [(400, 200, unsure)])
    assert (known.x, known.age) == (100, 1)
    (moved,) = follow(BALL, [(100, 100, 0.9)], [(400, 200, BORN + 0.1)])
    assert (moved.x, moved.age) == (400, 0)

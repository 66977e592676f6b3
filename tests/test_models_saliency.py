import numpy as np
import pytest

from data.frames import Image
from models.perception import Sight
from models.saliency import STRIDE_PX, Tick, cover_map, saliency
from models.trails import trails_of, without
from tests.factories import practice_profile
from tests.toy_play import BALL, OPPONENT, marked, sight

PROFILE = practice_profile()
RIGHT = PROFILE.heads[0].names.index("right")


class BallLover:
    """Goes right while it remembers a ball; it forgets after ten ticks without one."""

    profile = PROFILE

    def __init__(self) -> None:
        self.since = 99
        self.noted: list[frozenset[str]] = []

    def reset(self) -> None:
        self.since = 99
        self.noted = []

    def fork(self) -> "BallLover":
        other = BallLover()
        other.since, other.noted = self.since, list(self.noted)
        return other

    def see(self, image: Image) -> Sight:
        rows, columns = np.nonzero(image[..., 2] > 200)
        return sight((BALL, columns.mean(), rows.max())) if len(rows) > 30 else sight()

    def note(self, held: frozenset[str]) -> None:
        self.noted.append(held)

    def decide(self, seen: Sight) -> dict[str, np.ndarray]:
        self.since = 0 if BALL in seen.classes else self.since + 1
        found = {head.name: np.full(len(head.names), 0.1) for head in PROFILE.heads}
        found["movement"][RIGHT] = 0.8 if self.since < 10 else 0.1
        return found


def play(count=80):
    """A ball that rolls, a person beneath his marker, an opponent who crosses the ball's way."""
    return [
        sight(
            *marked(100 + i, 140), (OPPONENT, 300 - 2.0 * i, 200), (BALL, 60 + 3.0 * i, 80)
        )
        for i in range(count)
    ]  # fmt: skip


def ticks(sights):
    return [Tick(each, frozenset({"right"})) for each in sights]


def test_trails_follow_each_object_back():
    trails = {trail.kind: trail for trail in trails_of(PROFILE, play(), span=60)}
    assert set(trails) == {0, OPPONENT, BALL, 4}
    ball = trails[BALL]
    assert len(ball.detections) == 60
    assert set(ball.detections) == {3}
    xs = [x for x, _ in ball.places]
    assert xs == pytest.approx([60 + 3.0 * i for i in range(20, 80)], abs=0.01)
    assert trails[0].track.own
    assert not ball.track.own
    assert ball.box == pytest.approx((60 + 3.0 * 79 - 3, 74, 60 + 3.0 * 79 + 3, 80), abs=0.01)


def test_two_of_a_kind_that_pass_each_other_keep_apart():
    sights = [
        sight((OPPONENT, 100 + 3.0 * i, 150), (OPPONENT, 300 - 3.0 * i, 156)) for i in range(60)
    ]
    first, second = trails_of(PROFILE, sights, span=60)
    assert set(first.detections) == {0}
    assert set(second.detections) == {1}


def test_a_missed_tick_is_no_end_of_a_trail():
    sights = play()
    sights[70] = sight(*marked(170, 140), (OPPONENT, 160, 200))
    trail = next(t for t in trails_of(PROFILE, sights, span=60) if t.kind == BALL)
    assert trail.detections[50] == -1
    assert trail.detections[49] == trail.detections[51] == 3
    assert len(trail.places) == 60


def test_what_appeared_late_was_nowhere_before():
    sights = [sight(*marked(100, 140)) for _ in range(30)] + play(30)
    trail = next(t for t in trails_of(PROFILE, sights, span=60) if t.kind == BALL)
    assert trail.detections[:30] == (-1,) * 30
    assert len(trail.places) == 30


def test_without_leaves_all_others():
    sights = play(20)
    trail = next(t for t in trails_of(PROFILE, sights, span=20) if t.kind == BALL)
    hidden = without(sights, trail)
    assert all(BALL not in each.classes for each in hidden)
    assert all(len(each.scores) == len(each.boxes) == 3 for each in hidden)
    assert all(len(each.scores) == 4 for each in sights)


def test_only_what_matters_has_a_weight():
    policy = BallLover()
    found = saliency(policy, ticks(play()))
    weights = {one.name: found.weight(one, "movement", RIGHT) for one in found.influences}
    assert weights.pop("ball") == pytest.approx(np.log(8))
    assert set(weights) == {"player", "opponent", "marker", "the picture's features"}
    assert all(weight == 0 for weight in weights.values())
    assert policy.since == 99
    assert not policy.noted  # whoever asks is not changed


def test_features_are_hidden_too():
    class Featured(BallLover):
        def fork(self):
            return Featured()

        def decide(self, seen):
            found = super().decide(seen)
            found["sprint"] = np.array([0.5, 0.5]) + (0.4, -0.4)[int(seen.features.sum() > 0)]
            return found

    seen = [sight(*marked(100, 140), features=4) for _ in range(30)]
    for each in seen:
        each.features[:] = 1
    found = saliency(Featured(), ticks(seen))
    features = found.influences[-1]
    assert found.weight(features, "sprint", 1) < -0.1
    assert features.trail is None


def test_keys_stay_as_they_were_held():
    policies = []

    class Noting(BallLover):
        def fork(self):
            other = Noting()
            other.noted = list(self.noted)
            policies.append(other)
            return other

    saliency(Noting(), ticks(play(70)))
    assert all(set(policy.noted) == {frozenset({"right"})} for policy in policies)
    assert max(len(policy.noted) for policy in policies) == 69


def picture(x, y):
    image = np.full((270, 480, 3), 60, dtype=np.uint8)
    image[y : y + 10, x : x + 10, 2] = 255
    return image


def test_the_map_is_bright_where_what_matters_is():
    images = [picture(200, 100)] * 20
    told = []
    found = cover_map(BallLover(), ticks(play(40)), images, on_progress=told.append)
    weights = found.weights("movement", RIGHT)
    assert weights.shape == (7, 12)
    assert weights[105 // STRIDE_PX, 205 // STRIDE_PX] == weights.max()
    assert weights.max() == pytest.approx(np.log(8), rel=1e-4)
    assert (weights > 0).sum() <= 4
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert (images[0] == picture(200, 100)).all()


def test_the_map_can_be_stopped():
    assert cover_map(BallLover(), ticks(play(5)), [picture(9, 9)], stop=lambda: True) is None

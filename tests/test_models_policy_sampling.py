import numpy as np
import pytest

from models.demonstrations import labelled
from models.policy_batches import Streams
from models.policy_sampling import Starts, idle_ticks
from models.policy_store import passages_of
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import BALL, marked, sight, toy_demonstration

PROFILE = practice_profile()  # 20 Hz: a second is 20 ticks


def classes(ticks: int, **held: slice) -> dict[str, np.ndarray]:
    found = {head.name: np.full(ticks, head.none_index) for head in PROFILE.heads}
    for head in PROFILE.heads:
        for name, when in held.items():
            if name == head.name:
                found[name][when] = (head.none_index + 1) % len(head.names)
    return found


def test_waiting_is_idle_and_a_short_pause_is_not():
    found = idle_ticks(PROFILE, classes(100, movement=slice(0, 40), action=slice(60, 70)))
    assert np.flatnonzero(found).tolist() == list(range(70, 100))


def test_whoever_holds_one_key_is_not_idle():
    assert not idle_ticks(PROFILE, classes(100, sprint=slice(0, 100))).any()


def drawn(starts: Starts, count: int = 4000) -> list[tuple[int, int]]:
    rng = np.random.default_rng(0)
    return [starts.draw(rng) for _ in range(count)]


def test_idle_stretches_are_drawn_as_seldom_as_asked():
    idle = [np.zeros(1000, dtype=np.bool_), np.ones(1000, dtype=np.bool_)]
    starts = Starts(idle, stretch=64, window=32, idle_share=0.25)
    of_idle = np.mean([passage == 1 for passage, _ in drawn(starts)])
    assert of_idle == pytest.approx(0.2, abs=0.03)  # 0.25 beside 1


def test_within_a_passage_reading_starts_where_play_is():
    idle = np.zeros(2000, dtype=np.bool_)
    idle[:1000] = True
    starts = Starts([idle], stretch=64, window=32, idle_share=0.1)
    waiting = np.mean([start < 900 for _, start in drawn(starts)])
    assert waiting == pytest.approx(0.09, abs=0.02)


def test_a_share_of_one_draws_as_if_nothing_were_idle():
    idle = np.arange(1000) % 200 < 100
    busy = np.zeros(1000, dtype=np.bool_)
    one = Starts([idle, idle], stretch=64, window=32, idle_share=1.0)
    other = Starts([busy, busy], stretch=64, window=32, idle_share=1.0)
    assert drawn(one) == drawn(other)


def test_every_tick_of_a_passage_is_read_about_as_often():
    seen = np.zeros(300)
    starts = Starts([np.zeros(300, dtype=np.bool_)], stretch=64, window=32, idle_share=1.0)
    for _, start in drawn(starts, 6000):
        seen[start : start + 64] += 1
    assert seen.min() > 0.4 * seen.mean()


def test_longer_passages_are_drawn_more_often():
    idle = [np.zeros(200, dtype=np.bool_), np.zeros(2000, dtype=np.bool_)]
    starts = Starts(idle, stretch=64, window=32, idle_share=1.0)
    assert np.mean([passage for passage, _ in drawn(starts)]) == pytest.approx(0.9, abs=0.03)


def test_a_passage_shorter_than_a_window_is_read_from_its_beginning():
    starts = Starts([np.zeros(5, dtype=np.bool_)], stretch=64, window=32, idle_share=0.5)
    assert {start for _, start in drawn(starts, 50)} == {0}


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(ValueError, match="idle_share"):
        Starts([np.zeros(5, dtype=np.bool_)], stretch=64, window=32, idle_share=share)


def streams(**more) -> tuple[Streams, Tokenizer]:
    tokenizer = Tokenizer(PROFILE, PROFILE.capture.size)
    demonstration = toy_demonstration()
    passages = passages_of(
        [(demonstration, labelled(demonstration, PROFILE, shift_ms=150))], tokenizer
    )
    values = {
        "streams": 4,
        "window": 16,
        "windows_in_stretch": 3,
        "mirror": False,
        "use_features": False,
        "seed": 0,
    }
    return Streams(passages, tokenizer, PROFILE, **(values | more)), tokenizer


def test_a_shifted_stretch_moves_all_places_alike_and_no_distances():
    (plain, tokenizer), (moved, _) = streams(), streams(most_shift_px=6.0)
    names = list(tokenizer.names)
    own_x, ball_x, ball_dx = (names.index(name) for name in ("own.x", "ball0.x", "ball0.dx"))
    shifts = []
    for _ in range(3):
        before, after = plain.next().tokens.numpy(), moved.next().tokens.numpy()
        away = after - before
        inside = before.any(axis=-1)
        np.testing.assert_allclose(away[..., own_x][inside], away[..., ball_x][inside], atol=1e-5)
        np.testing.assert_allclose(away[..., ball_dx], 0.0, atol=1e-4)
        in_px = away[..., own_x] * PROFILE.capture.width_px / 2
        assert np.abs(in_px).max() <= 6.001
        shifts.append([row[keep].mean() for row, keep in zip(in_px, inside, strict=True)])
        spread = [np.ptp(row[keep]) for row, keep in zip(in_px, inside, strict=True)]
        assert max(spread) < 1e-3  # one shift for all ticks of a window
    assert np.abs(shifts[0]).min() > 0.01
    assert len({round(float(value), 2) for value in shifts[0]}) == 4  # each stretch its own
    np.testing.assert_allclose(shifts[0], shifts[1], atol=1e-3)  # the same for the whole stretch


def test_a_shift_moves_what_is_there_right_and_down_and_nothing_else():
    tokenizer = Tokenizer(PROFILE, PROFILE.capture.size)
    seen = [sight(*marked(200, 100), (BALL, 220, 130))]
    there = [sight(*marked(205, 97), (BALL, 225, 127))]
    moved = tokenizer.shifted(tokenizer.rows(seen), dx_px=5.0, dy_px=-3.0)
    np.testing.assert_allclose(moved, tokenizer.rows(there), atol=1e-4)

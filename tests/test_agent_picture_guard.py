import numpy as np
import pytest

from agent.picture_guard import Picture, PictureGuard

MS = 1_000_000
STILL, BLACK = 90, 0


def grey(level):
    return np.full((27, 48, 3), level, dtype=np.uint8)


def watch(*stretches, tick_ms=50):
    """Show `(until_ms, grey of the nth picture)` one after another; return what was thought."""
    guard, at_ms, thought = PictureGuard(1000 / tick_ms), 0, {}
    for until_ms, level in stretches:
        while at_ms < until_ms:
            shown = level(at_ms) if callable(level) else level
            guard.see(grey(shown), at_ms * MS)
            thought[at_ms] = guard.now
            at_ms += tick_ms
    return thought


def moving(at_ms):
    return 90 + at_ms // 50 % 2


def blinking(at_ms):
    return 90 + at_ms // 500 % 2


def changes(thought):
    told = list(thought.items())
    return [
        (at, now) for (at, now), (_, before) in zip(told[1:], told, strict=False) if now != before
    ]


def test_a_picture_that_stands_still_for_three_seconds_is_frozen():
    thought = watch((1000, moving), (6000, STILL))
    (at_ms, now), *more = changes(thought)
    assert (now, more) == (Picture.FROZEN, [])
    assert at_ms == 950 + 50 + 3000


def test_a_game_that_waits_for_its_player_may_stand_still_but_not_be_black():
    guard = PictureGuard(20, may_stand_still=True)
    for at_ms in range(0, 20_000, 50):
        guard.see(grey(STILL), at_ms * MS)
        assert guard.now is Picture.MOVING
    for at_ms in range(20_000, 24_000, 50):
        guard.see(grey(BLACK), at_ms * MS)
    assert guard.now is Picture.BLACK


def test_a_black_picture_is_called_black():
    thought = watch((1000, moving), (6000, BLACK))
    assert changes(thought) == [(3950, Picture.BLACK)]


def test_dark_noise_is_black_too():
    assert watch((4000, lambda at_ms: at_ms // 50 % 16))[3950] is Picture.BLACK


def test_a_shorter_standstill_is_nothing():
    thought = watch((1000, moving), (3900, STILL), (5000, moving))
    assert not changes(thought)


def test_it_moves_again_only_after_half_a_second_of_movement():
    thought = watch((5000, STILL), (9000, moving))
    (frozen_ms, _), (again_ms, now) = changes(thought)
    assert (frozen_ms, now) == (3000, Picture.MOVING)
    assert 500 <= again_ms - 5000 <= 600


def test_a_menu_that_blinks_does_not_make_it_start_and_stop():
    thought = watch((5000, STILL), (60_000, blinking))
    assert changes(thought) == [(3000, Picture.FROZEN)]


def test_a_black_screen_that_flashes_is_still_not_a_game():
    flash = lambda at_ms: 200 if at_ms % 4000 == 3500 else BLACK  # noqa: E731
    thought = watch((20_000, flash))
    assert changes(thought)[0] == (3000, Picture.BLACK)
    assert Picture.MOVING not in [now for at_ms, now in thought.items() if at_ms > 3000]


@pytest.mark.parametrize("tick_ms", [16, 50, 200])
def test_slow_and_fast_policies_judge_alike(tick_ms):
    def steps(at_ms):
        return 90 + at_ms // tick_ms % 2

    thought = watch((2000, steps), (8000, STILL), (12_000, steps), tick_ms=tick_ms)
    (frozen_ms, _), (again_ms, _) = changes(thought)
    assert frozen_ms == pytest.approx(5000, abs=2 * tick_ms)
    assert again_ms == pytest.approx(8500, abs=2 * tick_ms)


@pytest.mark.parametrize("tick_ms", [270, 333, 500, 1000, 2000])
def test_a_policy_that_looks_seldom_plays_again_once_the_picture_moves(tick_ms):
    def steps(at_ms):
        return 90 + at_ms // tick_ms % 2

    thought = watch((20_000, steps), (40_000, STILL), (60_000, steps), tick_ms=tick_ms)
    (frozen_ms, frozen), (again_ms, again) = changes(thought)
    assert (frozen, again) == (Picture.FROZEN, Picture.MOVING)
    assert 23_000 - tick_ms <= frozen_ms <= 23_000 + 2 * tick_ms
    assert 40_000 < again_ms <= 40_500 + 3 * tick_ms


def test_after_looking_away_it_begins_anew():
    guard = PictureGuard(20)
    for at_ms in range(0, 4000, 50):
        guard.see(grey(STILL), at_ms * MS)
    assert guard.now is Picture.FROZEN
    guard.forget()
    assert guard.now is Picture.MOVING
    guard.see(grey(STILL), 60_000 * MS)
    assert guard.now is Picture.MOVING

"""A football match of six a side, played step by step with the keys that are held."""

import math
from random import Random

from gui.practice.control import Keys, steer, switch
from gui.practice.difficulty import AWAY_SKILLS, DIFFICULTIES, HOME_SKILL
from gui.practice.physics import contest, dribble, fly, keep_apart, run, touch
from gui.practice.rules import (
    judge_ball,
    line_up,
    new_state,
    pass_time,
    settle_in_net,
)
from gui.practice.situation import Situation, distance, indices, other
from gui.practice.state import (
    PITCH_LENGTH,
    PITCH_WIDTH,
    STEP_S,
    Action,
    MatchState,
    Phase,
    Team,
)
from gui.practice.team_ai import plan, start_orders
from gui.practice.view import kept_on_rail

FOCUS_PER_S = 3.5
"""How eagerly the camera follows the ball."""
RESTART_SPEED = 7.5
BACK_OFF_M = 4.0
"""Opponents stand at least so far from a restart."""
NO_KEYS: frozenset[str] = frozenset()


class Match:
    """The practice game without picture or clock: equal seeds and keys make equal matches."""

    def __init__(self, difficulty: str = "beginner", seconds: float = 300.0, seed: int = 0) -> None:
        """Prepare a match, ready for home's kick-off.

        Args:
            difficulty: One of `DIFFICULTIES`.
            seconds: Real time from the first kick-off to full time, the break included.
            seed: Of everything that is left to chance.

        Raises:
            ValueError: There is no such difficulty, or the match has no length.
        """
        if difficulty not in DIFFICULTIES:
            raise ValueError(f"no difficulty {difficulty!r}; choose {', '.join(DIFFICULTIES)}")
        if not seconds > 0:
            raise ValueError(f"a match of {seconds} s can't be played; give more than 0")
        self.state: MatchState = new_state(difficulty, seconds)
        self._situation = Situation(self.state, Random(seed), (HOME_SKILL, AWAY_SKILLS[difficulty]))
        self._keys = Keys()
        line_up(self._situation, Team.HOME)
        start_orders(self._situation)

    def advance(self, held: frozenset[str]) -> None:
        """Play one step of `STEP_S` with these keys held; after full time nothing happens."""
        state, situation = self.state, self._situation
        if state.phase is Phase.FULL_TIME:
            return
        if state.phase is Phase.PLAY:
            self._play(held)
        elif state.phase is Phase.RESTART:
            self._restart(held)
        else:
            self._wait(held)
        pass_time(situation)
        focus = kept_on_rail(state.ball.x)
        state.focus_x += (focus - state.focus_x) * FOCUS_PER_S * STEP_S

    def _play(self, held: frozenset[str]) -> None:
        state, situation = self.state, self._situation
        situation.shield_s -= STEP_S
        situation.shot_age_s += STEP_S
        situation.possession_s += STEP_S
        situation.receiver_s += STEP_S
        if situation.receiver_s > 2.5:
            situation.receiver = None
        plan(situation)
        steer(situation, self._keys, held)
        for index in range(len(state.players)):
            if index != state.controlled:
                self._follow_order(index)
        self._keep_inside()
        if state.step % 2:
            keep_apart(state.players)
        ball = state.ball
        if ball.owner is None:
            fly(ball)
            touch(situation)
        else:
            dribble(ball, state.players[ball.owner])
            contest(situation)
        judge_ball(situation)
        switch(situation, self._keys)

    def _follow_order(self, index: int) -> None:
        one, order = self.state.players[index], self._situation.orders[index]
        if one.action is Action.FALL:
            run(one, 0.0, 0.0)
            return
        dx, dy = order.x - one.x, order.y - one.y
        away_m = math.sqrt(dx * dx + dy * dy)
        speed = min(order.speed, away_m * 4.0)
        share = speed / away_m if away_m > 0.05 else 0.0
        run(one, dx * share, dy * share)

    def _restart(self, held: frozenset[str]) -> None:
        """Let the taker run to the ball and the opponents make room."""
        state, situation = self.state, self._situation
        ball, taker = state.ball, situation.taker
        assert taker is not None
        plan(situation)
        self._keys.before = held
        order = situation.orders[taker]
        order.x, order.y, order.speed = ball.x, ball.y, RESTART_SPEED
        for index in indices(other(situation.team_of(taker))):
            order, one = situation.orders[index], state.players[index]
            if math.hypot(order.x - ball.x, order.y - ball.y) < BACK_OFF_M:
                away_m = max(0.5, distance(one, ball.x, ball.y))
                order.x = ball.x + (one.x - ball.x) / away_m * BACK_OFF_M
                order.y = ball.y + (one.y - ball.y) / away_m * BACK_OFF_M
        for index in range(len(state.players)):
            if index != state.controlled or index == taker:
                self._follow_order(index)
            else:
                steer(situation, self._keys, held)
        self._keep_inside()
        switch(situation, self._keys)
        if situation.team_of(taker) is Team.HOME and taker != 0:
            state.controlled = taker

    def _wait(self, held: frozenset[str]) -> None:
        """Let players come to rest, before a kick-off, after a goal and at half-time."""
        state = self.state
        self._keys.before = held
        for one in state.players:
            run(one, 0.0, 0.0)
        if state.phase is Phase.GOAL:
            fly(state.ball)
            settle_in_net(self._situation)

    def _keep_inside(self) -> None:
        """Keep players on the pitch, or a step beside it."""
        for one in self.state.players:
            one.x = min(max(one.x, -0.5), PITCH_LENGTH + 0.5)
            one.y = min(max(one.y, -0.3), PITCH_WIDTH + 0.3)

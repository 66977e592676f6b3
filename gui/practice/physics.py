"""How players run and how the ball rolls, flies, is dribbled, won and deflected."""

import math

from gui.practice.difficulty import STEALS_PER_S, TACKLE_STEALS_PER_S
from gui.practice.situation import Situation, forward
from gui.practice.state import (
    ACTION_S,
    AREA_DEPTH,
    AREA_WIDTH,
    MIDDLE_Y,
    STEP_S,
    TEAM_SIZE,
    Action,
    BallState,
    PlayerState,
    Team,
)

GRAVITY = 16.0  # arcade: balls come down sooner than on earth
ACCELERATION = 30.0
TURN_PER_S = 16.0
STRIDE_M = 2.6
ROLLING = 2.2
DRAG = 0.30
BOUNCE = 0.5
BODY_M = 0.8
"""Two players' middles come no nearer than this."""
REACH_M = 0.95
STEAL_M = 1.0
OWN_STEAL_M = 1.6
"""The same for the player whom the keys move: a person sees all this from above."""
LEAST_EFFORT = 3.0
"""Who moves slower, m/s, only wins a ball as a team mate would."""
HEAD_M = 1.9
KEEPER_HEAD_M = 2.4
TRAP_SPEED = 15.0
"""A faster ball that was not meant for a player bounces off him."""
TURN = 2 * math.pi


def run(player: PlayerState, want_vx: float, want_vy: float) -> None:
    """Move a player for one step towards a wanted velocity."""
    dvx, dvy = want_vx - player.vx, want_vy - player.vy
    change = math.sqrt(dvx * dvx + dvy * dvy)
    most = ACCELERATION * STEP_S
    if change > most:
        dvx, dvy = dvx * most / change, dvy * most / change
    vx, vy = player.vx + dvx, player.vy + dvy
    player.vx, player.vy = vx, vy
    player.x += vx * STEP_S
    player.y += vy * STEP_S
    speed = math.sqrt(vx * vx + vy * vy)
    if speed > 0.6:
        player.run_phase += speed * STEP_S / STRIDE_M * TURN
        turn = (math.atan2(vy, vx) - player.facing + math.pi) % TURN - math.pi
        most = TURN_PER_S * STEP_S
        player.facing += min(max(turn, -most), most)
    if player.action is not Action.NONE:
        player.action_age_s += STEP_S
        if player.action_age_s >= ACTION_S[player.action]:
            # A tackle leaves its player on the grass for a moment: it is a gamble.
            missed = player.action is Action.TACKLE
            player.begin(Action.FALL if missed else Action.NONE)
    if player.no_touch_s > 0.0:
        player.no_touch_s -= STEP_S


def keep_apart(players: list[PlayerState]) -> None:
    """Push overlapping players apart."""
    for i, one in enumerate(players):
        x, y = one.x, one.y
        for j in range(i + 1, len(players)):
            two = players[j]
            dx = two.x - x
            if -BODY_M < dx < BODY_M:
                dy = two.y - y
                if -BODY_M < dy < BODY_M:
                    gap = math.sqrt(dx * dx + dy * dy)
                    if gap < BODY_M:
                        push = (BODY_M - gap) / 2 / max(gap, 0.01)
                        one.x -= dx * push
                        one.y -= dy * push
                        two.x += dx * push
                        two.y += dy * push


def fly(ball: BallState) -> None:
    """Move a ball that nobody has for one step."""
    ball.x += ball.vx * STEP_S
    ball.y += ball.vy * STEP_S
    ball.z += ball.vz * STEP_S
    speed = math.sqrt(ball.vx * ball.vx + ball.vy * ball.vy)
    if ball.z > 0.0:
        ball.vz -= GRAVITY * STEP_S
        slower = 1.0 - DRAG * 0.4 * STEP_S
    else:
        ball.z = 0.0
        if ball.vz < -2.0:
            ball.vz = -ball.vz * BOUNCE
        else:
            ball.vz = 0.0
        slower = max(0.0, 1.0 - (DRAG + ROLLING / max(speed, 0.1)) * STEP_S)
    ball.vx *= slower
    ball.vy *= slower
    ball.roll = (ball.roll + speed * STEP_S * 4.0) % TURN


def dribble(ball: BallState, player: PlayerState) -> None:
    """Keep the ball just ahead of its owner's feet, or in a keeper's hands."""
    speed = math.sqrt(player.vx * player.vx + player.vy * player.vy)
    ahead, pull, height = 0.45, 0.3, 0.7
    if not player.is_keeper:
        ahead = 0.6 + 0.07 * speed + 0.15 * math.sin(player.run_phase)
        pull, height = 0.22, 0.0
    dx = player.x + math.cos(player.facing) * ahead - ball.x
    dy = player.y + math.sin(player.facing) * ahead - ball.y
    ball.x += dx * pull + player.vx * STEP_S * (1.0 - pull)
    ball.y += dy * pull + player.vy * STEP_S * (1.0 - pull)
    ball.z += (height - ball.z) * 0.3
    ball.vx, ball.vy, ball.vz = player.vx, player.vy, 0.0
    ball.roll = (ball.roll + speed * STEP_S * 4.0) % TURN


def take(situation: Situation, index: int, *, shield_s: float = 0.3) -> None:
    """Give a player the ball."""
    ball = situation.state.ball
    if ball.owner is not None:
        situation.state.players[ball.owner].no_touch_s = 0.6
    ball.owner = ball.last_touch = index
    taker = situation.state.players[index]
    if taker.action is Action.TACKLE:
        taker.begin(Action.NONE)
    situation.receiver = None
    situation.shield_s = shield_s
    situation.possession_s = 0.0
    situation.think_s = situation.skills[situation.team_of(index)].think_s


def contest(situation: Situation) -> None:
    """Let opponents within reach take the ball from its owner."""
    state = situation.state
    ball = state.ball
    if ball.owner is None or situation.shield_s > 0.0 or state.players[ball.owner].is_keeper:
        return
    first = TEAM_SIZE if ball.owner < TEAM_SIZE else 0
    for index in range(first, first + TEAM_SIZE):
        one = state.players[index]
        dx, dy = one.x - ball.x, one.y - ball.y
        eager = index == state.controlled and _goes_for_it(one)
        reach = OWN_STEAL_M if eager else STEAL_M
        if one.no_touch_s > 0.0 or one.action is Action.FALL or dx * dx + dy * dy > reach * reach:
            continue
        if situation.rng.random() < _steals_per_s(situation, index) * STEP_S:
            take(situation, index)
            return


def _goes_for_it(player: PlayerState) -> bool:
    return player.vx * player.vx + player.vy * player.vy > LEAST_EFFORT**2


def _steals_per_s(situation: Situation, index: int) -> float:
    player = situation.state.players[index]
    if player.is_keeper:
        return 9.0
    if index == situation.state.controlled and _goes_for_it(player):
        return TACKLE_STEALS_PER_S if player.action is Action.TACKLE else STEALS_PER_S
    return situation.skills[situation.team_of(index)].steals_per_s


def touch(situation: Situation) -> None:
    """Let the nearest player within reach trap or block a ball that nobody has."""
    state = situation.state
    ball = state.ball
    best, best_sq = -1, 4.0
    for index, one in enumerate(state.players):
        dx, dy = one.x - ball.x, one.y - ball.y
        eager = index == state.controlled and _goes_for_it(one)
        reach = OWN_STEAL_M if eager else STEAL_M
        if (
            -2.0 < dx < 2.0
            and -2.0 < dy < 2.0
            and one.no_touch_s <= 0.0
            and one.action is not Action.FALL
        ):
            reach, head = _reach(situation, index)
            gap_sq = dx * dx + dy * dy
            if gap_sq < reach * reach and ball.z < head and gap_sq < best_sq:
                best, best_sq = index, gap_sq
    if best < 0:
        return
    speed = math.hypot(ball.vx, ball.vy)
    if state.players[best].is_keeper:
        _save(situation, best, speed)
    elif best == situation.receiver or speed < TRAP_SPEED or situation.rng.random() < 0.25:
        take(situation, best)
    else:
        _deflect(situation, best, spread=1.2, keep=0.4)


def _reach(situation: Situation, index: int) -> tuple[float, float]:
    one = situation.state.players[index]
    if one.is_keeper and in_own_area(situation, index):
        skill = situation.skills[situation.team_of(index)]
        return skill.keeper_reach, KEEPER_HEAD_M
    receiver = situation.receiver
    if receiver is None or (receiver < TEAM_SIZE) == (index < TEAM_SIZE):
        return REACH_M, HEAD_M
    if index == situation.state.controlled:
        return REACH_M, HEAD_M
    return situation.skills[situation.team_of(index)].intercept_m, HEAD_M


def in_own_area(situation: Situation, index: int) -> bool:
    """Whether a player stands in the area before his own goal."""
    one = situation.state.players[index]
    deep = forward(situation.team_of(index), one.x)
    return deep < AREA_DEPTH and abs(one.y - MIDDLE_Y) < AREA_WIDTH / 2


def _save(situation: Situation, index: int, speed: float) -> None:
    hold = 1.0 if speed < 12.0 else 0.55 if speed < 22.0 else 0.35
    if situation.rng.random() < hold:
        take(situation, index, shield_s=1.0)
    else:
        _deflect(situation, index, spread=0.9, keep=0.45)


def _deflect(situation: Situation, index: int, *, spread: float, keep: float) -> None:
    ball, one = situation.state.ball, situation.state.players[index]
    out = 1.0 if situation.team_of(index) is Team.HOME else -1.0
    speed = math.hypot(ball.vx, ball.vy) * keep
    side = 1.0 if ball.y > one.y else -1.0
    turn = side * (0.5 + abs(situation.rng.gauss(0.0, spread)))
    ball.vx, ball.vy = out * math.cos(turn) * speed, math.sin(turn) * speed
    ball.vz = situation.rng.random() * 3.0
    ball.last_touch = index
    one.no_touch_s = 0.35
    situation.receiver = None

"""What the rules remember between steps besides the visible state, and small questions about it."""

import math
from dataclasses import dataclass, field
from random import Random

from gui.practice.difficulty import Skill
from gui.practice.state import (
    GOAL_BOTTOM,
    GOAL_TOP,
    MIDDLE_Y,
    PITCH_LENGTH,
    TEAM_SIZE,
    MatchState,
    PlayerState,
    Team,
)


@dataclass(slots=True)
class Order:
    """Where a player of the built-in teams runs, and how fast at most."""

    x: float
    y: float
    speed: float


@dataclass(slots=True)
class Situation:
    """A match state with everything needed to go on from it."""

    state: MatchState
    rng: Random
    skills: tuple[Skill, Skill]
    """Of home's built-in players and of away's."""
    orders: list[Order] = field(default_factory=list)
    receiver: int | None = None
    """For whom a pass under way is meant."""
    receiver_s: float = 0.0
    """How long that pass has been under way."""
    shield_s: float = 0.0
    """Time until the ball's owner may be robbed: he has just got it."""
    possession_s: float = 0.0
    """How long the owner has had the ball."""
    think_s: float = 0.0
    """Time until the built-in ball carrier decides again."""
    shot_age_s: float = 9.0
    """Time since the last shot; keepers react to it."""
    taker: int | None = None
    """Who takes the kick-off or the restart."""
    next_kick_off: Team = Team.AWAY
    """Who kicks off the second half or after a goal."""

    def team_of(self, index: int) -> Team:
        """Return a player's team."""
        return Team.HOME if index < TEAM_SIZE else Team.AWAY

    def attacking(self) -> Team | None:
        """Return the team that has the ball or is passing it; None while it is loose."""
        owner = self.state.ball.owner
        if owner is not None:
            return self.team_of(owner)
        if self.receiver is not None:
            return self.team_of(self.receiver)
        return None


def indices(team: Team) -> range:
    """Return the indices of a team's players, its keeper first."""
    first = 0 if team is Team.HOME else TEAM_SIZE
    return range(first, first + TEAM_SIZE)


def outfield(team: Team) -> range:
    """Return the indices of a team's players but its keeper."""
    first = 1 if team is Team.HOME else TEAM_SIZE + 1
    return range(first, first + TEAM_SIZE - 1)


def keeper_of(team: Team) -> int:
    """Return the index of a team's keeper."""
    return 0 if team is Team.HOME else TEAM_SIZE


def other(team: Team) -> Team:
    """Return the other team."""
    return Team.AWAY if team is Team.HOME else Team.HOME


def forward(team: Team, x: float) -> float:
    """Return how far from its own goal line a team finds x; its own inverse."""
    return x if team is Team.HOME else PITCH_LENGTH - x


def direction(team: Team) -> float:
    """Return 1 for the team that attacks to the right, -1 for the other."""
    return 1.0 if team is Team.HOME else -1.0


def distance(player: PlayerState, x: float, y: float) -> float:
    """Return the metres from a player to a place."""
    return math.hypot(player.x - x, player.y - y)


def shooting_distance(team: Team, x: float, y: float) -> float:
    """Return the metres from a place to the mouth of the goal that a team attacks."""
    aside = max(GOAL_TOP + 1.0 - y, y - GOAL_BOTTOM + 1.0, 0.0)
    return math.hypot(PITCH_LENGTH - forward(team, x), aside)


def meeting_point(situation: Situation, player: PlayerState, speed: float) -> tuple[float, float]:
    """Return where a player at this speed first meets the rolling ball."""
    ball = situation.state.ball
    x, y = ball.x, ball.y
    for tenths in (0, 2, 4, 6, 8, 11, 14, 18):
        t = tenths * 0.1
        x = ball.x + ball.vx * t * (1.0 - 0.17 * t)
        y = ball.y + ball.vy * t * (1.0 - 0.17 * t)
        if math.hypot(player.x - x, player.y - y) <= speed * t + 0.4:
            break
    return min(max(x, 0.3), PITCH_LENGTH - 0.3), min(max(y, 0.3), 2 * MIDDLE_Y - 0.3)


def nearest(
    situation: Situation, team: Team, x: float, y: float, *, skip: int | None = None
) -> int:
    """Return a team's outfield player nearest to a place."""
    players = situation.state.players
    return min(
        (index for index in outfield(team) if index != skip),
        key=lambda index: distance(players[index], x, y),
    )


def pressure(situation: Situation, index: int) -> float:
    """Return the metres from a player to his nearest opponent."""
    players = situation.state.players
    one = players[index]
    return min(
        distance(players[rival], one.x, one.y) for rival in indices(other(situation.team_of(index)))
    )

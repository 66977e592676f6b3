"""What a match is at one moment: all that the rules change and all that drawing needs.

Metres; x grows to the right along the pitch, y downwards in the picture (across the pitch), z up.
Home always attacks to the right. Angles are radians, 0 to the right, growing from right to down.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

STEPS_PER_SECOND = 60
STEP_S = 1.0 / STEPS_PER_SECOND

PITCH_LENGTH = 64.0
PITCH_WIDTH = 40.0
MIDDLE_X = PITCH_LENGTH / 2
MIDDLE_Y = PITCH_WIDTH / 2
GOAL_WIDTH = 6.0
GOAL_TOP = MIDDLE_Y - GOAL_WIDTH / 2
GOAL_BOTTOM = MIDDLE_Y + GOAL_WIDTH / 2
GOAL_HEIGHT = 2.2
GOAL_DEPTH = 2.2
AREA_DEPTH = 10.0
AREA_WIDTH = 22.0
SMALL_AREA_DEPTH = 4.0
SMALL_AREA_WIDTH = 11.0
CENTRE_RADIUS = 6.0
PENALTY_SPOT = 7.0

TEAM_SIZE = 6


class Team(IntEnum):
    """Whose player; also the index into the score."""

    HOME = 0
    AWAY = 1


class Phase(StrEnum):
    """What part of the match it is."""

    KICK_OFF = "kick_off"
    PLAY = "play"
    GOAL = "goal"
    RESTART = "restart"
    HALF_TIME = "half_time"
    FULL_TIME = "full_time"


class Action(StrEnum):
    """What a player's body does besides running."""

    NONE = "none"
    KICK = "kick"
    TACKLE = "tackle"
    DIVE = "dive"
    FALL = "fall"
    CELEBRATE = "celebrate"


ACTION_S = {
    Action.NONE: 0.0,
    Action.KICK: 0.25,
    Action.TACKLE: 0.45,
    Action.DIVE: 0.70,
    Action.FALL: 0.60,
    Action.CELEBRATE: 2.0,
}
"""How long each action lasts."""


@dataclass(slots=True)
class PlayerState:
    """One player."""

    team: Team
    number: int
    """On the shirt; 1 is the keeper."""
    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    facing: float = 0.0
    is_keeper: bool = False
    run_phase: float = 0.0
    """Grows by 2 pi with every two strides; stands still when the player does."""
    action: Action = Action.NONE
    action_age_s: float = 0.0
    """Time since the action began; see `ACTION_S` for how long it lasts."""
    no_touch_s: float = 0.0
    """Time until this player may touch the ball again, after a kick or a lost ball."""

    def begin(self, action: Action) -> None:
        """Start an action from its beginning."""
        self.action = action
        self.action_age_s = 0.0


@dataclass(slots=True)
class BallState:
    """The ball."""

    x: float = MIDDLE_X
    y: float = MIDDLE_Y
    z: float = 0.0
    """Height of its lowest point above the grass."""
    vx: float = 0.0
    vy: float = 0.0
    vz: float = 0.0
    owner: int | None = None
    """Index of the player who has it at his feet or in his hands."""
    last_touch: int = 0
    """Index of the player who touched it last."""
    roll: float = 0.0
    """Angle it has rolled, for its pattern."""


@dataclass(frozen=True, slots=True)
class GoalEvent:
    """A goal."""

    step: int
    team: Team


@dataclass(slots=True)
class MatchState:
    """The whole match at one step."""

    difficulty: str
    length_s: float
    """Real seconds from the first kick-off to full time."""
    players: list[PlayerState]
    """Home 0 to 5, away 6 to 11; 0 and 6 are the keepers."""
    ball: BallState = field(default_factory=BallState)
    score: list[int] = field(default_factory=lambda: [0, 0])
    """Goals of home and away."""
    step: int = 0
    phase: Phase = Phase.KICK_OFF
    phase_age_s: float = 0.0
    half: int = 1
    controlled: int = 5
    """Index of the home player that the keys move."""
    power: float = 0.0
    """Charge of the shot, 0 to 1; 0 while none is being charged."""
    banner: str = ""
    """Text across the picture; empty for none."""
    focus_x: float = MIDDLE_X
    """Where along the pitch the camera looks: the ball, smoothed."""
    events: list[GoalEvent] = field(default_factory=list)

    @property
    def clock_s(self) -> float:
        """Real seconds since the first kick-off."""
        return self.step / STEPS_PER_SECOND

    @property
    def clock_minutes(self) -> float:
        """The clock on the board: the whole match lasts 90 minutes."""
        return 90.0 * min(1.0, self.clock_s / self.length_s)

    @property
    def over(self) -> bool:
        """Whether the final whistle has gone."""
        return self.phase is Phase.FULL_TIME

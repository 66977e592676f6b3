"""How good the built-in players are."""

from dataclasses import dataclass
from typing import Literal, get_args

Difficulty = Literal["beginner", "amateur", "professional"]
DIFFICULTIES: tuple[str, ...] = get_args(Difficulty)


@dataclass(frozen=True, slots=True)
class Skill:
    """What one team's built-in players can do."""

    run_speed: float
    """Metres a second."""
    sprint_speed: float
    """Metres a second, when chasing the ball or running free with it."""
    think_s: float
    """Time between two decisions of the one with the ball."""
    steals_per_s: float
    """How often a player within reach of an opponent's ball takes it."""
    shot_error_m: float
    """Standard deviation of where a shot from 10 m crosses the goal line."""
    shot_range_m: float
    """From how far they shoot."""
    shot_eagerness: float
    """Chance to shoot at a decision within range."""
    pass_sense: float
    """Chance to pass at a decision under pressure."""
    pass_pressure_m: float
    """An opponent nearer than this is pressure."""
    pass_error: float
    """Standard deviation of a pass's direction, radians."""
    pressing_m: float
    """How near to the ball the second man comes when defending."""
    intercept_m: float
    """Reach for a ball that is meant for somebody else."""
    anticipation: float
    """0 chases where a loose ball is, 1 where it can be met."""
    keeper_speed: float
    """Metres a second along the goal line and in a dive."""
    keeper_reach: float
    """Metres, stretched."""
    keeper_reaction_s: float
    """Time from a shot to the keeper's move."""


HOME_SKILL = Skill(
    run_speed=5.6,
    sprint_speed=6.6,
    think_s=0.4,
    steals_per_s=1.8,
    shot_error_m=1.0,
    shot_range_m=14.0,
    shot_eagerness=0.5,
    pass_sense=0.5,
    pass_pressure_m=2.0,
    pass_error=0.06,
    pressing_m=4.0,
    intercept_m=0.7,
    anticipation=0.6,
    keeper_speed=5.0,
    keeper_reach=0.95,
    keeper_reaction_s=0.26,
)
"""Team mates are the same at every difficulty: of some use, never the match's winners."""

AWAY_SKILLS = {
    "beginner": Skill(
        run_speed=5.0,
        sprint_speed=6.0,
        think_s=0.5,
        steals_per_s=2.2,
        shot_error_m=1.0,
        shot_range_m=13.0,
        shot_eagerness=0.6,
        pass_sense=0.35,
        pass_pressure_m=1.8,
        pass_error=0.10,
        pressing_m=6.0,
        intercept_m=0.55,
        anticipation=0.3,
        keeper_speed=3.8,
        keeper_reach=0.8,
        keeper_reaction_s=0.32,
    ),
    "amateur": Skill(
        run_speed=5.2,
        sprint_speed=6.1,
        think_s=0.35,
        steals_per_s=2.1,
        shot_error_m=1.0,
        shot_range_m=15.0,
        shot_eagerness=0.6,
        pass_sense=0.5,
        pass_pressure_m=2.0,
        pass_error=0.06,
        pressing_m=4.0,
        intercept_m=0.6,
        anticipation=0.5,
        keeper_speed=4.2,
        keeper_reach=0.95,
        keeper_reaction_s=0.25,
    ),
    "professional": Skill(
        run_speed=6.1,
        sprint_speed=7.3,
        think_s=0.25,
        steals_per_s=4.5,
        shot_error_m=0.7,
        shot_range_m=16.0,
        shot_eagerness=0.7,
        pass_sense=0.7,
        pass_pressure_m=2.6,
        pass_error=0.04,
        pressing_m=2.5,
        intercept_m=0.9,
        anticipation=1.0,
        keeper_speed=6.0,
        keeper_reach=1.1,
        keeper_reaction_s=0.18,
    ),
}
"""The opponents."""

RUN_SPEED = 7.0
"""Of the player whom the keys move, metres a second."""
SPRINT_SPEED = 9.2
WITH_BALL = 0.9
"""Share of those speeds that is left with the ball at his feet."""
STEALS_PER_S = 9.0
"""How often the player whom the keys move takes a ball within reach."""
TACKLE_STEALS_PER_S = 20.0
"""The same while he tackles."""
SHOT_ERROR_M = 0.45
PASS_ERROR = 0.03

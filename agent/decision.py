"""From class probabilities to the keys to hold. Pure: state and randomness go in and come out.

Thresholds of rare classes are in the probabilities already (`models.engine.PolicyRunner`). Keys
that exclude each other, such as left and right, are in one head, and of a head one chord is held:
no two of its keys are ever down together that the profile does not put into one chord.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from data.errors import UnderstudyError
from data.keys import chord_of
from data.profile import GameProfile, Head

Probabilities = Mapping[str, npt.NDArray[np.float32]]
"""For each head, `(classes,)`, 0 to 1."""
STUCK_S = 3.0
"""Where a picture may stand still: see `DecisionSettings.stuck_s`."""
HOTTEST = 3.0


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """How probabilities become a decision."""

    min_hold_ms: Mapping[str, float] = field(default_factory=dict)
    """For each head, instead of its `min_hold_ms` in the profile that the run was trained with."""
    temperature: float = 0.0
    """0 takes the likeliest class; above, classes are drawn, the more evenly the higher it is."""
    allowed: frozenset[str] | None = None
    """Keys that may be pressed; None for all of the profile's."""
    stuck_s: float | None = None
    """Once the likeliest classes have been the same for so long, keys are drawn until others are
    likelier, at a temperature that is 1 then and rises by 1 in each further such time, up to
    `HOTTEST`; None for never. Where nothing moves until somebody plays, such as before a goal kick,
    what is likeliest would else stay so for ever."""

    def __post_init__(self) -> None:
        if self.stuck_s is not None and self.stuck_s <= 0:
            raise ValueError(f"stuck_s must be above 0, got {self.stuck_s}")
        if not 0 <= self.temperature <= 10:
            raise ValueError(f"the temperature must lie between 0 and 10, got {self.temperature}")
        for head, hold_ms in self.min_hold_ms.items():
            if hold_ms < 0:
                raise ValueError(f"min_hold_ms of {head} must not be negative, got {hold_ms}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done on one tick."""

    classes: Mapping[str, int]
    """For each head, the class chosen."""
    held: frozenset[str]
    """The keys to hold."""


@dataclass(frozen=True, slots=True)
class DecisionState:
    """For each head, the class that is kept and when it was chosen."""

    since_ns: Mapping[str, tuple[int, int]]
    likeliest: tuple[int, ...]
    """The likeliest class of each head."""
    likeliest_since_ns: int


def settings_for(
    profile: GameProfile,
    *,
    temperature: float = 0.0,
    min_hold_ms: float | None = None,
    allowed: frozenset[str] | None = None,
    stuck_s: float | None = None,
) -> DecisionSettings:
    """Return how a game is decided on.

    Args:
        profile: Of the game.
        temperature: As in `DecisionSettings`.
        min_hold_ms: For all heads; None for what the profile says of each, which may have been
            edited since the run was trained with it.
        allowed: As in `DecisionSettings`.
        stuck_s: 0 for never; None for the usual, `STUCK_S` where the picture may stand still.
    """
    if stuck_s is None:
        stuck_s = STUCK_S if profile.may_stand_still else 0.0
    return DecisionSettings(
        min_hold_ms={
            head.name: head.min_hold_ms if min_hold_ms is None else min_hold_ms
            for head in profile.heads
        },
        temperature=temperature,
        allowed=allowed,
        stuck_s=stuck_s or None,
    )


def decide(
    profile: GameProfile,
    settings: DecisionSettings,
    probabilities: Probabilities,
    *,
    at_ns: int,
    state: DecisionState | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Decision, DecisionState]:
    """Choose one class per head and the keys to hold.

    A class is kept for its head's least holding time; the one that holds nothing may be left at
    once, so that a press never comes late.

    Args:
        profile: Names the heads.
        settings: How to choose.
        probabilities: What the policy says.
        at_ns: Time of the tick.
        state: What came out of the last call; None is fresh.
        rng: Needed only when the temperature is above 0, or `stuck_s` is set.

    Raises:
        UnderstudyError: The probabilities don't fit the profile, or are not numbers.
    """
    kept = {} if state is None else dict(state.since_ns)
    usable = [_usable(head, probabilities) for head in profile.heads]
    likeliest = tuple(int(np.argmax(of_head)) for of_head in usable)
    since_ns = at_ns
    if state is not None and state.likeliest == likeliest:
        since_ns = state.likeliest_since_ns
    temperature = _temperature(settings, stuck_ns=at_ns - since_ns)
    for head, of_head, index in zip(profile.heads, usable, likeliest, strict=True):
        if temperature > 0 and rng is not None:
            index = _drawn(of_head, temperature, rng)
        before = kept.get(head.name)
        if before is None or (index != before[0] and _may_change(head, settings, before, at_ns)):
            kept[head.name] = (index, at_ns)
    classes = {name: index for name, (index, _) in kept.items()}
    held = chord_of(profile, classes)
    if settings.allowed is not None:
        held &= settings.allowed
    return Decision(classes, held), DecisionState(kept, likeliest, since_ns)


def _usable(head: Head, probabilities: Probabilities) -> npt.NDArray[np.float32]:
    found = probabilities.get(head.name)
    if (
        found is None
        or found.shape != (len(head.names),)
        or not np.isfinite(found).all()
        or found.max() <= 0
    ):
        raise UnderstudyError(
            f"the policy gives no usable probabilities for head {head.name}: got {found}, expected "
            f"{len(head.names)} numbers. Train it again with this profile."
        )
    return found


def _temperature(settings: DecisionSettings, *, stuck_ns: int) -> float:
    """Return at which temperature classes are drawn; 0: the likeliest is taken."""
    if settings.stuck_s is None or stuck_ns < settings.stuck_s * 1e9:
        return settings.temperature
    return max(settings.temperature, min(HOTTEST, stuck_ns / (settings.stuck_s * 1e9)))


def _drawn(
    probabilities: npt.NDArray[np.float32], temperature: float, rng: np.random.Generator
) -> int:
    """Draw a class; one that is ruled out never, however hot."""
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities.astype(np.float64))
    weights = np.exp((logits - logits.max()) / temperature)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _may_change(
    head: Head, settings: DecisionSettings, before: tuple[int, int], at_ns: int
) -> bool:
    index, since_ns = before
    hold_ms = settings.min_hold_ms.get(head.name, head.min_hold_ms)
    return index == head.none_index or at_ns - since_ns >= hold_ms * 1e6

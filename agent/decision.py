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
SMALLEST = 1e-9  # keeps the logarithm of a class that is ruled out finite


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """How probabilities become a decision."""

    min_hold_ms: Mapping[str, float] = field(default_factory=dict)
    """For each head, instead of the profile's `min_hold_ms`."""
    temperature: float = 0.0
    """0 takes the likeliest class; above, classes are drawn, the more evenly the higher it is."""
    allowed: frozenset[str] | None = None
    """Keys that may be pressed; None for all of the profile's."""

    def __post_init__(self) -> None:
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
        rng: Needed only when the temperature is above 0.

    Raises:
        UnderstudyError: The probabilities don't fit the profile, or are not numbers.
    """
    kept = {} if state is None else dict(state.since_ns)
    for head in profile.heads:
        index = _choose(head, probabilities, settings, rng)
        before = kept.get(head.name)
        if before is None or (index != before[0] and _may_change(head, settings, before, at_ns)):
            kept[head.name] = (index, at_ns)
    classes = {name: index for name, (index, _) in kept.items()}
    held = chord_of(profile, classes)
    if settings.allowed is not None:
        held &= settings.allowed
    return Decision(classes, held), DecisionState(kept)


def _choose(
    head: Head,
    probabilities: Probabilities,
    settings: DecisionSettings,
    rng: np.random.Generator | None,
) -> int:
    found = probabilities.get(head.name)
    if found is None or found.shape != (len(head.names),) or not np.isfinite(found).all():
        raise UnderstudyError(
            f"the policy gives no usable probabilities for head {head.name}: got {found}, expected "
            f"{len(head.names)} numbers. Train it again with this profile."
        )
    logits = np.log(np.maximum(found.astype(np.float64), SMALLEST))
    if settings.temperature == 0 or rng is None:
        return int(np.argmax(logits))
    weights = np.exp((logits - logits.max()) / settings.temperature)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _may_change(
    head: Head, settings: DecisionSettings, before: tuple[int, int], at_ns: int
) -> bool:
    index, since_ns = before
    hold_ms = settings.min_hold_ms.get(head.name, head.min_hold_ms)
    return index == head.none_index or at_ns - since_ns >= hold_ms * 1e6

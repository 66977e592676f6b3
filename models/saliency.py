"""Which of the things that were seen a decision hangs on: hide each, and ask the policy again.

Hiding says what it means, unlike a gradient: "without the ball in the last three seconds, `shoot`
would have had 0.02 instead of 0.93". For the picture it is done with patches that are blurred away,
after Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014, section
4.2), who slide a grey square; blurring (Fong and Vedaldi, ICCV 2017) leaves the pitch a pitch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Protocol, Self

import cv2
import numpy as np
import numpy.typing as npt

from data.frames import Image
from data.profile import GameProfile
from models.perception import Sight
from models.trails import Trail, trails_of, without

Probabilities = Mapping[str, npt.NDArray[np.float32]]
"""For each head, `(classes,)`, 0 to 1."""

HIDDEN_S = 3.0  # an object is hidden so long: then its track has ended, and most of its memory
COVERED_S = 1.0  # a patch; longer than the tracker believes in what it doesn't see
STRIDE_PX = 40
PATCH_PX = 60  # they overlap, or a thing on a border would be hidden by none
_SMALLEST = 1e-6  # of a probability: 14 nats is as much as anything can matter


class Decider(Protocol):
    """What is asked: `models.engine.PolicyRunner`."""

    @property
    def profile(self) -> GameProfile:
        """What it was trained with."""
        ...

    def reset(self) -> None:
        """Forget what has been seen."""
        ...

    def fork(self) -> Self:
        """Return one that remembers the same, and goes its own way."""
        ...

    def see(self, image: Image) -> Sight:
        """Look at a fitted BGR picture."""
        ...

    def decide(self, sight: Sight) -> Probabilities:
        """Take in what was seen next."""
        ...

    def note(self, held: frozenset[str]) -> None:
        """Tell which keys are held since."""
        ...


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick of a stretch of play."""

    sight: Sight
    """What was seen."""
    held: frozenset[str]
    """The keys that were held then, whoever held them; they stay so, whatever is hidden."""


@dataclass(frozen=True, slots=True)
class Influence:
    """Something that was seen, and what would have been decided without it."""

    name: str
    """The object's class, or what else was hidden."""
    trail: Trail | None
    """Where the object was; None for what is no object."""
    without: Probabilities
    """The decision without it."""


@dataclass(frozen=True, slots=True)
class Saliency:
    """A decision, and what it hangs on."""

    decided: Probabilities
    """The decision with everything in sight."""
    influences: tuple[Influence, ...]

    def weight(self, influence: Influence, head: str, index: int) -> float:
        """Return what speaks for a class, in nats: log p with it less log p without it.

        Above 0 it speaks for the class, below 0 against it.
        """
        return nats(self.decided[head][index]) - nats(influence.without[head][index])


@dataclass(frozen=True, slots=True)
class CoverMap:
    """What would have been decided with a part of the picture blurred away."""

    decided: Probabilities
    """The decision on the whole pictures, as they are stored."""
    covered: tuple[tuple[Probabilities, ...], ...]
    """For each row and column of patches, `STRIDE_PX` apart."""

    def weights(self, head: str, index: int) -> npt.NDArray[np.float32]:
        """Return what each patch says for a class, in nats, `(rows, columns)`."""
        whole = nats(self.decided[head][index])
        return np.array(
            [[whole - nats(p[head][index]) for p in row] for row in self.covered], dtype=np.float32
        )


def nats(probability: float) -> float:
    """Return a probability's logarithm; what is all but ruled out counts as ruled out."""
    return log(max(float(probability), _SMALLEST))


def saliency(decider: Decider, ticks: Sequence[Tick]) -> Saliency:
    """Ask what the last decision hangs on.

    Args:
        decider: The policy; it starts afresh with the first tick.
        ticks: Play up to the moment, oldest first; at least one.
    """
    hidden = min(len(ticks), round(HIDDEN_S * decider.profile.capture.rate_hz))
    before, recent = remembering(decider, ticks[:-hidden]), ticks[-hidden:]
    sights = [tick.sight for tick in recent]

    def decided(changed: Sequence[Sight]) -> Probabilities:
        return last_decision(
            before, [Tick(sight, tick.held) for sight, tick in zip(changed, recent, strict=True)]
        )

    names = decider.profile.object_names
    found = [
        Influence(names[trail.kind], trail, decided(without(sights, trail)))
        for trail in trails_of(decider.profile, [tick.sight for tick in ticks], span=hidden)
    ]
    blank = [replace(sight, features=np.zeros_like(sight.features)) for sight in sights]
    found.append(Influence("the picture's features", None, decided(blank)))
    return Saliency(decided(sights), tuple(found))


def cover_map(
    decider: Decider,
    ticks: Sequence[Tick],
    images: Sequence[Image],
    *,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> CoverMap | None:
    """Ask what the last decision would have been with a part of the pictures blurred away.

    Args:
        decider: The policy; it starts afresh with the first tick.
        ticks: Play up to the moment, oldest first.
        images: The stored pictures of its last ticks, at least one; see `COVERED_S`.
        on_progress: Told which share is done.
        stop: Asked before every patch.

    Returns:
        None when it was stopped.
    """
    before, recent = remembering(decider, ticks[: -len(images)]), ticks[-len(images) :]

    def decided(shown: Sequence[Image]) -> Probabilities:
        seen = [
            Tick(decider.see(image), tick.held) for image, tick in zip(shown, recent, strict=True)
        ]
        return last_decision(before, seen)

    wide = 2 * PATCH_PX + 1
    blurred = [cv2.blur(image, (wide, wide)).astype(np.uint8) for image in images]
    height, width = images[0].shape[:2]
    rows: list[tuple[Probabilities, ...]] = []
    tops, lefts = range(0, height, STRIDE_PX), range(0, width, STRIDE_PX)
    for top in tops:
        row = []
        for left in lefts:
            if stop():
                return None
            area = _patch(top), _patch(left)
            pairs = zip(images, blurred, strict=True)
            row.append(decided([_covered(image, blur, area) for image, blur in pairs]))
            on_progress((len(rows) * len(lefts) + len(row)) / (len(tops) * len(lefts)))
        rows.append(tuple(row))
    return CoverMap(decided(images), tuple(rows))


def remembering(decider: Decider, ticks: Sequence[Tick]) -> Decider:
    """Return a policy that has seen just this."""
    fresh = decider.fork()
    fresh.reset()
    for tick in ticks:
        fresh.decide(tick.sight)
        fresh.note(tick.held)
    return fresh


def last_decision(before: Decider, ticks: Sequence[Tick]) -> Probabilities:
    """Return what is decided on the last of some ticks, at least one; `before` stays as it is."""
    policy = before.fork()
    for tick in ticks[:-1]:
        policy.decide(tick.sight)
        policy.note(tick.held)
    return policy.decide(ticks[-1].sight)


def _patch(start: int) -> slice:
    """Centre a patch on its cell of the grid."""
    margin = (PATCH_PX - STRIDE_PX) // 2
    return slice(max(0, start - margin), start + STRIDE_PX + margin)


def _covered(image: Image, blurred: Image, area: tuple[slice, slice]) -> Image:
    found = image.copy()
    found[area] = blurred[area]
    return found

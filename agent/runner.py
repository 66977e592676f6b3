"""What live play asks of a policy."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from data.frames import FrameSize, Image
from data.profile import GameProfile

if TYPE_CHECKING:
    from models.checkpoint import RunIdentity
    from models.perception import Sight


class Decided(Protocol):
    """What a policy says about one frame."""

    @property
    def probabilities(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """For each head, `(classes,)`."""
        ...

    @property
    def sight(self) -> "Sight":
        """What was seen."""
        ...

    @property
    def encode_ns(self) -> int:
        """Time spent seeing; the rest of the step was spent deciding."""
        ...


class Runner(Protocol):
    """A policy that plays: it carries its own state from frame to frame."""

    @property
    def profile(self) -> GameProfile:
        """What it was trained with."""
        ...

    @property
    def identity(self) -> "RunIdentity | None":
        """Which run it is; None for one that was never saved."""
        ...

    @property
    def rate_hz(self) -> float:
        """The rate it was trained at, and is played at."""
        ...

    @property
    def size(self) -> FrameSize:
        """The size of the frames it sees."""
        ...

    def reset(self) -> None:
        """Forget what has been seen."""
        ...

    def step(self, image: Image) -> Decided:
        """Take in the next frame, fitted to `size`."""
        ...

    def note(self, held: frozenset[str]) -> None:
        """Tell which keys are held since the last frame was decided on."""
        ...

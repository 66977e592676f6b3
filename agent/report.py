"""What live play tells: of every tick, and when it has ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from agent.decision import Decision
from agent.guard import Reason
from agent.runner import Decided
from agent.timing import Spread
from data.frames import Image


@dataclass(frozen=True, slots=True)
class Pace:
    """How well the machine keeps up."""

    rate_hz: float
    """Of the last three seconds."""
    strained: bool
    """Whether that is noticeably less than the policy's rate."""
    late_ticks: int
    """Since play began."""
    skipped_ticks: int
    """Since play began, left out because those before took too long."""


@dataclass(frozen=True, slots=True)
class TickView:
    """One tick, for whoever watches."""

    at_ns: int
    reason: Reason
    """Whether the agent plays, or why it doesn't."""
    held: frozenset[str]
    """Keys that the agent holds."""
    pace: Pace
    image: Image | None = None
    """The fitted frame, BGR; None when nothing was looked at."""
    decided: Decided | None = None
    """What the policy said."""
    decision: Decision | None = None
    """What was made of it."""
    stages_ns: tuple[int, ...] = ()
    """Time spent in each of `data.schema.TICK_STAGES`; empty when nothing was decided."""

    @property
    def latency_ms(self) -> float:
        """Time from just before the grab to the keys; 0 when nothing was decided."""
        return sum(self.stages_ns) / 1e6


@dataclass(frozen=True, slots=True)
class Wait:
    """How often and how long the agent did not play for one reason."""

    why: Reason
    times: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PlayReport:
    """How live play went."""

    seconds: float
    ticks: int
    decisions: int
    """Ticks on which the agent played."""
    late_ticks: int
    skipped_ticks: int
    """Ticks left out because those before took too long."""
    rate_hz: float
    latency_ms: Spread
    """From just before the grab to the keys."""
    stages_ms: Mapping[str, Spread]
    """The same by stage; see `data.schema.TICK_STAGES`."""
    stop_reason: Reason
    takeovers: int
    waits: tuple[Wait, ...]
    """Why the agent did not play meanwhile; only reasons that occurred."""
    log_dropped: int
    """Frames that the flight log had to leave out."""

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)

"""Checks of this computer, each on its own: one that fails does not stop the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from data.errors import UnderstudyError
from data.faults import told_fault
from data.profile import GameProfile
from recorder.key_codes import device_errors
from recorder.pacing import Clock, MonotonicClock


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    ok: bool
    found: str
    advice: str = ""
    """What to do; also given where all is well but something is worth knowing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question to this computer."""

    name: str
    doing: str
    """What is said while it runs."""
    run: Callable[[], Finding]
    essential: bool = True
    """Understudy can't record or play where this fails."""
    needs: str | None = None
    """The check without which this one can't be tried."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A check with what it found."""

    check: Check
    finding: Finding
    tested: bool = True
    """Off where it could not be tried, because one that it needs is amiss."""

    @property
    def failed(self) -> bool:
        """Say whether something essential was tried and is amiss."""
        return self.tested and self.check.essential and not self.finding.ok

    def to_json(self) -> dict[str, object]:
        """Return what `understudy doctor --json` prints of it."""
        return {
            "name": self.check.name,
            "ok": self.finding.ok,
            "found": self.finding.found,
            "advice": self.finding.advice,
            "essential": self.check.essential,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the computer is to be fit for."""

    profile: GameProfile
    rate_hz: float
    stop: Callable[[], bool] = lambda: False
    """Asked during longer checks."""
    clock: Clock = field(default_factory=MonotonicClock)

    @property
    def period_ms(self) -> float:
        """Time from one picture to the next."""
        return 1e3 / self.rate_hz


def answer(check: Check, before: Sequence[Checked]) -> Checked:
    """Run one check after others; whatever goes wrong in it becomes a finding."""
    if any(other.check.name == check.needs and not other.finding.ok for other in before):
        untested = Finding(False, f"not tested; see {check.needs}", f"Mend first: {check.needs}.")
        return Checked(check, untested, tested=False)
    try:
        finding = check.run()
    except UnderstudyError as error:
        finding = Finding(False, *told(error))
    except device_errors() as error:
        finding = Finding(False, f"the system says: {error}", "Mend that, and run this again.")
    except Exception as error:  # noqa: BLE001 - a check's border: the others still run
        finding = Finding(False, told_fault(error), "Report it with that file.")
    return Checked(check, finding)


def told(error: UnderstudyError) -> tuple[str, str]:
    """Part an error's message into what was found and what to do about it."""
    found, _, advice = str(error).partition(". ")
    return found.removesuffix("."), advice

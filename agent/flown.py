"""A flight log and the run that played it, opened to be asked again."""

from collections.abc import Iterator
from pathlib import Path

from agent.decision import DecisionSettings
from agent.flight_facts import logged_settings, sights
from data.errors import CheckpointError, RecordingError
from data.flight import Decisions, FlightFacts
from data.reader import Recording
from models.engine import PolicyRunner
from models.engines import described
from models.perception import Sight


class FlightLogReader:
    """A flight log and the run that played it."""

    def __init__(self, recording: Recording, run: Path | None) -> None:
        """Find the run.

        Args:
            recording: The log, open.
            run: A run folder instead of the one that the log names.

        Raises:
            RecordingError: It is no flight log, is empty, or names no run and none is given.
        """
        self.recording = recording
        self.decisions: Decisions = recording.decisions()
        if not len(self.decisions):
            raise RecordingError(
                f"{recording.path}: it holds no decisions to make again; copies by trim and merge "
                "keep none. Replay the log itself."
            )
        self._facts: FlightFacts | None = recording.flight_facts
        self.run = run_of(recording, run)
        self._first_ns = int(recording.times_ns[0]) if recording.frame_count else 0

    @property
    def engine(self) -> str:
        """What saw while playing; empty where the log doesn't say."""
        return "" if self._facts is None else self._facts.engine

    @property
    def seed(self) -> int:
        """Of decisions that were drawn."""
        return 0 if self._facts is None else self._facts.seed

    @property
    def settings(self) -> DecisionSettings:
        """How probabilities became keys."""
        if self._facts is None:
            return DecisionSettings()
        return logged_settings(self._facts, source=str(self.recording.path))

    def load(self, engine: str = "") -> PolicyRunner:
        """Rebuild the run with the log's engine, or another.

        Raises:
            CheckpointError: It is gone, damaged, or doesn't fit the log.
        """
        return load_player(self.recording, self.run, engine=engine)

    def differs(self, runner: PolicyRunner) -> bool:
        """Say whether that run is not, or no longer, the one that played."""
        if self._facts is None or runner.identity is None:
            return self._facts is not None
        return runner.identity.fingerprint != self._facts.fingerprint

    def at_s(self, index: int) -> float:
        """Return a decision's seconds from the first frame."""
        return (int(self.decisions.at_ns[index]) - self._first_ns) / 1e9

    def sights(self) -> Iterator[Sight]:
        """Go through what was seen."""
        return sights(self.decisions, range(len(self.decisions)))

    def ticks(self) -> dict[int, int]:
        """Return which tick has the probabilities of a decision, by its time."""
        return {int(at): tick for tick, at in enumerate(self.recording.tick_times_ns())}


def run_of(recording: Recording, run: Path | None) -> Path:
    """Return a run that is given, or else the one that a log names.

    Raises:
        RecordingError: It names none.
    """
    if run is not None:
        return run
    if recording.flight_facts is None:
        raise RecordingError(f"{recording.path}: it does not say which run played. Name the run.")
    return Path(recording.flight_facts.run)


def load_player(recording: Recording, run: Path | None, *, engine: str = "") -> PolicyRunner:
    """Rebuild a run for a recording, with the engine of its log or another.

    Raises:
        CheckpointError: It is gone, damaged, or doesn't fit the recording.
        RecordingError: None is given and the recording names none.
    """
    facts, folder = recording.flight_facts, run_of(recording, run)
    if facts is not None and not folder.is_dir():
        raise CheckpointError(
            f"{recording.path} was played by {facts.run} (fingerprint {facts.fingerprint}); "
            f"{folder} is not there. If the run lies elsewhere, name it."
        )
    wanted, device = described(engine or ("" if facts is None else facts.engine))
    return PolicyRunner.load(folder, profile=recording.profile, engine=wanted, device=device)

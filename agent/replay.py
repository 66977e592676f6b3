"""Make the decisions of a flight log again, and say where they come out otherwise.

Two things are asked apart. *Decisions*: what was seen is in the log, and tracking, the policy and
the choice of keys run on it again; on the machine and with the run that played, every number comes
out the same to the last bit. *Pictures*: what is stored of them is JPEG, which live play never saw,
so seeing them again comes near, not to the same; how near is measured, and likewise how near two
engines come to each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agent.agreement import Agreement
from agent.decision import Decision, DecisionState, Probabilities, decide
from agent.flight_facts import by_head
from agent.flown import FlightLogReader
from models.engine import PolicyRunner
from models.features import Stopped
from models.perception import Sight

_FIRST = 5  # differing ticks that are told


@dataclass(frozen=True, slots=True)
class Difference:
    """A tick that came out otherwise."""

    at_s: float
    """Seconds from the log's first frame."""
    number: int
    """Which of the log's decisions it is."""
    largest: float
    """Largest difference of a probability."""
    logged: Mapping[str, str]
    """For each head whose choice differs, the class in the log."""
    replayed: Mapping[str, str]
    """The same, made again."""


@dataclass(slots=True)
class HeadReplay:
    """One head's decisions, made again."""

    largest: float = 0.0
    """Largest difference of a probability."""
    differing: int = 0
    """Decisions with a probability that is not the same to the last bit."""
    classes: int = 0
    """Decisions that chose another class."""


@dataclass(slots=True)
class Replayed:
    """What came of a replay."""

    run: Path
    """The run that was asked."""
    run_differs: bool
    """Whether it is another one than the log names, or has changed since."""
    engine: str
    """What saw while playing."""
    heads: dict[str, HeadReplay]
    compared: int = 0
    """Decisions that were made again and compared."""
    skipped: int = 0
    """Decisions before the log's first fresh start: what was remembered is not known."""
    without_picture: int = 0
    """Of those compared, the ones whose frame a slow disk cost: the log holds no probabilities."""
    held: int = 0
    """Decisions that held other keys."""
    not_pressed: int = 0
    """Decisions that held nothing, as the focus had gone while the policy was looking."""
    first: list[Difference] = field(default_factory=list)
    pictures: Agreement | None = None
    """Probabilities on the stored pictures beside those in the log."""
    engines: Agreement | None = None
    """Probabilities of the other engine beside those of the log's, both on the stored pictures."""
    other_engine: str = ""

    @property
    def same(self) -> bool:
        """Whether every decision came out the same, to the last bit."""
        each = self.heads.values()
        return not self.held and not any(head.differing or head.classes for head in each)


def replay(
    log: FlightLogReader,
    *,
    look: bool = False,
    engine: str = "",
    on_progress: Callable[[str, float], None] = lambda name, share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Replayed:
    """Make a log's decisions again.

    Args:
        log: The log.
        look: Also look at the stored pictures again.
        engine: Also look at them with this engine, and compare the two; empty for none.
        on_progress: Told what is done, and which share of it.
        stop: Asked at every decision.

    Raises:
        CheckpointError: The run is gone, damaged, or doesn't fit the log.
        Stopped: `stop` said so.
    """
    runner = log.load()
    found = Replayed(
        run=log.run,
        run_differs=log.differs(runner),
        engine=log.engine or ("" if runner.identity is None else runner.identity.engine),
        heads={head.name: HeadReplay() for head in log.recording.profile.heads},
    )
    replayed = _Again(log, runner)
    logged, ticks = log.recording.probabilities(), log.ticks()
    for index, sight in enumerate(log.sights()):
        _go_on(log, "decide again", index, stop, on_progress)
        probabilities, decision = replayed.step(index, sight)
        if not replayed.known:
            found.skipped += 1
            continue
        tick = ticks.get(int(log.decisions.at_ns[index]))
        theirs = None if tick is None else by_head(log.recording.profile, logged[tick])
        _compare(found, log, index, theirs, probabilities, decision)
    if look or engine:
        _look(found, log, engine, on_progress=on_progress, stop=stop)
    return found


class _Again:
    """Makes one decision after another, as the live loop does."""

    def __init__(self, log: FlightLogReader, runner: PolicyRunner) -> None:
        self._log = log
        self._runner = runner
        self._settings = log.settings
        self._rng = np.random.default_rng(log.seed)
        self._state: DecisionState | None = None
        self.known = False
        """Whether all that was remembered is known."""

    def step(self, index: int, sight: Sight) -> tuple[Probabilities, Decision]:
        """Decide on what was seen."""
        if self._log.decisions.fresh[index]:
            self._runner.reset()
            self._state, self.known = None, True
        probabilities = self._runner.decide(sight)
        decision, self._state = decide(
            self._runner.profile,
            self._settings,
            probabilities,
            at_ns=int(self._log.decisions.at_ns[index]),
            state=self._state,
            rng=self._rng,
        )
        self._runner.note(self._log.decisions.held(index))
        return probabilities, decision


def _compare(
    found: Replayed,
    log: FlightLogReader,
    index: int,
    theirs: Probabilities | None,
    ours: Probabilities,
    decision: Decision,
) -> None:
    """Put one decision beside the log's."""
    found.compared += 1
    found.without_picture += theirs is None
    largest = 0.0
    logged: dict[str, str] = {}
    replayed: dict[str, str] = {}
    for number, head in enumerate(log.recording.profile.heads):
        of_head = found.heads[head.name]
        if theirs is not None and not np.array_equal(theirs[head.name], ours[head.name]):
            away = float(np.abs(theirs[head.name] - ours[head.name]).max())
            of_head.differing += 1
            of_head.largest = max(of_head.largest, away)
            largest = max(largest, away)
        chosen = int(log.decisions.classes[index, number])
        if chosen != decision.classes[head.name]:
            of_head.classes += 1
            logged[head.name] = head.names[chosen]
            replayed[head.name] = head.names[decision.classes[head.name]]
    held = log.decisions.held(index)
    found.not_pressed += not held and bool(decision.held)
    other = bool(held) and held != decision.held
    found.held += other
    if (largest or logged or other) and len(found.first) < _FIRST:
        found.first.append(Difference(log.at_s(index), index, largest, logged, replayed))


def _look(
    found: Replayed,
    log: FlightLogReader,
    engine: str,
    *,
    on_progress: Callable[[str, float], None],
    stop: Callable[[], bool],
) -> None:
    """Look at the stored pictures again, each engine with a memory of its own."""
    runner = log.load()
    other = log.load(engine) if engine else None
    found.pictures = Agreement()
    found.engines = Agreement() if other is not None else None
    found.other_engine = engine
    recording, ticks = log.recording, log.ticks()
    frames, logged = recording.tick_frames(), recording.probabilities()
    known = False
    for index, seen in enumerate(log.sights()):
        _go_on(log, "look again", index, stop, on_progress)
        if log.decisions.fresh[index]:
            known = True
            for each in (runner, other):
                if each is not None:
                    each.reset()
        tick = ticks.get(int(log.decisions.at_ns[index]))
        image = None if tick is None else recording.frame(int(frames[tick]))
        ours = runner.decide(seen if image is None else runner.see(image))
        theirs = None
        if other is not None:
            theirs = other.decide(seen if image is None else other.see(image))
        for each in (runner, other):
            if each is not None:
                each.note(log.decisions.held(index))
        if tick is None or not known:
            continue
        found.pictures.add(by_head(recording.profile, logged[tick]), ours)
        if found.engines is not None and theirs is not None:
            found.engines.add(ours, theirs)


def _go_on(
    log: FlightLogReader,
    name: str,
    index: int,
    stop: Callable[[], bool],
    on_progress: Callable[[str, float], None],
) -> None:
    if stop():
        raise Stopped(f"{log.recording.path}: stopped at decision {index} of {len(log.decisions)}.")
    on_progress(name, (index + 1) / len(log.decisions))

"""What a flight log says of who plays, and of each decision: written, and read again."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.decision import Decision, DecisionSettings, Probabilities
from agent.runner import Decided, Runner
from data.errors import RecordingError
from data.flight import DecisionRow, Decisions, FlightFacts
from data.profile import GameProfile
from models.perception import Sight

_BLOCK = 256  # decisions whose features are read together: half a megabyte


def flight_attributes(runner: Runner, decision: DecisionSettings, *, seed: int) -> dict[str, str]:
    """Return the attributes of a flight log, for its `RecordingWriter`.

    Args:
        runner: Who plays; one that was never saved leaves the log without a name.
        decision: How probabilities become keys.
        seed: For decisions that are drawn.
    """
    who = runner.identity
    if who is None:
        return {}
    settings = asdict(decision)
    if decision.allowed is not None:
        settings["allowed"] = sorted(decision.allowed)
    facts = FlightFacts(
        run=str(who.folder),
        fingerprint=who.fingerprint,
        revision=who.revision,
        engine=who.engine,
        decision=settings,
        seed=seed,
    )
    return facts.to_attributes()


def logged_settings(facts: FlightFacts, *, source: str) -> DecisionSettings:
    """Rebuild how a log's probabilities became keys.

    Raises:
        RecordingError: Another version of Understudy wrote settings that this one doesn't know.
    """
    values: dict[str, Any] = dict(facts.decision)
    try:
        if values.get("allowed") is not None:
            values["allowed"] = frozenset(map(str, values["allowed"]))
        return DecisionSettings(**values)
    except (TypeError, ValueError) as error:
        raise RecordingError(
            f"{source}: how it decided can't be read ({error}); replay it with the version of "
            "Understudy that wrote it."
        ) from error


def decision_row(
    at_ns: int, decided: Decided, decision: Decision, *, held: frozenset[str], fresh: bool
) -> DecisionRow:
    """Put down one decision for the flight log.

    Args:
        at_ns: Time of the frame.
        decided: What the policy saw and said.
        decision: What was made of it.
        held: The keys that were held then: none where the focus was lost in the meantime.
        fresh: Whether the policy remembered nothing.
    """
    seen = decided.sight
    return DecisionRow(
        at_ns=at_ns,
        fresh=fresh,
        boxes=seen.boxes,
        object_classes=seen.classes,
        scores=seen.scores,
        features=seen.features.astype(np.float16),
        classes=decision.classes,
        held=held,
    )


def sights(log: Decisions, rows: range) -> Iterator[Sight]:
    """Go through what was seen on decisions that follow one another."""
    for start in range(rows.start, rows.stop, _BLOCK):
        stop = min(rows.stop, start + _BLOCK)
        for index, features in enumerate(log.features(start, stop), start):
            of_row = log.objects(index)
            yield Sight(log.boxes[of_row], log.object_classes[of_row], log.scores[of_row], features)


def by_head(profile: GameProfile, row: npt.NDArray[np.float32]) -> Probabilities:
    """Return each head's part `(classes,)` of a row of a log's probabilities, one after another."""
    ends = np.cumsum([len(head.names) for head in profile.heads])[:-1]
    parts = np.split(row, ends)
    return {head.name: part for head, part in zip(profile.heads, parts, strict=True)}

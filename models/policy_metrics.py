"""How well decisions match the person's: by class, at key presses, and where something changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.profile import Head
from models.calibration import Calibration, Chances, Labels, calibration
from models.key_presses import holds, onsets, paired, wasserstein

Mask = npt.NDArray[np.bool_]

ONSET_TOLERANCE_S = 0.1  # a press this close to the person's is the same press
LATE_TOLERANCE_S = 0.3  # a press further off answers something else

SCORES = ("macro_f1", "onset_f1", "balanced_accuracy", "changed_accuracy")
"""What is told of a head first, as `HeadScore.to_json` names it."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive ticks of one head: what the person held, what was decided."""

    truth: Labels
    """Class at each tick `(n,)`."""
    decided: Labels
    """Class decided at each tick `(n,)`."""
    counts: Mask
    """Whether the tick counts `(n,)`."""
    chances: Chances | None = None
    """Probability of each class `(n, classes)`; None from who has no doubts."""

    def __post_init__(self) -> None:
        if not len(self.truth) == len(self.decided) == len(self.counts):
            raise ValueError("truth, decided and counts must be equally long")
        if self.chances is not None and len(self.chances) != len(self.truth):
            raise ValueError("there must be probabilities for every tick, or none")


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class; None where it is undefined."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int

    def to_json(self) -> dict[str, float | None]:
        """Return what `understudy evaluate --json` prints of a class."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.support,
        }


@dataclass(frozen=True, slots=True)
class KeyScore:
    """One key; None where it is undefined."""

    wanted: int
    """How often the person pressed it."""
    pressed: int
    """How often it was decided to be pressed."""
    hits: int
    """Presses matched one to one within `ONSET_TOLERANCE_S`."""
    near: int
    """Presses matched one to one within `LATE_TOLERANCE_S`."""
    late_ms: float | None
    """How much later than the person those are on average."""
    wanted_hold_ms: float | None
    """Median length of the person's holds."""
    pressed_hold_ms: float | None
    """Median length of the holds decided."""
    hold_ms: float | None
    """Wasserstein-1 distance between the lengths of both."""

    def to_json(self) -> dict[str, float | None]:
        """Return what `understudy evaluate --json` prints of a key."""
        return {
            "wanted": self.wanted,
            "pressed": self.pressed,
            "onset_f1": _ratio(2 * self.hits, self.wanted + self.pressed),
            "late_ms": self.late_ms,
            "hold_ms": self.hold_ms,
        }


@dataclass(frozen=True, slots=True)
class HeadScore:
    """One head; None where a score is undefined."""

    macro_f1: float | None
    """Mean F1 of the classes that the person used."""
    onset_f1: float | None
    """F1 of key presses, matched one to one within `ONSET_TOLERANCE_S`."""
    balanced_accuracy: float | None
    """Mean recall of the classes that the person used."""
    changed_accuracy: float | None
    """Share right among the ticks whose label differs from the tick before."""
    stale_share: float | None
    """Share of those ticks at which still the label before was decided."""
    hold_ms: float | None
    """Mean over the keys of `KeyScore.hold_ms`."""
    calibration: Calibration | None
    """Of the probabilities, where there are any."""
    classes: dict[str, ClassScore]
    keys: dict[str, KeyScore]

    def to_json(self) -> dict[str, object]:
        """Return what `understudy evaluate --json` prints of a head."""
        told = self.calibration
        return {
            **{name: getattr(self, name) for name in (*SCORES, "stale_share", "hold_ms")},
            "nll": None if told is None else told.nll,
            "ece": None if told is None else told.ece,
            "classes": {name: score.to_json() for name, score in self.classes.items()},
            "keys": {name: score.to_json() for name, score in self.keys.items()},
        }


def confusion(truth: Labels, decided: Labels, classes: int) -> npt.NDArray[np.int64]:
    """Count ticks `(n,)` by true class (row) and decided class (column): `(classes, classes)`."""
    flat = np.bincount(truth * classes + decided, minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


def confusion_of(head: Head, runs: Sequence[Run]) -> npt.NDArray[np.int64]:
    """Count the ticks of some runs by true class (row) and decided class (column)."""
    size = len(head.names)
    table = np.zeros((size, size), dtype=np.int64)
    for run in runs:
        table += confusion(run.truth[run.counts], run.decided[run.counts], size)
    return table


def score_head(head: Head, runs: Sequence[Run], *, rate_hz: float) -> HeadScore:
    """Score one head over separate runs of ticks; nothing is matched across them."""
    table = confusion_of(head, runs)
    right = stale = changed = 0
    for run in runs:
        change = changed_ticks(run.truth) & run.counts
        at = np.flatnonzero(change)
        changed += len(at)
        right += int((run.truth[at] == run.decided[at]).sum())
        stale += int((run.truth[at - 1] == run.decided[at]).sum())
    classes = {name: _class_score(table, index) for index, name in enumerate(head.names)}
    used = [score for score in classes.values() if score.support]
    keys = {key: _key_score(head, key, runs, rate_hz) for key in sorted(head.keys)}
    distances = [score.hold_ms for score in keys.values() if score.hold_ms is not None]
    return HeadScore(
        macro_f1=_mean([score.f1 or 0.0 for score in used]),
        onset_f1=_ratio(
            2 * sum(score.hits for score in keys.values()),
            sum(score.wanted + score.pressed for score in keys.values()),
        ),
        balanced_accuracy=_mean([score.recall or 0.0 for score in used]),
        changed_accuracy=_ratio(right, changed),
        stale_share=_ratio(stale, changed),
        hold_ms=_mean(distances),
        calibration=_calibration(runs),
        classes=classes,
        keys=keys,
    )


def validation_score(scores: Mapping[str, HeadScore]) -> float:
    """Average macro-F1 and onset F1 over the heads; what is undefined is left out.

    It chooses the checkpoint that is kept. Plain accuracy would choose one that never presses
    what is rare.
    """
    values = [value for score in scores.values() for value in (score.macro_f1, score.onset_f1)]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def changed_ticks(labels: Labels) -> Mask:
    """Mark the ticks whose label differs from the tick before."""
    changed = np.zeros(len(labels), dtype=np.bool_)
    changed[1:] = labels[1:] != labels[:-1]
    return changed


def holding(head: Head, key: str, labels: Labels) -> Mask:
    """Say at which ticks a key is held, given classes `(n,)`."""
    return np.array([key in chord for chord in head.chords])[labels]


def alone(head: Head, key: str) -> str | None:
    """Name the class that is a key alone; None where it is only held together with others."""
    chord = frozenset({key})
    return head.names[head.chords.index(chord)] if chord in head.chords else None


def _key_score(head: Head, key: str, runs: Sequence[Run], rate_hz: float) -> KeyScore:
    same = max(1, int(ONSET_TOLERANCE_S * rate_hz + 1e-6))
    near = max(same, int(LATE_TOLERANCE_S * rate_hz + 1e-6))
    tick_ms = 1000.0 / rate_hz
    wanted = pressed = hits = 0
    late: list[int] = []
    theirs: list[float] = []
    ours: list[float] = []
    for run in runs:
        person, policy = holding(head, key, run.truth), holding(head, key, run.decided)
        true_presses, presses = onsets(person, run.counts), onsets(policy, run.counts)
        wanted, pressed = wanted + len(true_presses), pressed + len(presses)
        hits += len(paired(true_presses, presses, tolerance=same))
        late += [found - at for at, found in paired(true_presses, presses, tolerance=near)]
        theirs += [tick_ms * ticks for ticks in holds(person, run.counts)]
        ours += [tick_ms * ticks for ticks in holds(policy, run.counts)]
    return KeyScore(
        wanted=wanted,
        pressed=pressed,
        hits=hits,
        near=len(late),
        late_ms=tick_ms * sum(late) / len(late) if late else None,
        wanted_hold_ms=float(np.median(theirs)) if theirs else None,
        pressed_hold_ms=float(np.median(ours)) if ours else None,
        hold_ms=wasserstein(theirs, ours),
    )


def _calibration(runs: Sequence[Run]) -> Calibration | None:
    told = [
        (run.chances[run.counts], run.truth[run.counts]) for run in runs if run.chances is not None
    ]
    return calibration([chances for chances, _ in told], [truth for _, truth in told])


def _class_score(table: npt.NDArray[np.int64], index: int) -> ClassScore:
    hits = int(table[index, index])
    support, decided = int(table[index].sum()), int(table[:, index].sum())
    return ClassScore(
        precision=_ratio(hits, decided),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + decided),
        support=support,
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None

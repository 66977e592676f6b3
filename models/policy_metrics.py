"""How well decisions match the person's: by class, at key presses, and where something changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.profile import Head

Labels = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ONSET_TOLERANCE_S = 0.1  # a press this close to the person's is the same press

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

    def __post_init__(self) -> None:
        if not len(self.truth) == len(self.decided) == len(self.counts):
            raise ValueError("truth, decided and counts must be equally long")


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class; None where it is undefined."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


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
    classes: dict[str, ClassScore]

    def to_json(self) -> dict[str, object]:
        """Return what `understudy evaluate --json` prints of a head."""
        return {
            **{name: getattr(self, name) for name in SCORES},
            "classes": {
                name: {
                    "precision": score.precision,
                    "recall": score.recall,
                    "f1": score.f1,
                    "support": score.support,
                }
                for name, score in self.classes.items()
            },
        }


def confusion(truth: Labels, decided: Labels, classes: int) -> npt.NDArray[np.int64]:
    """Count ticks by true class (row) and decided class (column)."""
    flat = np.bincount(truth * classes + decided, minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


def score_head(head: Head, runs: Sequence[Run], *, rate_hz: float) -> HeadScore:
    """Score one head over separate runs of ticks; nothing is matched across them."""
    size = len(head.names)
    table = np.zeros((size, size), dtype=np.int64)
    right = changed = 0
    hits = wanted = pressed = 0
    tolerance = max(1, int(ONSET_TOLERANCE_S * rate_hz + 1e-6))
    for run in runs:
        table += confusion(run.truth[run.counts], run.decided[run.counts], size)
        change = changed_ticks(run.truth) & run.counts
        changed += int(change.sum())
        right += int((run.truth == run.decided)[change].sum())
        for key in sorted(head.keys):
            true_presses = _onsets(head, key, run.truth, run.counts)
            presses = _onsets(head, key, run.decided, run.counts)
            wanted += len(true_presses)
            pressed += len(presses)
            hits += matched(true_presses, presses, tolerance=tolerance)
    classes = {name: _class_score(table, index) for index, name in enumerate(head.names)}
    used = [score for score in classes.values() if score.support]
    return HeadScore(
        macro_f1=_mean([score.f1 or 0.0 for score in used]),
        onset_f1=_ratio(2 * hits, wanted + pressed),
        balanced_accuracy=_mean([score.recall or 0.0 for score in used]),
        changed_accuracy=_ratio(right, changed),
        classes=classes,
    )


def changed_ticks(labels: Labels) -> Mask:
    """Mark the ticks whose label differs from the tick before."""
    changed = np.zeros(len(labels), dtype=np.bool_)
    changed[1:] = labels[1:] != labels[:-1]
    return changed


def matched(wanted: Sequence[int], found: Sequence[int], *, tolerance: int) -> int:
    """Count pairs of rising ticks at most `tolerance` apart, each used once."""
    hits = i = j = 0
    while i < len(wanted) and j < len(found):
        if abs(wanted[i] - found[j]) <= tolerance:
            hits, i, j = hits + 1, i + 1, j + 1
        elif wanted[i] < found[j]:
            i += 1
        else:
            j += 1
    return hits


def _onsets(head: Head, key: str, labels: Labels, counts: Mask) -> list[int]:
    holds = np.array([key in chord for chord in head.chords])
    held = holds[labels]
    pressed = held.copy()
    pressed[1:] &= ~held[:-1]
    if len(pressed):
        pressed[0] = False  # held before the run began
    return [int(tick) for tick in np.flatnonzero(pressed & counts)]


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

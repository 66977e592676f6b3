"""The pictures of a policy's report."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from data.moments import moment
from data.paths import written_whole
from data.profile import Head
from models.calibration import Calibration
from models.evaluation import Evaluation, HeadEvaluation, seconds_into
from models.policy_metrics import Run, alone, changed_ticks, confusion_of, holding
from models.policy_recipe import FitProgress

ROLL_S = 20.0  # of play in the piano roll: long enough to read, short enough to see single taps
PERSON, POLICY = "#2f6fde", "#e07b24"
_GREY = "#8a8f98"
_LEAST_TOLD = 0.005  # of a row; below, it would read 0.00
_LEAST_TICKS = 10  # of a bin; of fewer the share right is an accident


def save(figure: Figure, path: Path) -> None:
    """Write a picture that appears whole."""
    with written_whole(path) as part:
        figure.savefig(part, format="png", dpi=110)


def curves(history: Sequence[FitProgress], best_step: int) -> Figure:
    """Draw the training loss and the held-out score by step."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    left = figure.subplots()
    left.plot(
        [one.step for one in history], [one.loss for one in history], color=PERSON, marker="."
    )
    left.set_xlabel("step")
    left.set_ylabel("training loss", color=PERSON)
    left.set_ylim(bottom=0.0)
    scored = [(one.step, one.score) for one in history if one.score is not None]
    if scored:
        right = left.twinx()
        steps, scores = [step for step, _ in scored], [score for _, score in scored]
        right.plot(steps, scores, color=POLICY, marker=".")
        right.set_ylabel("held-out score", color=POLICY)
        right.axvline(best_step, color=_GREY, linestyle=":")
        right.annotate(
            " kept",
            (best_step, 0.02),
            xycoords=("data", "axes fraction"),
            color=_GREY,
            ha="right" if best_step > 0.9 * history[-1].step else "left",
        )
    return figure


def confusion_matrix(head: Head, of_head: HeadEvaluation) -> Figure:
    """Draw how the ticks of each of the person's classes were decided, in shares of the row."""
    size = len(head.names)
    table = confusion_of(head, of_head.runs)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = 1.8 + 0.5 * size
    figure = Figure(figsize=(side + 1.4, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, vmin=0.0, vmax=1.0, cmap="Blues")
    axes.set_xticks(range(size), head.names, rotation=45, ha="right")
    ticks = table.sum(axis=1).tolist()
    names = [f"{name} ({count})" for name, count in zip(head.names, ticks, strict=True)]
    axes.set_yticks(range(size), names)
    axes.set_xlabel("policy")
    axes.set_ylabel("person (ticks)")
    for row in range(size):
        for column in range(size):
            if shares[row, column] >= _LEAST_TOLD:
                colour = "white" if shares[row, column] > 0.5 else "black"
                told = f"{shares[row, column]:.2f}"
                axes.text(column, row, told, color=colour, fontsize=8, ha="center", va="center")
    return figure


def piano_roll(evaluation: Evaluation) -> Figure:
    """Draw each key's presses, the person's above the policy's, where most happens."""
    profile = evaluation.profile
    rate_hz = profile.capture.rate_hz
    runs = {name: of_head.runs for name, of_head in evaluation.heads.items()}
    length = max(1, round(ROLL_S * rate_hz))
    index, start = _busiest(list(runs.values()), length)
    lanes = [(head, key) for head in profile.heads for key in sorted(head.keys)]
    figure = Figure(figsize=(9, 0.9 + 0.35 * len(lanes)), layout="constrained")
    axes = figure.subplots()
    for lane, (head, key) in enumerate(lanes):
        run = runs[head.name][index]
        if lane % 2:
            axes.axhspan(lane - 0.1, lane + 0.9, color="#f3f4f6", zorder=0)
        for labels, below, colour in ((run.truth, 0.02, PERSON), (run.decided, 0.42, POLICY)):
            held = holding(head, key, labels[start : start + length])
            _bars(axes, held, at=lane + below, rate_hz=rate_hz, colour=colour)
    names = [_named(head, key) for head, key in lanes]
    axes.set_yticks([lane + 0.4 for lane in range(len(lanes))], names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(lanes) - 0.1, -0.1)
    axes.set_xlim(0, length / rate_hz)
    passage = evaluation.passages[index]
    at = moment(seconds_into(passage, start))
    axes.set_xlabel(f"seconds, from {at} of {passage.source.stem} on")
    axes.set_title(
        "above, blue: the person; below, orange: the policy", loc="left", fontsize="medium"
    )
    return figure


def reliability(evaluation: Evaluation) -> Figure:
    """Draw how often each head is right by how sure it is, without and with tuned offsets."""
    heads = list(evaluation.heads.items())
    figure = Figure(figsize=(3.1 * len(heads), 3.4), layout="constrained")
    places = figure.subplots(1, len(heads), squeeze=False)[0]
    for axes, (name, of_head) in zip(places, heads, strict=True):
        axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=":")
        own, tuned = of_head.score.calibration, of_head.tuned
        if tuned is not None and tuned != own:
            _reliability_line(axes, tuned, colour=_GREY, label="with offsets")
        if own is not None:
            _reliability_line(axes, own, colour=POLICY, label="as it is")
        axes.set_title(name, fontsize="medium")
        axes.set_xlim(0, 1.03)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("sure")
        axes.legend(loc="upper left", fontsize="small", frameon=False)
    figure.axes[0].set_ylabel("right")
    return figure


def hold_lengths(evaluation: Evaluation) -> Figure | None:
    """Draw how long each key is held, the person's bar above the policy's; None without holds."""
    lanes = [
        (_named(head, key), evaluation.heads[head.name].score.keys[key])
        for head in evaluation.profile.heads
        for key in sorted(head.keys)
    ]
    lanes = [
        (name, score) for name, score in lanes if score.wanted_hold_ms or score.pressed_hold_ms
    ]
    if not lanes:
        return None
    figure = Figure(figsize=(7, 0.9 + 0.4 * len(lanes)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(lanes))
    theirs = [score.wanted_hold_ms or 0.0 for _, score in lanes]
    ours = [score.pressed_hold_ms or 0.0 for _, score in lanes]
    axes.barh(places - 0.19, theirs, height=0.36, color=PERSON, label="person")
    axes.barh(places + 0.19, ours, height=0.36, color=POLICY, label="policy")
    for place, (_, score) in zip(places.tolist(), lanes, strict=True):
        end = max(score.wanted_hold_ms or 0.0, score.pressed_hold_ms or 0.0)
        told = "one never holds it" if score.hold_ms is None else f"{score.hold_ms:.0f} ms apart"
        axes.annotate(
            told, (end, place), (5, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.set_yticks(places, [name for name, _ in lanes])
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.set_xlabel("median hold (ms); the figures are Wasserstein distances")
    axes.legend(fontsize="small", frameon=False)
    return figure


def _reliability_line(axes: Axes, found: Calibration, *, colour: str, label: str) -> None:
    """Draw one line; a dot's area is the share of the ticks in its bin."""
    bins = [one for one in found.bins if one.ticks >= _LEAST_TICKS]
    sure, right = [one.sure for one in bins], [one.right for one in bins]
    ticks = np.array([one.ticks for one in bins], dtype=np.float64)
    axes.plot(sure, right, color=colour, linewidth=1, label=f"{label}: ECE {found.ece:.3f}")
    axes.scatter(sure, right, s=4 + 160 * ticks / max(1.0, ticks.sum()), color=colour, alpha=0.8)


def _named(head: Head, key: str) -> str:
    name = alone(head, key)
    return key if name in (key, None) else f"{key} ({name})"


def _bars(
    axes: Axes, held: npt.NDArray[np.bool_], *, at: float, rate_hz: float, colour: str
) -> None:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], held.astype(np.int8), [0]])))
    spans = [
        (start / rate_hz, (stop - start) / rate_hz)
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
    axes.broken_barh(spans, (at, 0.36), color=colour, linewidth=0)


def _busiest(heads: Sequence[Sequence[Run]], length: int) -> tuple[int, int]:
    """Find the run and the tick from which on most labels change."""
    best, most = (0, 0), -1
    for index in range(len(heads[0])):
        changes = sum(changed_ticks(runs[index].truth).astype(np.int64) for runs in heads)
        total = np.concatenate([[0], np.cumsum(changes)])
        last = max(0, len(total) - 1 - length)
        inside = total[np.minimum(np.arange(last + 1) + length, len(total) - 1)] - total[: last + 1]
        if int(inside.max()) > most:
            best, most = (index, int(inside.argmax())), int(inside.max())
    return best

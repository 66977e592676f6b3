"""What a policy's training comes to: `report.md` with its pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from data.paths import part_path
from data.profile import GameProfile, Head
from models.evaluation import Evaluation, HeadEvaluation
from models.policy_fitting import Fitted
from models.policy_metrics import HeadScore, Run, changed_ticks, confusion

ROLL_S = 20.0  # of play in the piano roll: long enough to read, short enough to see single taps
_PERSON, _POLICY = "#2f6fde", "#e07b24"


def write_report(
    out: Path,
    *,
    profile: GameProfile,
    fitted: Fitted,
    evaluation: Evaluation | None,
    facts: Mapping[str, str],
    notes: Sequence[str],
) -> Path:
    """Write `report.md` and its pictures into a run folder; return the report's path."""
    lines = [f"# Policy for {profile.name}", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += [f"- **Note:** {note}" for note in notes]
    if fitted.history:
        _save(_curves(fitted), out / "curves.png")
        lines += ["", "![loss and validation score](curves.png)"]
    for head in profile.heads if evaluation is not None else ():
        assert evaluation is not None
        of_head = evaluation.heads[head.name]
        lines += [
            "",
            f"## {head.name}",
            "",
            *_score_table(of_head),
            "",
            *_class_table(head, of_head),
        ]
        picture = f"confusion_{head.name}.png"
        _save(_confusion(head, of_head), out / picture)
        lines += ["", f"![{head.name}: person's class by policy's]({picture})"]
    if evaluation is not None:
        _save(_piano_roll(profile, evaluation), out / "piano_roll.png")
        lines += [
            "",
            "## What the person pressed, and what the policy would have",
            "",
            "![keys over time](piano_roll.png)",
        ]
    path = out / "report.md"
    part_path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    part_path(path).replace(path)
    return path


def _score_table(of_head: HeadEvaluation) -> list[str]:
    rows = {
        "policy": of_head.score,
        "majority class": of_head.majority,
        "repeats the person's last keys": of_head.repeat,
    }
    return [
        "| | macro-F1 | onset F1 | balanced accuracy | on changed ticks |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {_told(score.macro_f1)} | {_told(score.onset_f1)} "
            f"| {_told(score.balanced_accuracy)} | {_told(score.changed_accuracy)} |"
            for name, score in rows.items()
        ),
    ]


def _class_table(head: Head, of_head: HeadEvaluation) -> list[str]:
    score: HeadScore = of_head.score
    return [
        "| class | keys | precision | recall | F1 | ticks |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {'+'.join(head.classes[name]) or '-'} | {_told(one.precision)} "
            f"| {_told(one.recall)} | {_told(one.f1)} | {one.support} |"
            for name, one in score.classes.items()
        ),
    ]


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _curves(fitted: Fitted) -> Figure:
    figure = Figure(figsize=(7, 3), layout="constrained")
    left = figure.subplots()
    steps = [one.step for one in fitted.history]
    left.plot(steps, [one.loss for one in fitted.history], color=_PERSON)
    left.set_xlabel("step")
    left.set_ylabel("training loss", color=_PERSON)
    scored = [(one.step, one.score) for one in fitted.history if one.score is not None]
    if scored:
        right = left.twinx()
        right.plot([step for step, _ in scored], [score for _, score in scored], color=_POLICY)
        right.set_ylabel("held-out score", color=_POLICY)
        right.axvline(fitted.best_step, color="grey", linestyle=":")
    return figure


def _confusion(head: Head, of_head: HeadEvaluation) -> Figure:
    size = len(head.names)
    table = np.zeros((size, size), dtype=np.int64)
    for run in of_head.runs:
        table += confusion(run.truth[run.counts], run.decided[run.counts], size)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = 1.8 + 0.5 * size
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, vmin=0.0, vmax=1.0, cmap="Blues")
    axes.set_xticks(range(size), head.names, rotation=45, ha="right")
    axes.set_yticks(range(size), head.names)
    axes.set_xlabel("policy")
    axes.set_ylabel("person")
    for row in range(size):
        for column in range(size):
            if table[row, column]:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(
                    column,
                    row,
                    f"{shares[row, column]:.2f}",
                    color=colour,
                    ha="center",
                    va="center",
                    fontsize=8,
                )
    return figure


def _piano_roll(profile: GameProfile, evaluation: Evaluation) -> Figure:
    """Draw each key's presses, the person's above the policy's, where most happens."""
    rate_hz = profile.capture.rate_hz
    runs = {name: of_head.runs for name, of_head in evaluation.heads.items()}
    length = max(1, round(ROLL_S * rate_hz))
    index, start = _busiest(list(runs.values()), length)
    lanes = [(head, key) for head in profile.heads for key in sorted(head.keys)]
    figure = Figure(figsize=(9, 0.6 + 0.35 * len(lanes)), layout="constrained")
    axes = figure.subplots()
    for lane, (head, key) in enumerate(lanes):
        run = runs[head.name][index]
        holds = np.array([key in chord for chord in head.chords])
        for labels, below, colour in (
            (run.truth, 0.0, _PERSON),
            (run.decided, 0.42, _POLICY),
        ):
            held = holds[labels[start : start + length]]
            _bars(axes, held, at=lane + below, rate_hz=rate_hz, colour=colour)
    axes.set_yticks([lane + 0.4 for lane in range(len(lanes))], [key for _, key in lanes])
    axes.set_ylim(len(lanes), -0.1)
    axes.set_xlim(0, length / rate_hz)
    axes.set_xlabel("seconds (blue: the person, orange: the policy)")
    return figure


def _bars(axes: Axes, held: np.ndarray, *, at: float, rate_hz: float, colour: str) -> None:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], held.astype(np.int8), [0]])))
    spans = [
        (start / rate_hz, (stop - start) / rate_hz)
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]
    axes.broken_barh(spans, (at, 0.38), color=colour)


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


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(part_path(path), format="png", dpi=110)
    part_path(path).replace(path)

"""What a learning curve comes to: `curve.json`, `curve.md` and `curve.png`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from agent.trial import Interval, Score, TrialReport, bootstrap_mean, interval_words
from data.paths import written_whole

_FOR, _AGAINST = "#1f7a3d", "#c0392b"
_HEADS = ("#2f6fde", "#e07b24", "#7d4fc4", "#58616b")


@dataclass(frozen=True, slots=True)
class Point:
    """One policy of the curve."""

    minutes: float
    """Of play it was trained on, its own validation included."""
    recordings: int
    seed: int
    training: Mapping[str, Any]
    """`ticks`, `steps`, `seconds`, and the names of the recordings used for `validation`."""
    evaluation: Mapping[str, Any]
    """As `understudy evaluate --json` prints it, on recordings that no policy learned from."""
    scores: tuple[Score, ...]
    """Its matches, those of every policy on the same seeds; none for another game."""


@dataclass(frozen=True, slots=True)
class CurveFacts:
    """What all points share."""

    settings: Mapping[str, Any]
    """`difficulty`, `match_seconds`, `matches`, `seed` and so on."""
    recordings: tuple[str, ...]
    """Names, in the order in which they are added."""
    held_out: tuple[str, ...]
    """Names of the recordings judged on."""
    coach: tuple[Score, ...]
    """Its matches, on the same seeds; none for another game."""


def curve_json(facts: CurveFacts, points: Sequence[Point]) -> dict[str, Any]:
    """Return what `curve.json` holds: the curve, an amount a row, and every policy."""
    difficulty = str(facts.settings["difficulty"])
    coach = TrialReport("coach", difficulty, facts.coach) if facts.coach else None
    amounts = [list(group) for _, group in groupby(points, key=lambda point: point.minutes)]
    rows = [_row(amount, coach, difficulty) for amount in amounts]
    for (before, after), row in zip(pairwise(amounts), rows[1:], strict=True):
        if coach is not None:
            row["gain"] = _gain(before, after).to_json()
    return {
        **facts.settings,
        "recordings": list(facts.recordings),
        "held_out": list(facts.held_out),
        "coach": None if coach is None else coach.to_json(),
        "curve": rows,
        "policies": [
            {
                "minutes": round(point.minutes, 3),
                "seed": point.seed,
                "training": dict(point.training),
                "evaluation": dict(point.evaluation),
                "scores": [[score.goals_for, score.goals_against] for score in point.scores],
            }
            for point in points
        ],
        "headline": _headline(rows, coach),
    }


def _row(amount: Sequence[Point], coach: TrialReport | None, difficulty: str) -> dict[str, Any]:
    heads = amount[0].evaluation["heads"]
    row: dict[str, Any] = {
        "minutes": round(amount[0].minutes, 3),
        "recordings": amount[0].recordings,
        "policies": len(amount),
        "training_seconds": round(_mean([p.training["seconds"] for p in amount]), 1),
        "macro_f1": {
            head: _known_mean([p.evaluation["heads"][head]["macro_f1"] for p in amount])
            for head in heads
        },
    }
    if coach is not None:
        scores = tuple(score for point in amount for score in point.scores)
        told = TrialReport("policy", difficulty, scores)
        row |= {
            name: value
            for name, value in told.to_json().items()
            if name in {"goals_for", "goals_against", "goal_difference", "matches"}
        }
        if coach.goals_for.mean:
            row["share_of_coach"] = round(told.goals_for.mean / coach.goals_for.mean, 3)
    return row


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _known_mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(_mean(known), 4) if known else None


def figure(value: float | None) -> str:
    """Return a score in words."""
    return "-" if value is None else f"{value:.3f}"


def _gain(before: Sequence[Point], after: Sequence[Point]) -> Interval:
    """Compare goals scored match by match, as both amounts met the same matches."""
    goals = [
        np.array([[score.goals_for for score in point.scores] for point in amount]).mean(axis=0)
        for amount in (before, after)
    ]
    return bootstrap_mean((goals[1] - goals[0]).tolist())


def _headline(rows: Sequence[Mapping[str, Any]], coach: TrialReport | None) -> str:
    if coach is None:
        told = [f"from {row['minutes']:.3g} minutes {_heads(row)}" for row in rows]
        return f"Held-out macro-F1: {'; '.join(told)}."
    told = [f"{row['goals_for']['mean']:.2f} from {row['minutes']:.3g} minutes" for row in rows]
    return f"Goals a match: {', '.join(told)}; the coach scores {coach.goals_for.mean:.2f}."


def _heads(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{head} {figure(value)}" for head, value in row["macro_f1"].items())


def write_curve(folder: Path, facts: CurveFacts, points: Sequence[Point]) -> None:
    """Write the three files; each appears whole."""
    found = curve_json(facts, points)
    drawn = draw_curve(found)
    with written_whole(folder / "curve.png") as part:
        drawn.savefig(part, format="png", dpi=110)
    for name, text in (
        ("curve.md", curve_text(found)),
        ("curve.json", json.dumps(found, indent=2) + "\n"),
    ):
        with written_whole(folder / name) as part:
            part.write_text(text, encoding="utf-8")


def curve_text(found: Mapping[str, Any]) -> str:
    """Return the report in Markdown."""
    rows, coach = found["curve"], found["coach"]
    heads = list(rows[0]["macro_f1"])
    head = ["minutes", "recordings", *(f"{name} macro-F1" for name in heads), "training"]
    goals = ["goals for", "goals against", "of the coach's"] if coach else []
    lines = [
        "# How much play does it take",
        "",
        found["headline"],
        "",
        "![the curve](curve.png)",
        "",
        f"| {' | '.join([*head[:2], *goals, *head[2:]])} |",
        "|---" * (len(head) + len(goals)) + "|",
    ]
    for row in rows:
        cells = [f"{row['minutes']:.3g}", str(row["recordings"])]
        if coach:
            share = row.get("share_of_coach")
            cells += [interval_words(row["goals_for"]), interval_words(row["goals_against"])]
            cells += ["-" if share is None else f"{100 * share:.0f}%"]
        cells += [figure(row["macro_f1"][name]) for name in heads]
        lines.append(f"| {' | '.join([*cells, _duration(row['training_seconds'])])} |")
    if coach:
        scored = [interval_words(coach[side]) for side in ("goals_for", "goals_against")]
        cells = ["the coach", "", *scored]
        lines.append(f"| {' | '.join([*cells, *[''] * (len(heads) + 2)])} |")
    lines += ["", *(f"- {line}" for line in (*_gains(rows), *_how(found)))]
    return "\n".join(lines) + "\n"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def _gains(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    told = []
    for before, after in pairwise(rows):
        if "gain" not in after:
            continue
        low, high = after["gain"]["ci95"]
        verdict = "more play helps" if low > 0 else "more play hurts" if high < 0 else "not sure"
        told.append(
            f"From {before['minutes']:.3g} to {after['minutes']:.3g} minutes: "
            f"{after['gain']['mean']:+.2f} goals a match ({low:+.2f} to {high:+.2f}): {verdict}."
        )
    return told


def _how(found: Mapping[str, Any]) -> list[str]:
    told = [
        "Amounts hold the smaller ones, and the recordings that a training holds out for itself.",
        f"Macro-F1 is on {len(found['held_out'])} recordings that no policy learned from.",
    ]
    if found["coach"]:
        told.append(
            f"Each policy played the same {found['matches']} matches of "
            f"{found['match_seconds']:g} s at {found['difficulty']}, without a window and never "
            "trained on; in brackets 95% intervals over matches, which leave out the luck of the "
            "training seed."
        )
    if found["seeds"] > 1:
        told.append(f"Means of {found['seeds']} training seeds.")
    return told


def draw_curve(found: Mapping[str, Any]) -> Figure:
    """Draw goals and held-out macro-F1 against minutes, on a logarithmic axis."""
    rows, coach = found["curve"], found["coach"]
    drawn = Figure(figsize=(7, 6.5 if coach else 3.5), layout="constrained")
    if coach:
        top, bottom = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_goals(top, rows, coach)
        _draw_policies(top, found["policies"])
        top.legend(frameon=False, fontsize=8)
    else:
        bottom = drawn.subplots()
    minutes = [row["minutes"] for row in rows]
    for index, head in enumerate(rows[0]["macro_f1"]):
        scores = [row["macro_f1"][head] for row in rows]
        values = [np.nan if score is None else score for score in scores]
        bottom.plot(minutes, values, "o-", color=_HEADS[index % len(_HEADS)], label=head)
    bottom.set_xscale("log")
    bottom.xaxis.set_minor_locator(NullLocator())
    bottom.set_xticks(minutes, [f"{value:.3g}" for value in minutes])
    bottom.set_xlabel("minutes of recorded play")
    bottom.set_ylabel("held-out macro-F1")
    bottom.set_ylim(0, 1)
    bottom.legend(frameon=False, fontsize=8)
    return drawn


def _draw_goals(axes: Axes, rows: Sequence[Mapping[str, Any]], coach: Mapping[str, Any]) -> None:
    for name, colour in (("goals_for", _FOR), ("goals_against", _AGAINST)):
        label = name.replace("_", " ")
        means = np.array([row[name]["mean"] for row in rows])
        ends = np.array([row[name]["ci95"] for row in rows]).T
        axes.errorbar(
            [row["minutes"] for row in rows],
            means,
            yerr=np.abs(ends - means),
            fmt="o-",
            capsize=4,
            color=colour,
            label=label,
        )
        axes.axhspan(*coach[name]["ci95"], color=colour, alpha=0.13, linewidth=0)
        level = coach[name]["mean"]
        axes.axhline(level, color=colour, linestyle="--", linewidth=1, label=f"coach, {label}")
    axes.set_ylabel("goals a match (95%)")
    axes.set_ylim(bottom=0)


def _draw_policies(axes: Axes, policies: Sequence[Mapping[str, Any]]) -> None:
    """Show each training seed as a faint dot, where there are several."""
    if len({policy["seed"] for policy in policies}) < 2:
        return
    for side, colour in enumerate((_FOR, _AGAINST)):
        axes.plot(
            [policy["minutes"] for policy in policies],
            [_mean([score[side] for score in policy["scores"]]) for policy in policies],
            ".",
            color=colour,
            alpha=0.4,
        )

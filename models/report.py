"""What a policy's training comes to: `report.md` with its pictures, the most important first."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from data.paths import written_whole
from data.profile import GameProfile, Head
from models import report_pictures as pictures
from models.evaluation import Evaluation, HeadEvaluation
from models.mistakes import draw_mistakes, worst_mistakes
from models.policy_metrics import HeadScore
from models.policy_recipe import FitProgress
from models.policy_weakness import Practised, weaknesses

RIVALS = {
    "majority": "always the commonest class",
    "neighbours": "what the person held at the most similar ticks",
    "repeat": "repeats the person's last keys",
}


def write_report(
    out: Path,
    *,
    profile: GameProfile,
    evaluation: Evaluation | None,
    facts: Mapping[str, str],
    history: Sequence[FitProgress] = (),
    best_step: int = 0,
    practised: Practised | None = None,
    notes: Sequence[str] = (),
) -> Path:
    """Write `report.md` and its pictures into a folder; return the report's path.

    Args:
        out: The folder, usually a run's.
        profile: What was trained for.
        evaluation: On recordings held out; None without.
        facts: Told first, each in a line.
        history: How training went; empty when it is not told.
        best_step: After which step the weights were kept.
        practised: What there was to learn from; None when it is not known.
        notes: Sentences to know before trusting it.
    """
    weak = weaknesses(profile, evaluation, practised)
    lines = [
        f"# Policy for {profile.name}",
        "",
        *(f"- {name}: {value}" for name, value in facts.items()),
        "",
        "## What is weak, and what to do",
        "",
        *([f"- {text}" for text in (*notes, *weak)] or ["Nothing stands out."]),
    ]
    if evaluation is not None:
        lines += _overview(profile, evaluation)
        lines += _what_was_pressed(out, evaluation)
        lines += _worst(out, evaluation)
    if history:
        pictures.save(pictures.curves(history, best_step), out / "curves.png")
        lines += ["", "## Training", "", "![loss and held-out score](curves.png)"]
    for head in profile.heads if evaluation is not None else ():
        assert evaluation is not None
        lines += _of_head(out, head, evaluation.heads[head.name])
    if evaluation is not None:
        lines += _further(out, evaluation)
    path = out / "report.md"
    with written_whole(path) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _overview(profile: GameProfile, evaluation: Evaluation) -> list[str]:
    lines = [
        "",
        "## Scores on held-out play, beside policies that know little",
        "",
        "| | macro-F1 | onset F1 | balanced accuracy | on changed ticks | NLL |",
        "|---|---|---|---|---|---|",
    ]
    for head in profile.heads:
        of_head = evaluation.heads[head.name]
        lines.append(_score_row(f"**{head.name}**", of_head.score))
        if of_head.told is not None:
            lines.append(_score_row("the same, told the person's last keys", of_head.told))
        lines += [
            _score_row(told, of_head.baselines[name])
            for name, told in RIVALS.items()
            if name in of_head.baselines
        ]
    return [
        *lines,
        "",
        "Onset F1 counts a press right within 100 ms of the person's. Whoever repeats is told the "
        "person's true keys of the tick before: it scores high everywhere but on changed ticks, "
        "where a key goes down or up, and can't play.",
    ]


def _score_row(name: str, score: HeadScore) -> str:
    nll = None if score.calibration is None else score.calibration.nll
    values = (score.macro_f1, score.onset_f1, score.balanced_accuracy, score.changed_accuracy, nll)
    return f"| {name} | {' | '.join(_told(value) for value in values)} |"


def _what_was_pressed(out: Path, evaluation: Evaluation) -> list[str]:
    pictures.save(pictures.piano_roll(evaluation), out / "piano_roll.png")
    return [
        "",
        "## What the person pressed, and what the policy would have",
        "",
        "![keys over time](piano_roll.png)",
    ]


def _worst(out: Path, evaluation: Evaluation) -> list[str]:
    mistakes = worst_mistakes(evaluation)
    if not mistakes:
        return []
    told = draw_mistakes(mistakes, evaluation, out=out / "mistakes.png")
    return [
        "",
        "## Where it was sure and wrong",
        "",
        "Boxes are what the policy is told of; white: what the person controls, thin: missed by "
        "the detector on this frame and only believed to be there, arrows: motion.",
        "",
        "![the frames of the worst mistakes](mistakes.png)",
        "",
        *told,
    ]


def _of_head(out: Path, head: Head, of_head: HeadEvaluation) -> list[str]:
    picture = f"confusion_{head.name}.png"
    pictures.save(pictures.confusion_matrix(head, of_head), out / picture)
    return [
        "",
        f"## {head.name}",
        "",
        *_class_table(head, of_head),
        "",
        *_key_table(of_head),
        "",
        f"![{head.name}: person's class by policy's]({picture})",
    ]


def _class_table(head: Head, of_head: HeadEvaluation) -> list[str]:
    rivals = [name for name in ("majority", "neighbours") if name in of_head.baselines]
    return [
        f"| class | keys | precision | recall | F1 | {' | '.join(f'F1 of {r}' for r in rivals)} "
        "| ticks |",
        f"|---|---|---|---|---|{'---|' * len(rivals)}---|",
        *(
            f"| {name} | {'+'.join(head.classes[name]) or '-'} | {_told(one.precision)} "
            f"| {_told(one.recall)} | {_told(one.f1)} | "
            + " | ".join(_told(of_head.baselines[r].classes[name].f1) for r in rivals)
            + f" | {one.support} |"
            for name, one in of_head.score.classes.items()
        ),
    ]


def _key_table(of_head: HeadEvaluation) -> list[str]:
    return [
        "| key | pressed by the person | by the policy | of these at the same time | late by (ms) "
        "| held by the person (ms) | by the policy | distance |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {key} | {one.wanted} | {one.pressed} | {one.hits} | {_told(one.late_ms, 0)} "
            f"| {_told(one.wanted_hold_ms, 0)} | {_told(one.pressed_hold_ms, 0)} "
            f"| {_told(one.hold_ms, 0)} |"
            for key, one in of_head.score.keys.items()
        ),
    ]


def _further(out: Path, evaluation: Evaluation) -> list[str]:
    lines = ["", "## How long keys are held, and how sure it is"]
    holds = pictures.hold_lengths(evaluation)
    if holds is not None:
        pictures.save(holds, out / "holds.png")
        lines += ["", "![how long each key is held](holds.png)"]
    pictures.save(pictures.reliability(evaluation), out / "calibration.png")
    return [
        *lines,
        "",
        "![how often it is right by how sure it is](calibration.png)",
        "",
        "On the dotted line it is right as often as it is sure; below it, it is surer than it "
        "should be. A dot's area is its share of the ticks. Offsets are what rare classes were "
        "given on validation.",
    ]


def _told(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"

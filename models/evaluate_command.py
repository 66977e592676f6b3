"""`understudy evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.console import AsJson, Files, Force, out, print_json, print_table, progress, stoppable

if TYPE_CHECKING:
    from models.evaluation import Evaluation


def evaluate(
    run: Annotated[Path, typer.Argument(help="A policy's run folder.")],
    files: Files,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="A folder for report.md: pictures, and what is weak."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Judge a policy on recordings it never saw, beside baselines that know little."""
    from data.paths import claim_output
    from models.evaluation import evaluate_run
    from models.report import write_report

    if report is not None:
        claim_output(report / "report.md", force=force)
    with stoppable() as stop, progress(quiet=as_json) as show:
        found = evaluate_run(
            run,
            files,
            on_progress=lambda now: show(f"look at {now.name}", now.share),
            stop=stop,
        )
    if report is not None:
        facts = {"run": str(run), "judged on": ", ".join(path.name for path in files)}
        write_report(report, profile=found.profile, evaluation=found, facts=facts)
    if as_json:
        print_json(found.to_json())
        return
    _print_scores(str(run), found)
    if report is not None:
        out.print(f"see {report / 'report.md'}")


def _print_scores(title: str, found: "Evaluation") -> None:
    rows = []
    for head, judged in found.heads.items():
        for name, score in {head: judged.score, **judged.baselines}.items():
            told = score.calibration
            rows.append(
                (
                    name if name == head else f"  {name}",
                    _short(score.macro_f1),
                    _short(score.onset_f1),
                    _short(score.balanced_accuracy),
                    _short(score.changed_accuracy),
                    _short(None if told is None else told.nll),
                    _short(None if told is None else told.ece),
                    _short(score.hold_ms, digits=0),
                )
            )
    # Names so short that eight columns fit a terminal of 80.
    names = ("macro", "onset", "recall", "changed", "NLL", "ECE", "hold ms")
    print_table(f"{title}: F1 (macro, of onsets), and more", ["", *names], rows)


def _short(value: float | None, *, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"

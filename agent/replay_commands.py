"""`understudy replay`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from data.console import AsJson, out, print_json, print_table, progress, stoppable

if TYPE_CHECKING:
    from agent.agreement import Agreement
    from agent.replay import Replayed

LEAST_SAME = 0.999  # of the ticks two engines must decide the same


def replay(
    log: Annotated[Path, typer.Argument(help="A flight log (.h5).", show_default=False)],
    run: Annotated[
        Path | None, typer.Argument(help="The run that played; the one the log names if none.")
    ] = None,
    look: Annotated[
        bool, typer.Option("--look", help="Also look at the stored pictures again.")
    ] = False,
    engine: Annotated[
        Literal["onnx", "torch"] | None,
        typer.Option("--engine", help="Also look with this one; compare the two."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make every decision of a flight log again; exit with 1 where one comes out otherwise."""
    from agent.flown import FlightLogReader
    from agent.replay import replay as replay_log
    from data.reader import Recording

    with stoppable() as stop, progress(quiet=as_json) as show, Recording(log) as recording:
        found = replay_log(
            FlightLogReader(recording, run),
            look=look,
            engine=engine or "",
            on_progress=show,
            stop=stop,
        )
    agree = found.engines is None or found.engines.same_share >= LEAST_SAME
    if as_json:
        print_json(to_json(found))
    else:
        _tell(log, found)
    if not (found.same and agree):
        raise typer.Exit(1)


def to_json(found: "Replayed") -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "run": str(found.run),
        "run_differs": found.run_differs,
        "engine": found.engine,
        "same": found.same,
        "decisions": found.compared,
        "before_first_start": found.skipped,
        "without_picture": found.without_picture,
        "held": found.held,
        "not_pressed": found.not_pressed,
        "heads": {
            name: {
                "differing": of_head.differing,
                "largest": of_head.largest,
                "classes": of_head.classes,
            }
            for name, of_head in found.heads.items()
        },
        "first": [
            {
                "at_s": round(one.at_s, 3),
                "decision": one.number,
                "largest": one.largest,
                "logged": dict(one.logged),
                "replayed": dict(one.replayed),
            }
            for one in found.first
        ],
        "pictures": None if found.pictures is None else found.pictures.to_json(),
        "other_engine": found.other_engine or None,
        "engines": None if found.engines is None else found.engines.to_json(),
    }


def _tell(log: Path, found: "Replayed") -> None:
    if found.run_differs:
        out.print(
            f"[yellow]{found.run} is not, or no longer, the run that played {log}: other weights "
            "or settings.[/yellow]"
        )
    if found.same:
        out.print(
            f"{log}: {found.compared} decisions made again by {found.run}, every one the same, to "
            "the last bit."
        )
    else:
        rows = [
            (name, one.differing, f"{one.largest:.2e}", one.classes)
            for name, one in found.heads.items()
        ]
        title = f"{log}: {found.compared} decisions made again by {found.run}"
        print_table(title, ["", "other numbers", "largest", "other class"], rows)
        out.print(f"{found.held} decisions hold other keys. The first that differ:")
        for one in found.first:
            told = ", ".join(
                f"{head} {was}, now {one.replayed[head]}" for head, was in one.logged.items()
            )
            apart = f"probabilities differ by {one.largest:.2e}"
            out.print(f"  {one.at_s:.2f} s (decision {one.number}): {told or apart}")
    if found.skipped:
        out.print(f"{found.skipped} decisions before the first fresh start are left out.")
    if found.without_picture:
        out.print(
            f"{found.without_picture} of them lost their picture to a slow disk: only their "
            "choices are compared."
        )
    if found.pictures is not None:
        out.print(_agreement("the stored pictures (JPEG), beside what was seen", found.pictures))
    if found.engines is not None:
        what = f"{found.other_engine}, beside {found.engine}, both on the stored pictures"
        out.print(_agreement(what, found.engines))


def _agreement(what: str, found: "Agreement") -> str:
    heads = ", ".join(f"{name} {count}" for name, count in found.other.items())
    return (
        f"{what}: the same decision on {100 * found.same_share:.2f}% of {found.ticks} ticks "
        f"(otherwise: {heads}); logits differ by {found.apart(50):.1e} in the middle, "
        f"{found.apart(99.9):.1e} at 99.9%, {found.apart(100):.1e} at most."
    )

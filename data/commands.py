"""`understudy profile`, `inspect`, `repair` and `export`: what is known of games and recordings."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from data.console import AsJson, Files, Force, out, print_json, print_table

profile_app = typer.Typer(no_args_is_help=True, help="Games that are known.")


@profile_app.command("list")
def profile_list(as_json: AsJson = False) -> None:
    """List the profiles that come with Understudy."""
    from data.profile import load_profile, shipped_profiles

    found = {name: load_profile(name).description for name in shipped_profiles()}
    if as_json:
        print_json(found)
    else:
        print_table("Profiles", ["name", "game"], list(found.items()), numbers=False)


@profile_app.command("show")
def profile_show(name: Annotated[str, typer.Argument(help="A name or a .toml file.")]) -> None:
    """Print a profile as JSON."""
    from data.profile import load_profile

    print_json(json.loads(load_profile(name).to_json()))


@profile_app.command("check")
def profile_check(file: Annotated[str, typer.Argument(help="A .toml file.")]) -> None:
    """Check a profile; the first wrong field is named with its cure."""
    from data.profile import load_profile

    profile = load_profile(file)
    for head in profile.heads:
        profile.mirrored_classes(head)
    out.print(f"{file}: sound. Keys: {', '.join(profile.keys)}.")


def inspect(files: Files, as_json: AsJson = False) -> None:
    """Say what is in recordings, and what is wrong with them, in words."""
    from data.summary import summarise

    found = {str(file): asdict(summarise(file)) for file in files}
    if as_json:
        print_json(next(iter(found.values())) if len(found) == 1 else {"files": found})
        return
    for name, summary in found.items():
        rows: list[tuple[str, object]] = [
            ("frames", summary["frames"]),
            ("seconds", f"{summary['seconds']:.1f}"),
            ("rate (Hz)", f"{summary['rate_hz']:.2f}"),
            ("dropped", summary["dropped"]),
            ("jitter p50 / p99 (ms)", "{p50:.2f} / {p99:.2f}".format(**summary["jitter_ms"])),
            ("megabytes", f"{summary['bytes'] / 1e6:.1f}"),
            ("presses", ", ".join(f"{k} {n}" for k, n in summary["keys"].items() if n) or "none"),
        ]
        for head, classes in summary["heads"].items():
            shares = ", ".join(f"{c} {100 * n / max(1, summary['frames']):.0f}%"
                               for c, n in classes.items() if n)  # fmt: skip
            rows.append((head, shares))
        if any(summary["boxes"].values()):
            rows.append(("boxes", ", ".join(f"{k} {n}" for k, n in summary["boxes"].items())))
        if summary["spans"]:
            rows.append(("spans", ", ".join(f"{k} {n}" for k, n in summary["spans"].items())))
        print_table(name, ["", ""], rows, numbers=False)
        for problem in summary["problems"]:
            out.print(f"[yellow]![/yellow] {problem}")


def repair(
    part: Annotated[Path, typer.Argument(help="A leftover, NAME.h5.part.")], force: Force = False
) -> None:
    """Close what a recorder left behind when it died."""
    from data.paths import require_input
    from data.writer import repair as close_leftover

    out.print(f"repaired: {close_leftover(require_input(part), force=force)}")


def export(
    file: Annotated[Path, typer.Argument(help="A recording or flight log.")],
    target: Annotated[Path, typer.Argument(help="The film to write.")],
    to: Annotated[str, typer.Option("--to", help="Format: mp4.")] = "mp4",
    force: Force = False,
) -> None:
    """Write a recording as a film with its keys drawn in."""
    from data.export import export_mp4

    if to != "mp4":
        raise typer.BadParameter(f"{to!r}: the one format is mp4", param_hint="--to")
    out.print(f"written: {export_mp4(file, target, force=force)}")

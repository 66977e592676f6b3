"""`understudy record`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from data.console import AsJson, Force, ProfileName, Seconds, err, out, print_json, stoppable


def record(
    target: Annotated[Path, typer.Option("--out", help="The recording to write (.h5).")],
    profile: ProfileName = "practice",
    seconds: Seconds = None,
    rate: Annotated[
        float | None, typer.Option("--rate", min=1, max=240, help="Pictures a second.")
    ] = None,
    wait: Annotated[float, typer.Option("--wait", help="Wait so long for the window.")] = 0.0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Record a game's window and the keys of its profile, while it has the focus."""
    from data.profile import load_profile
    from recorder.desktop import record_desktop
    from recorder.session import RecordStatus

    game = load_profile(profile)
    with stoppable() as stop, err.status("looking for the window") as line:

        def tell(status: RecordStatus) -> None:
            held = " ".join(sorted(status.held))
            line.update(
                f"{status.state}: {status.seconds:.0f} s, {status.frames} frames, "
                f"{status.dropped} dropped. {game.stop_key} stops. {held}"
            )

        report = record_desktop(
            game,
            target,
            seconds=seconds,
            rate_hz=rate or game.capture.rate_hz,
            stop=stop,
            force=force,
            wait_s=wait,
            on_status=tell,
        )
    if as_json:
        print_json(asdict(report))
    else:
        out.print(
            f"{target}: {report.frames} frames in {report.seconds:.1f} s, {report.dropped} dropped "
            f"({report.ending})."
        )

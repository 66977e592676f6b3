"""`understudy bench load`."""

from pathlib import Path
from typing import Annotated

import typer

from data.console import AsJson, out, print_json, print_table, progress, stoppable


def bench_load_command(
    file: Annotated[Path, typer.Argument(help="A recording.", show_default=False)],
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="Of measuring.")] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Read a recording's pictures, beside bare decoding of the same bytes."""
    from data.benchmark import bench_load

    with stoppable() as stop, progress(quiet=as_json) as show:
        found = bench_load(
            file,
            seconds=seconds,
            show=lambda share: show("read pictures", share),
            stop=stop,
        )
    if as_json:
        print_json(found)
        return
    rows = [
        ("in turn", f"{found['ours']['sequential']:.0f}"),
        ("shuffled", f"{found['ours']['shuffled']:.0f}"),
        ("bare cv2.imdecode", f"{found['reference']['frames_per_s']:.0f}"),
    ]
    print_table("Pictures read", ["", "a second"], rows)
    out.print(f"In turn is {found['ratio']:.2f} of bare decoding.")

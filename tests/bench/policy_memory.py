"""Train on a little play and on ten times as much: memory, and time for a window.

    .venv/bin/python -m tests.bench.policy_memory RECORDING... [--few 3] [--many 30] [--json]

Each training is the ordinary one in a process of its own, from recordings nobody has looked at to
the report, with the same number of steps. Given fewer recordings, the same are used under several
names. The time is the median over ten steps without a look at the validation recordings, and once
more in seconds of the processor, which other programs disturb less.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from data.console import AsJson, Files, out, print_json, print_table, progress

SAMPLED_EVERY_S = 0.2


@dataclass
class Watched:
    """What is seen of a training from within its process."""

    rss: list[tuple[float, str, float]] = field(default_factory=list)
    """Seconds since the beginning, the phase, MB resident."""
    phase: str = "starting"
    ticks: list[tuple[int, bool, float, float]] = field(default_factory=list)
    """Step, whether it was a look, and the time by clock and by processor."""

    def tell(self, phase: str, note: str) -> None:
        """Take a report of the training's progress."""
        self.phase = phase
        if phase == "learning":
            step = int(note.split()[1])
            looked = "held-out" in note
            self.ticks.append((step, looked, time.monotonic(), time.process_time()))

    def sample(self, ended: threading.Event) -> None:
        """Note the memory again and again."""
        began_s = time.monotonic()
        while not ended.wait(SAMPLED_EVERY_S):
            self.rss.append((round(time.monotonic() - began_s, 1), self.phase, memory_mb("VmRSS")))

    def window_ms(self, streams: int, *, by_processor: bool) -> float:
        """Return the median time for one window of one stream."""
        which = 3 if by_processor else 2
        spent = [
            (after[which] - before[which]) / (after[0] - before[0])
            for before, after in zip(self.ticks, self.ticks[1:], strict=False)
            if not after[1] and after[0] > before[0]
        ]
        return 1e3 * median(spent) / streams


def memory_mb(name: str, process: int | str = "self") -> float:
    """Return a line of a process's status: VmRSS is resident now, VmHWM was at most."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return float(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def train(recordings: Sequence[Path], folder: Path, steps: int) -> dict[str, Any]:
    """Train in this process, and watch."""
    from data.profile import load_profile
    from models.perception import load_detector
    from models.policy_recipe import FitSettings, PolicyTrainingSettings
    from models.policy_training import train_policy

    watched, ended = Watched(), threading.Event()
    sampler = threading.Thread(target=watched.sample, args=(ended,))
    sampler.start()
    fit = FitSettings(steps=steps, checks=2)
    try:
        report = train_policy(
            recordings,
            profile=load_profile("practice"),
            detector=load_detector(),
            out=folder,
            settings=PolicyTrainingSettings(fit=fit, threads=1),
            on_progress=lambda now: watched.tell(now.phase, now.note),
        )
    finally:
        ended.set()
        sampler.join()
    return {
        "recordings": len(recordings),
        "ticks": report.ticks,
        "peak_mb": round(memory_mb("VmHWM"), 1),
        "window_ms": round(watched.window_ms(fit.streams, by_processor=False), 3),
        "window_processor_ms": round(watched.window_ms(fit.streams, by_processor=True), 3),
        "seeing_s": round(report.seeing_s, 1),
        "peak_mb_by_phase": _by_phase(watched.rss),
        "rss_mb": [[at_s, round(mb)] for at_s, _, mb in watched.rss[::5]],
    }


def _by_phase(rss: Sequence[tuple[float, str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for _, phase, mb in rss:
        found[phase] = round(max(mb, found.get(phase, 0.0)), 1)
    return found


def _named(recordings: Sequence[Path], count: int, folder: Path) -> list[Path]:
    """Return so many recordings, the same again under other names where there are fewer."""
    folder.mkdir()
    paths = []
    for index in range(count):
        path = folder / f"{index:03d}.h5"
        path.hardlink_to(recordings[index % len(recordings)].resolve())
        paths.append(path)
    return paths


def main(
    recordings: Files,
    few: Annotated[int, typer.Option("--few", min=2, help="Recordings.")] = 3,
    many: Annotated[int, typer.Option("--many", min=3, help="Recordings.")] = 30,
    steps: Annotated[int, typer.Option("--steps", min=30, help="Of each training.")] = 120,
    child: Annotated[Path | None, typer.Option("--child", hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Train twice and compare."""
    if child is not None:
        print_json(train(recordings, child, steps))
        return
    found: dict[str, Any] = {}
    # Beside the recordings, because they are linked and not copied.
    with (
        tempfile.TemporaryDirectory(dir=recordings[0].resolve().parent) as folder,
        progress(quiet=as_json) as show,
    ):
        for name, count in (("few", few), ("many", many)):
            show(f"train on {count} recordings", 0.0)
            paths = _named(recordings, count, Path(folder) / name)
            words = [*map(str, paths), "--steps", str(steps)]
            words += ["--child", str(Path(folder) / f"{name}-run")]
            told = subprocess.run(
                [sys.executable, "-m", "tests.bench.policy_memory", *words],
                stdout=subprocess.PIPE,
                check=True,
            )
            found[name] = json.loads(told.stdout)
            show(f"train on {count} recordings", 1.0)
    for what in ("peak_mb", "window_ms", "window_processor_ms"):
        found[f"{what}_ratio"] = round(found["many"][what] / found["few"][what], 3)
    if as_json:
        print_json(found)
        return
    told_of = ("ticks", "peak_mb", "window_ms", "window_processor_ms", "seeing_s")
    rows = [
        [what, found["few"][what], found["many"][what], found.get(f"{what}_ratio", "")]
        for what in told_of
    ]
    print_table("A little and much", ["", f"{few} recordings", f"{many}", "ratio"], rows)
    out.print(f"peak by phase, MB: {found['few']['peak_mb_by_phase']}")
    out.print(f"                   {found['many']['peak_mb_by_phase']}")


if __name__ == "__main__":
    typer.run(main)

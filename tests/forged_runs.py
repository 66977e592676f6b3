"""Load copies of a run whose config was forged, in a process of its own, and play a moment of each.

python tests/forged_runs.py RUN FOLDER

Sound is a decision, or one of our errors, within seconds and a bounded amount of memory. What was
not sound is printed, a line each.
"""

import copy
import json
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import UnderstudyError
from models.engine import PolicyRunner

MOST_S, MORE_BYTES = 10, 1 << 30
FORGED: tuple[Any, ...] = (0, -1, 300, 10**9, 10**30, float("nan"), "x", None, [1] * 40)
PARTS = ("policy", "detector")  # of the settings; profiles are forged in tests of their own


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for key, below in items:
        if isinstance(below, dict | list):
            yield from leaves(below, (*path, key))
        else:
            yield (*path, key)


def forged(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in leaves(config):
        for value in FORGED:
            mutant = copy.deepcopy(config)
            place: Any = mutant
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
            yield f"{'.'.join(map(str, path))} = {value!r}", mutant


def give_up(*_: object) -> None:
    raise TimeoutError


def play(folder: Path) -> None:
    runner = PolicyRunner.load(folder, engine="torch", device="cpu")
    size = runner.size
    image = np.zeros((size.height_px, size.width_px, 3), dtype=np.uint8)
    runner.step(image)


def main() -> None:
    run, folder = map(Path, sys.argv[1:])
    config = json.loads((run / "config.json").read_text())
    play(run)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MORE_BYTES, taken + MORE_BYTES))
    signal.signal(signal.SIGALRM, give_up)
    count = 0
    folder.mkdir()
    shutil.copy(run / "checkpoint.safetensors", folder)
    chosen = {"settings": {part: config["settings"][part] for part in PARTS}}
    for told, mutant in forged({**chosen, "offsets": config["offsets"]}):
        (folder / "config.json").write_text(json.dumps({**config, **mutant}))
        signal.alarm(MOST_S)
        count += 1
        try:
            play(folder)
        except UnderstudyError as error:
            if "\n" in str(error) or len(str(error)) > 1000:
                sys.stdout.write(f"{told}: says {error}\n")
        except Exception as error:  # noqa: BLE001 - whatever else is what is looked for
            sys.stdout.write(f"{told}: {type(error).__name__}: {str(error)[:200]!r}\n")
        finally:
            signal.alarm(0)
    sys.stdout.write(f"tried {count}\n")


main()

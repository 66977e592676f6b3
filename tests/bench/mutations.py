"""Read thousands of damaged files, each in a process of its own, and say how it ended.

    python -m tests.bench.mutations --count 10000 --seed 1 [--resealed] [--keep FOLDER]

Sound is a result, or one of our errors, within a second of the processor and 500 MB.
"""

import argparse
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import cv2

from data.console import out
from tests.bench.box_mutants import box_seeds
from tests.bench.mutants import Seed, make_seeds, read_mutant, write_mutant

MOST_S, MOST_MB, HANGS_S = 1.0, 500, 20.0
_seeds: list[Seed] = []


def main() -> None:
    options = _options()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        _seeds.extend(
            seed
            for seed in [*make_seeds(Path(folder)), *box_seeds()]
            if not options.only or seed.kind.startswith(options.only)
        )
        jobs = [(number, options.seed, folder, options.resealed) for number in range(options.count)]
        for seed in _seeds:  # everything that is read late is read once before the forks
            (Path(folder) / f"sound{seed.suffix}").write_bytes(seed.data)
            seed.read(Path(folder) / f"sound{seed.suffix}")
        began = time.monotonic()
        with get_context("fork").Pool(options.workers) as pool:
            found = pool.map(_try, jobs, chunksize=20)
    _tell(found, time.monotonic() - began)
    if options.keep:
        _keep(found, options)
    sys.exit(any(not ok(one) for one in found))


def ok(one: dict) -> bool:
    return one["end"] in ("read", "error") and one["seconds"] <= MOST_S and one["mb"] <= MOST_MB


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--resealed", action="store_true", help="forge HDF5's checksums, too")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default="", help="kinds that begin so, such as boxes")
    return parser.parse_args()


def _try(job: tuple[int, int, str, bool]) -> dict:
    number, seed, folder, resealed = job
    path = Path(folder) / f"mutant-{os.getpid()}"
    try:
        chosen = write_mutant(_seeds, number, seed, path, resealed=resealed)
    except Exception as error:  # noqa: BLE001 - HDF5 may refuse to write what was asked for
        return {"number": number, "kind": "none", "end": "read", "said": repr(error)[:200],
                "seconds": 0.0, "mb": 0.0}  # fmt: skip
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        _read_and_tell(chosen, path, tells)
    os.close(tells)
    found = {"number": number, "kind": chosen.kind} | _wait(child, told)
    os.close(told)
    return found


def _read_and_tell(seed: Seed, path: Path, tells: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # the JPEG library complains there
    before = _status()
    began = time.process_time()
    try:
        said = read_mutant(seed, path)
        end = "read" if said == "read" else "error"
    except BaseException as error:  # noqa: BLE001 - what must not happen is what is looked for
        end, said = "foreign", f"{error!r} {traceback.format_exc()[-600:]}"
    seconds = time.process_time() - began
    peak, after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, _status()
    mb = max(peak - before["VmRSS"], after["VmPeak"] - before["VmSize"]) / 1024
    os.write(
        tells, json.dumps({"end": end, "said": said[:1000], "seconds": seconds, "mb": mb}).encode()
    )
    os._exit(0)


def _status() -> dict[str, int]:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    pairs = (line.split(":") for line in lines if line.startswith("Vm"))
    return {name: int(value.split()[0]) for name, value in pairs}


def _wait(child: int, told: int) -> dict:
    ready, _, _ = select.select([told], [], [], HANGS_S)
    if not ready:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return {"end": "hang", "said": "", "seconds": HANGS_S, "mb": 0.0}
    said = os.read(told, 65536)
    _, status = os.waitpid(child, 0)
    if said:
        return json.loads(said)
    return {"end": "crash", "said": f"status {status}", "seconds": 0.0, "mb": 0.0}


def tell(what: object) -> None:
    out.print(what, markup=False, highlight=False)


def _tell(found: list[dict], seconds: float) -> None:
    kinds = sorted({one["kind"] for one in found})
    tell(f"{len(found)} files in {seconds:.0f} s")
    tell(f"{'':16}{'files':>7}{'read':>7}{'error':>7}{'foreign':>8}{'crash':>7}{'hang':>6}"
          f"{'over 1 s':>9}{'over 500 MB':>12}{'worst s':>9}{'worst MB':>9}")  # fmt: skip
    for kind in [*kinds, "all"]:
        of = [one for one in found if kind in (one["kind"], "all")]
        ends = Counter(one["end"] for one in of)
        slow = sum(one["seconds"] > MOST_S for one in of)
        large = sum(one["mb"] > MOST_MB for one in of)
        worst_s, worst_mb = max(one["seconds"] for one in of), max(one["mb"] for one in of)
        tell(f"{kind:16}{len(of):7}{ends['read']:7}{ends['error']:7}{ends['foreign']:8}"
             f"{ends['crash']:7}{ends['hang']:6}{slow:9}{large:12}"
             f"{worst_s:9.2f}{worst_mb:9.0f}")  # fmt: skip
    for one in [one for one in found if not ok(one)][:20]:
        tell(one)


def _keep(found: list[dict], options: argparse.Namespace) -> None:
    options.keep.mkdir(parents=True, exist_ok=True)
    for number in (one["number"] for one in found if not ok(one)):
        path = options.keep / f"mutant-{number}"
        write_mutant(_seeds, number, options.seed, path, resealed=options.resealed)


if __name__ == "__main__":
    main()

"""Kill a recorder at random moments, and say what each kill cost.

    python -m tests.bench.kills --count 100 --seed 1

The recorder is the real session with its real writer, clock and pace; screen and keyboard are
stand-ins. Lost is the time from the last picture that can be read to the kill.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from data.console import out
from data.errors import UnderstudyError
from data.frames import Image
from data.keys import KeyEvent
from data.reader import Recording
from data.repair import repair
from data.writer import RecordingWriter
from recorder.background import BackgroundWriter
from recorder.pacing import MonotonicClock
from recorder.screen import Frame
from recorder.session import record
from tests.factories import capture_facts, practice_profile

RATE_HZ = 30.0


class Screen:
    """A picture that never repeats, of the size of a game's window."""

    def __init__(self, clock: MonotonicClock) -> None:
        self._clock = clock
        self._noise = np.random.default_rng(0).integers(0, 60, (1440, 1280, 3), dtype=np.uint8)
        self._count = 0

    def grab(self) -> Frame:
        self._count += 1
        first = self._count * 7 % 720
        image: Image = self._noise[first : first + 720]
        return Frame(image, self._clock.now_ns())

    def close(self) -> None:
        pass


class Keys:
    """Three keys that go down and up."""

    def __init__(self, clock: MonotonicClock) -> None:
        self._clock = clock
        self._count = 0

    def drain(self) -> list[KeyEvent]:
        self._count += 1
        key, down = "dsa"[self._count // 8 % 3], self._count % 8 == 0
        return [KeyEvent(self._clock.now_ns(), key, down)] if self._count % 4 == 0 else []

    def close(self) -> None:
        pass


def record_for_ever(path: Path) -> None:
    clock = MonotonicClock()
    with (
        RecordingWriter(path, profile=practice_profile(), facts=capture_facts(RATE_HZ)) as writer,
        BackgroundWriter(writer) as behind,
    ):
        sys.stdout.write("going\n")
        sys.stdout.flush()
        record(
            screen=Screen(clock), keys=Keys(clock), window=None, writer=behind, clock=clock,
            rate_hz=RATE_HZ, seconds=None, stop=lambda: False,
        )  # fmt: skip


def kill_one(path: Path, wait_s: float) -> dict:
    """Record, kill after `wait_s`, read, repair and read again."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.kills", "--record", str(path)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(wait_s)
    child.send_signal(signal.SIGKILL)
    killed_ns = time.monotonic_ns()
    child.wait()
    child.stdout.close()
    part = path.with_name(path.name + ".part")
    found = {"after_s": wait_s, "frames": 0, "readable": False, "repaired": False}
    try:
        frames = _read_whole(part)
        with Recording(part) as left:
            lost_s = (killed_ns - int(left.times_ns[-1])) / 1e9
        found |= {"frames": frames, "lost_s": lost_s, "readable": True}
        found["repaired"] = _read_whole(repair(part)) == frames
    except (UnderstudyError, IndexError) as error:
        found["said"] = str(error)
    return found


def _read_whole(path: Path) -> int:
    with Recording(path) as recording:
        for index in range(recording.frame_count):
            recording.frame(index)
        recording.key_events()
        recording.segments()
        return recording.frame_count


def tell(what: object) -> None:
    out.print(what, markup=False, highlight=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        record_for_ever(options.record)
    rng = random.Random(options.seed)
    waits = [rng.uniform(0.3, 4.0) for _ in range(options.count)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.workers) as pool:
        paths = [Path(folder) / f"{number}.h5" for number in range(options.count)]
        found = list(pool.map(kill_one, paths, waits))
    for one in (one for one in found if not one["repaired"]):
        tell(one)
    lost = sorted(one["lost_s"] for one in found if one["readable"])
    tell(
        f"{len(found)} kills: {sum(not one['readable'] for one in found)} unreadable, "
        f"{sum(not one['repaired'] for one in found)} not repaired; "
        f"lost: median {lost[len(lost) // 2]:.3f} s, worst {lost[-1]:.3f} s; "
        f"{sum(one['frames'] for one in found)} frames kept"
    )
    sys.exit(len(lost) < len(found) or lost[-1] > 0.5)


if __name__ == "__main__":
    main()

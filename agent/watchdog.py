"""A child process that lets go of the keys when the player dies or hangs.

The player tells it about every press beforehand, through a pipe. The kernel closes the pipe when
the player ends, be it by `kill -9`; then whatever is still held is released. A player that holds
keys and says nothing for `HUNG_S` has hung, or was stopped: the keys are released until it presses
anew.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

from agent.keyboards import Keyboard, keyboard_of
from data.errors import DisplayError
from recorder.key_codes import load_pynput

READY_S = 20.0  # it takes 0.3 s; a busy machine may take seconds
PARENT_POLL_S = 0.25  # for the pipe's other end living on in some child that the player forked
HUNG_S = 1.0  # a player that plays speaks every 10 ms
# A press that the dying player had sent may reach the display after the first release.
RELEASES_AT_S = (0.0, 0.02, 0.1)
READY = b"ready\n"


class Watchdog:
    """The player's end of the pipe; used by one thread.

    Raises:
        DisplayError: It does not come up, because there is no display.
    """

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "agent.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what ends the player's process group leaves it alive
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
            cwd=os.fspath(_import_root()),
        )
        answer = self._answer()
        if answer != READY:
            self._child.kill()
            self.close()
            reason = answer.decode(errors="replace").strip() or "no answer"
            raise DisplayError(f"the key watchdog does not come up: {reason}")

    def pressing(self, key: str) -> None:
        """Say that a key is about to be pressed.

        Raises:
            DisplayError: The watchdog has died; press nothing.
        """
        self._tell(f"+{key}\n")

    def released(self, key: str) -> None:
        """Say that a key has been released."""
        self._tell(f"-{key}\n")

    def alive(self) -> None:
        """Say that the player still means to hold what it holds.

        Raises:
            DisplayError: The watchdog has died.
        """
        self._tell("\n")

    def close(self) -> None:
        """Let it release what is still held, and end."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child.wait()

    def _tell(self, line: str) -> None:
        assert self._child.stdin is not None
        try:
            os.write(self._child.stdin.fileno(), line.encode())
        except OSError as error:
            raise DisplayError(
                "the key watchdog has died; no key is pressed without it."
            ) from error

    def _answer(self) -> bytes:
        assert self._child.stdout is not None
        answered: SimpleQueue[bytes] = SimpleQueue()  # waiting for a pipe would not do on Windows
        read = self._child.stdout.readline
        Thread(target=lambda: answered.put(read()), name="watchdog", daemon=True).start()
        try:
            return answered.get(timeout=READY_S)
        except Empty:
            return b""


def main() -> int:
    """Watch the pipe on standard input; release what is held when it closes."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parent = os.getppid()
    try:
        keyboard = keyboard_of(load_pynput().Controller())
    except DisplayError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    told: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_read, args=(told,), name="pipe", daemon=True).start()
    release = partial(_release, keyboard)
    left = _watch(parent, told, release)
    begun_s = time.monotonic()
    for at_s in RELEASES_AT_S if left else ():
        time.sleep(max(0.0, begun_s + at_s - time.monotonic()))
        release(left)
    return 0


def _release(keyboard: Keyboard, keys: Iterable[str]) -> None:
    for key in sorted(keys):
        keyboard.mind_hands()
        keyboard.release(key)
        keyboard.settle()


def _watch(
    parent: int, told: "SimpleQueue[bytes]", release: Callable[[Iterable[str]], None]
) -> set[str]:
    """Follow the player until it is gone; return what it leaves held.

    What it holds without a word is released as often as what a dead player holds, but no more once
    it speaks: from then on it may have pressed anew.
    """
    held, hung = set[str](), set[str]()
    rest = b""
    again_s: list[float] = []  # when to release once more what a player that hangs held
    spoke_s = woke_s = time.monotonic()
    while True:
        wait_s = min(PARENT_POLL_S, again_s[0] - time.monotonic()) if again_s else PARENT_POLL_S
        try:
            data = told.get(timeout=max(0.0, wait_s))
        except Empty:
            now_s = time.monotonic()
            if os.getppid() != parent:
                return held | hung
            if now_s - woke_s > 2 * PARENT_POLL_S:
                spoke_s = now_s  # we did not run ourselves: what was said is yet to be heard
            elif again_s:
                release(hung)
                del again_s[0]
            elif held and now_s - spoke_s >= HUNG_S:
                held, hung = set(), held
                release(hung)
                again_s = [now_s + at_s for at_s in RELEASES_AT_S[1:]]
            woke_s = now_s
            continue
        if not data:
            return held | hung
        spoke_s = woke_s = time.monotonic()
        hung.clear()
        again_s.clear()
        *lines, rest = (rest + data).split(b"\n")
        for line in filter(None, lines):
            sign, key = line[:1], line[1:].decode()
            (held.add if sign == b"+" else held.discard)(key)


def _read(told: "SimpleQueue[bytes]") -> None:
    """Hand on what comes through the pipe, and nothing at its end. Windows can wait for no pipe."""
    try:
        while data := os.read(0, 65536):
            told.put(data)
    finally:
        told.put(b"")


def _import_root() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120


if __name__ == "__main__":
    sys.exit(main())

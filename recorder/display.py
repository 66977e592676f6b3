"""The desktop itself: is there one, and a private one for automation."""

import atexit
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from data.closing import Closing
from data.errors import DisplayError
from recorder.pacing import Clock, MonotonicClock

if TYPE_CHECKING:
    from Xlib.display import Display

START_S = 15.0  # a virtual screen comes up in 0.2 s; a busy machine may take seconds
TRIAL_S = 0.2
STOP_S = 3.0
# No shortcuts that could swallow playing keys, and new windows get the focus.
OPENBOX = """<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew><followMouse>no</followMouse></focus>
  <desktops><number>1</number></desktops>
  <keyboard/>
  <mouse><context name="Client"><mousebind button="Left" action="Press">
    <action name="Focus"/><action name="Raise"/></mousebind></context></mouse>
</openbox_config>
"""


WAYLAND = (
    "this is a Wayland session, where no program may watch another's screen and keys. Log out, "
    "choose an X11 session (often called Xorg; most login screens offer it by the gear), and log "
    "in again."
)


def require_display() -> None:
    """Make sure that this program can see a desktop.

    Raises:
        DisplayError: There is none; the message says what to do.
    """
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        return
    if os.environ.get("WAYLAND_DISPLAY"):
        raise DisplayError(WAYLAND)
    raise DisplayError("no display: DISPLAY is not set. Run this on a desktop, or under xvfb-run.")


def refuse_xwayland(display: "Display") -> None:
    """Make sure that a display is a real one, and not the part of a Wayland session that X11 shows.

    There only the windows of X11 programs can be seen, and keys only while one has the focus.

    Raises:
        DisplayError: It is not; the message says what to do.
    """
    if "XWAYLAND" in display.list_extensions() or any(
        name.startswith("XWAYLAND") for name in _outputs(display)
    ):
        raise DisplayError(WAYLAND)


def _outputs(display: "Display") -> list[str]:
    if not display.has_extension("RANDR"):
        return []
    found = display.screen().root.xrandr_get_screen_resources_current()
    return [
        display.xrandr_get_output_info(output, found.config_timestamp).name
        for output in found.outputs
    ]


def has_display() -> bool:
    """Say whether a desktop answers."""
    try:
        require_display()
    except DisplayError:
        return False
    if not sys.platform.startswith("linux"):
        return True
    from Xlib.display import Display
    from Xlib.error import DisplayError as XDisplayError
    from Xlib.error import XauthError

    with warnings.catch_warnings():
        # python-xlib leaves its sockets to the garbage collector when none connects.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            Display().close()
        except (XDisplayError, XauthError, OSError):
            return False
    return True


class VirtualScreen(Closing):
    """A private desktop: a screen in memory (Xvfb) and a window manager (openbox).

    Start it on a thread that lives as long as the screen is needed, best the main one: both
    programs end with that thread, so that even `kill -9` leaves nothing behind.

    Args:
        width_px: Width of the screen, which has 24-bit colour.
        height_px: Height of the screen.
        clock: Used while waiting for the programs to come up.
    """

    def __init__(
        self, width_px: int = 1400, height_px: int = 900, clock: Clock | None = None
    ) -> None:
        self._size = f"{width_px}x{height_px}x24"
        self._clock = clock or MonotonicClock()
        self._children: list[subprocess.Popen[bytes]] = []
        self._name: str | None = None

    @property
    def name(self) -> str:
        """The display's name, such as `:1`.

        Raises:
            DisplayError: It has not been started.
        """
        if self._name is None:
            raise DisplayError("the virtual screen has not been started.")
        return self._name

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which a program opens its windows on this screen."""
        environment = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}
        return environment | {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def activate(self) -> None:
        """Make this screen the one that this process and its children use from now on."""
        os.environ["DISPLAY"] = self.name

    @contextmanager
    def active(self) -> Iterator[None]:
        """Activate this screen for a while; the display from before comes back afterwards."""
        before = os.environ.get("DISPLAY")
        self.activate()
        try:
            yield
        finally:
            if before is None:
                os.environ.pop("DISPLAY", None)
            else:
                os.environ["DISPLAY"] = before

    def start(self) -> None:
        """Bring up the screen and its window manager.

        Raises:
            DisplayError: A program is missing or does not come up.
        """
        for program in ("Xvfb", "openbox"):
            if shutil.which(program) is None:
                raise DisplayError(
                    f"{program} is not installed. Run `make setup`, or: "
                    "sudo apt-get install xvfb openbox"
                )
        atexit.register(self.close)
        try:
            # Both programs have read and said what matters once they are up: nothing stays on disk.
            with tempfile.TemporaryDirectory(prefix="understudy-screen-") as folder:
                self._name = self._start_server(Path(folder))
                self._start_manager(Path(folder))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the window manager and the screen."""
        atexit.unregister(self.close)
        while self._children:
            child = self._children.pop()
            child.terminate()
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._name = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def _start_server(self, folder: Path) -> str:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", self._size]
        command += ["-nolisten", "tcp", "-noreset"]
        said = folder / "xvfb.txt"
        try:
            with said.open("wb") as output:
                server = self._spawn(command, output, keep=(writing,))
        finally:
            os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            ready, _, _ = select.select([answer], [], [], START_S)
            number = answer.readline().strip().decode() if ready else ""
        if not number.isdigit():
            reason = said.read_text(errors="replace").strip().splitlines()[-1:] or ["no answer"]
            state = "ended" if server.poll() is not None else "does not come up"
            raise DisplayError(f"the virtual screen {state}: {reason[0]}.")
        return f":{number}"

    def _start_manager(self, folder: Path) -> None:
        settings = folder / "rc.xml"
        settings.write_text(OPENBOX, encoding="utf-8")
        command = ["openbox", "--sm-disable", "--config-file", str(settings)]
        said = folder / "openbox.txt"
        with said.open("wb") as output:
            manager = self._spawn(command, output, environment=self.environment)
        if not _manages_windows(self.name, self._clock, alive=lambda: manager.poll() is None):
            reason = said.read_text(errors="replace").strip() or "no answer"
            raise DisplayError(f"the window manager openbox does not come up: {reason}.")

    def _spawn(
        self,
        command: list[str],
        output: IO[bytes],
        *,
        keep: tuple[int, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=keep,
            env=environment,
            start_new_session=True,  # Ctrl-C at the terminal is ours to handle
            preexec_fn=_die_with_parent(),
        )
        self._children.append(child)
        return child


def _die_with_parent() -> Callable[[], None]:
    """Make a function for a new child that has the kernel end it when its parent's thread ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    die_signal = 1  # PR_SET_PDEATHSIG

    def ask() -> None:
        libc.prctl(die_signal, signal.SIGTERM)

    return ask


def _manages_windows(name: str, clock: Clock, *, alive: Callable[[], bool]) -> bool:
    """Wait until a window manager takes in a window; say whether it does.

    openbox announces itself before that, and overlooks a window that is shown in between (one start
    in four), so a small window is tried, again and again.
    """
    from Xlib.display import Display

    display = Display(name)
    root = display.screen().root
    deadline_ns = clock.now_ns() + round(START_S * 1e9)
    try:
        while alive() and clock.now_ns() < deadline_ns:
            window = root.create_window(0, 0, 1, 1, 0, display.screen().root_depth)
            window.map()
            taken = _comes_true(lambda: window.id in _managed(display), clock, TRIAL_S)  # noqa: B023
            window.destroy()
            if taken:
                return _comes_true(lambda: not _managed(display), clock, START_S)
        return False
    finally:
        display.close()


def _managed(display: "Display") -> list[int]:
    from Xlib import X

    atom = display.intern_atom("_NET_CLIENT_LIST")
    found = display.screen().root.get_full_property(atom, X.AnyPropertyType)
    return [] if found is None else [int(window_id) for window_id in found.value]


def _comes_true(condition: Callable[[], bool], clock: Clock, within_s: float) -> bool:
    deadline_ns = clock.now_ns() + round(within_s * 1e9)
    while not condition():
        if clock.now_ns() > deadline_ns:
            return False
        clock.sleep_until_ns(clock.now_ns() + 5_000_000)
    return True

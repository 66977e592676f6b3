"""The stages of a long command: told as they go, timed, and stopped between."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import UnderstudyError

Show = Callable[[str, float], None]
"""Told the name of a stage and how much of it is done, 0 to 1."""
GOES_ON = "stopped; what is finished is kept, and the same command goes on from there."


def holds_something(folder: Path) -> bool:
    """Say whether there is anything in a folder."""
    return folder.is_dir() and any(folder.iterdir())


def claim_folder(folder: Path) -> None:
    """Make the folder that a long command writes to, unless it is there.

    Raises:
        UnderstudyError: It can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UnderstudyError(f"{folder} is a file. Choose a folder for --out.") from error
    except OSError as error:
        raise UnderstudyError(
            f"{folder}: can't be made: {error.strerror}. Choose another --out."
        ) from error


class Stages:
    """Shows stages one after another, and ends the command when it is to stop."""

    def __init__(self, show: Show, stop: Callable[[], bool], *, stopped: str) -> None:
        """Show nothing yet.

        Args:
            show: Told of each stage.
            stop: Says whether to stop; asked before and after each stage.
            stopped: The sentence to end with then.
        """
        self.seconds: dict[str, float] = {}
        """How long each finished stage took, by name."""
        self._show, self._stop, self._stopped = show, stop, stopped

    def go_on(self) -> None:
        """Do nothing, unless it is to stop.

        Raises:
            UnderstudyError: It is.
        """
        if self._stop():
            raise UnderstudyError(self._stopped)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[float], None]]:
        """Show and time a stage; inside, call with the share that is done.

        Raises:
            UnderstudyError: It is to stop.
        """
        self.go_on()
        started_s = time.monotonic()
        self._show(name, 0.0)
        yield lambda share: self._show(name, min(share, 0.99))  # the end is shown below
        self.go_on()
        self._show(name, 1.0)
        self.seconds[name] = round(time.monotonic() - started_s, 1)

"""Where the agent's keys go."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, Protocol

from agent.watchdog import Watchdog
from data.errors import DisplayError
from recorder.keyboard import device_errors, load_pynput, require_keys, to_pynput


class KeySink(Protocol):
    """Holds keys down."""

    def set_held(self, keys: frozenset[str]) -> None:
        """Hold exactly these keys: release the others that are held, press the missing ones."""
        ...

    def release_all(self) -> None:
        """Hold nothing; harmless when nothing is held."""
        ...

    def close(self) -> None:
        """Release everything, for good."""
        ...


class PynputSink:
    """Presses real keys on the desktop. Used by one thread.

    Args:
        watchdog: Told of every press before it happens; `close` closes it too. None only where a
            key that stays down does no harm.

    Raises:
        DisplayError: There is no display, or the keyboard can't be reached.
    """

    def __init__(self, watchdog: Watchdog | None) -> None:
        self._controller: Any = load_pynput().Controller()
        self._errors = device_errors()
        self._watchdog = watchdog
        self._codes: dict[str, Any] = {}
        self._held: set[str] = set()

    @property
    def held(self) -> frozenset[str]:
        """Keys held now."""
        return frozenset(self._held)

    def set_held(self, keys: frozenset[str]) -> None:
        """Hold exactly these keys.

        Raises:
            DisplayError: The keyboard layout lacks one, or the watchdog has died; nothing is
                pressed then.
        """
        self._resolve(keys)
        self._release(self._held - keys)
        for key in sorted(keys - self._held):
            if self._watchdog is not None:
                self._watchdog.pressing(key)
            self._held.add(key)  # before the press: one that fails halfway is released as well
            try:
                self._controller.press(self._codes[key])
            except self._errors as error:
                raise _unreachable(error) from error

    def release_all(self) -> None:
        """Hold nothing; harmless when nothing is held."""
        self._release(set(self._held))

    def close(self) -> None:
        """Release everything and let the watchdog go."""
        try:
            self.release_all()
        finally:
            self._disconnect()
            if self._watchdog is not None:
                self._watchdog.close()
                self._watchdog = None

    def _disconnect(self) -> None:
        """Close the connection: left to its `__del__`, pynput prints errors if X is gone."""
        display = vars(self._controller).pop("_display", None)
        if display is not None:
            with suppress(*self._errors):
                display.close()

    def _release(self, keys: Collection[str]) -> None:
        for key in sorted(keys):
            self._held.discard(key)
            try:
                self._controller.release(self._codes[key])
            except self._errors as error:
                self._held.clear()  # no display, no held keys
                raise _unreachable(error) from error
        if self._watchdog is not None:
            for key in sorted(keys):
                self._watchdog.released(key)

    def _resolve(self, keys: frozenset[str]) -> None:
        new = keys - self._codes.keys()
        if new:
            require_keys(new)
            self._codes.update({key: to_pynput(key) for key in new})


def _unreachable(error: Exception) -> DisplayError:
    return DisplayError(f"keys can't be pressed any more: {error}.")


class DryRunSink:
    """Presses nothing, and keeps what would be held."""

    def __init__(self) -> None:
        self.held: frozenset[str] = frozenset()
        self.changes: list[frozenset[str]] = []
        """What was held after each change, in order."""

    def set_held(self, keys: frozenset[str]) -> None:
        """Keep these keys as held."""
        if keys != self.held:
            self.held = keys
            self.changes.append(keys)

    def release_all(self) -> None:
        """Keep nothing as held."""
        self.set_held(frozenset())

    def close(self) -> None:
        """Keep nothing as held."""
        self.release_all()

"""Where the agent's keys go."""

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any, Protocol

from agent.keyboards import Keyboard, keyboard_of
from agent.watchdog import HUNG_S, Watchdog
from data.errors import DisplayError
from recorder.key_codes import device_errors, load_pynput


class KeySink(Protocol):
    """Holds keys down."""

    def set_held(self, keys: frozenset[str]) -> None:
        """Hold exactly these keys: release the others that are held, press the missing ones.

        Call it again and again while keys are held, changed or not: they may come up otherwise.
        """
        ...

    def release_all(self) -> None:
        """Hold nothing; harmless when nothing is held."""
        ...

    def close(self) -> None:
        """Release everything, for good."""
        ...


LET_GO_S = 0.75 * HUNG_S
"""After so long without a word from us the watchdog may have let go."""
HEARD_S = 0.05
"""So long after a word of ours it releases nothing any more that it meant to release before."""


class PynputSink:
    """Presses real keys on the desktop. Used by one thread.

    Args:
        watchdog: Told of every press before it happens; `close` closes it too. None only where a
            key that stays down does no harm.
        focused: Says whether keys go to the game; where they don't, no window hears of a release.
            None when it makes no difference.
        now_s: Tells how long nobody has said what to hold.

    Raises:
        DisplayError: There is no display, or the keyboard can't be reached.
    """

    def __init__(
        self,
        watchdog: Watchdog | None,
        *,
        focused: Callable[[], bool] | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._controller: Any = load_pynput().Controller()
        self._focused = focused
        self._errors = device_errors()
        self._watchdog = watchdog
        self._now_s = now_s
        self._spoke_s = now_s()
        try:
            self._keyboard: Keyboard = keyboard_of(self._controller)
        except self._errors as error:
            raise _unreachable(error) from error
        self._known: set[str] = set()
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
        if keys:
            self._speak()
        self._require(keys)
        gone, new = sorted(self._held - keys), sorted(keys - self._held)
        if not gone and not new:
            return
        for key in new:
            if self._watchdog is not None:
                self._watchdog.pressing(key)
        # Whoever presses knows that the keys go to the game, and so do the releases among them.
        elsewhere = not keys and not self._is_focused()
        try:
            if not keys:
                self._keyboard.mind_hands()
            with self._keyboard.unheard() if elsewhere else nullcontext():
                for key in gone:
                    self._keyboard.release(key)
                for key in new:
                    self._held.add(key)  # before: one that fails halfway is released as well
                    self._keyboard.press(key)
                self._keyboard.settle()
        except self._errors as error:
            if not keys:
                self._held.clear()  # no display, no held keys
            raise _unreachable(error) from error
        self._held.difference_update(gone)
        for key in gone:
            if self._watchdog is not None:
                self._watchdog.released(key)

    def release_all(self) -> None:
        """Hold nothing; harmless when nothing is held."""
        self.set_held(frozenset())

    def close(self) -> None:
        """Release everything and let the watchdog go."""
        try:
            self.release_all()
        finally:
            self._disconnect()
            if self._watchdog is not None:
                self._watchdog.close()
                self._watchdog = None

    def _speak(self) -> None:
        """Tell the watchdog that we are alive; after too long a silence begin with no key held."""
        silent_s, self._spoke_s = self._now_s() - self._spoke_s, self._now_s()
        if self._watchdog is None or not self._held:
            return
        if silent_s >= LET_GO_S:
            self.set_held(frozenset())
            time.sleep(HEARD_S)
        else:
            self._watchdog.alive()

    def _disconnect(self) -> None:
        """Close the connection: left to its `__del__`, pynput prints errors if X is gone."""
        display = vars(self._controller).pop("_display", None)
        if display is not None:
            with suppress(*self._errors):
                display.close()

    def _is_focused(self) -> bool:
        if self._focused is None:
            return True
        try:
            return self._focused()
        except DisplayError:
            return True  # the release tells of it

    def _require(self, keys: frozenset[str]) -> None:
        new = keys - self._known
        if new:
            self._keyboard.require(new)
            self._known |= new


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

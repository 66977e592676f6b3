"""What presses keys on this desktop."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from agent.windows_keys import WindowsKeys
from agent.x11_keys import HeldKeys
from recorder.key_codes import to_pynput


class Keyboard(Protocol):
    """Moves keys, one after another; all have moved once it has settled."""

    def require(self, keys: frozenset[str]) -> None:
        """Make sure that the layout has these keys.

        Raises:
            DisplayError: Some are missing; the message names them.
        """
        ...

    def press(self, key: str) -> None:
        """Press a key that the layout has."""
        ...

    def release(self, key: str) -> None:
        """Release a key."""
        ...

    def mind_hands(self) -> None:
        """Leave down, until all has settled, what a person holds as well."""
        ...

    def settle(self) -> None:
        """Return when all that was asked has been done."""
        ...

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Keep releases from windows that they don't concern, where that is possible."""
        ...


class ControllerKeys:
    """Moves keys through a pynput controller, where nothing better is known."""

    def __init__(self, controller: Any) -> None:  # noqa: ANN401  (pynput has no types)
        self._controller = controller

    def require(self, keys: frozenset[str]) -> None:
        """Do nothing: a key that is missing shows when it is pressed."""

    def press(self, key: str) -> None:
        """Press a key."""
        self._controller.press(to_pynput(key))

    def release(self, key: str) -> None:
        """Release a key."""
        self._controller.release(to_pynput(key))

    def mind_hands(self) -> None:
        """Do nothing: what a person holds is not known."""

    def settle(self) -> None:
        """Return at once: each call has waited."""

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Do nothing: windows only hear of keys while they have the focus."""
        yield


def keyboard_of(controller: Any) -> Keyboard:  # noqa: ANN401
    """Return what moves keys here.

    Args:
        controller: pynput's; on X11 its display is used.
    """
    if getattr(controller, "_display", None) is not None:
        return HeldKeys(controller)
    return WindowsKeys() if sys.platform == "win32" else ControllerKeys(controller)

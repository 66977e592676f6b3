"""Steering a recording session: buttons, and the hot keys that press them."""

import threading
from collections.abc import Callable

from data.profile import GameProfile

DISCARD_S = 10.0  # what the discard key throws away


class Controls:
    """Buttons of a recording session; any thread may press them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paused = False
        self._stopped = False
        self._save = False
        self._discard_s = 0.0

    @property
    def paused(self) -> bool:
        """Whether the session is to pause."""
        return self._paused

    @property
    def stopped(self) -> bool:
        """Whether the session is to end."""
        return self._stopped

    def poll(self) -> None:
        """Press what was asked for elsewhere; the session calls this on every tick."""

    def pause(self) -> None:
        """Store nothing until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Store again."""
        self._paused = False

    def toggle_pause(self) -> None:
        """Pause, or go on."""
        with self._lock:
            self._paused = not self._paused

    def stop(self) -> None:
        """End the session."""
        self._stopped = True

    def save(self) -> None:
        """Save what just happened, where only the last stretch is kept."""
        self._save = True

    def discard_last(self, seconds: float = DISCARD_S) -> None:
        """Mark the last seconds of play as not to be learned from."""
        with self._lock:
            self._discard_s = max(self._discard_s, seconds)

    def take_discard(self) -> float:
        """Return the seconds to discard, and forget them."""
        with self._lock:
            seconds, self._discard_s = self._discard_s, 0.0
        return seconds

    def take_save(self) -> bool:
        """Say whether to save, and forget it."""
        with self._lock:
            wanted, self._save = self._save, False
        return wanted


class HotKeyControls(Controls):
    """Controls that the profile's hot keys press, whichever window has the focus.

    Args:
        profile: Names the hot keys, and the stop key, which stops as well.
        presses: Says how often a key has gone down so far, repeats left out.
    """

    def __init__(self, profile: GameProfile, presses: Callable[[str], int]) -> None:
        super().__init__()
        hot = profile.hotkeys
        self._presses = presses
        self._actions: dict[str, Callable[[], None]] = {
            hot.pause: self.toggle_pause,
            hot.discard: self.discard_last,
            hot.save: self.save,
            hot.stop: self.stop,
            profile.stop_key: self.stop,
        }
        self._seen = {key: presses(key) for key in self._actions}

    def poll(self) -> None:
        """Do once for every press since the last call what its key stands for."""
        for key, action in self._actions.items():
            count = self._presses(key)
            for _ in range(count - self._seen[key]):
                action()
            self._seen[key] = count

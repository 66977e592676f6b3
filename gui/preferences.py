"""What the desktop program remembers from one day to the next."""

from pathlib import Path
from typing import Any, TypeVar

from PyQt6.QtCore import QByteArray, QSettings
from PyQt6.QtWidgets import QWidget

T = TypeVar("T", str, int, float, bool)


class Preferences:
    """Typed settings in a file of the user's; a value of another type counts as missing.

    Args:
        file: Where they are kept; None for the place that the system keeps such files in.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._settings = (
            QSettings("Understudy", "understudy")
            if file is None
            else QSettings(str(file), QSettings.Format.IniFormat)
        )

    def get(self, name: str, usual: T) -> T:
        """Return a setting, or what is usual."""
        found: Any = self._settings.value(name, usual)
        kind = type(usual)
        try:
            if kind is bool:
                return kind(str(found).lower() in ("true", "1"))
            return kind(found)
        except (TypeError, ValueError):
            return usual

    def set(self, name: str, value: str | int | float | bool) -> None:
        """Remember a setting."""
        self._settings.setValue(name, value)

    def remember_place(self, name: str, window: QWidget) -> None:
        """Remember where a window is."""
        self._settings.setValue(f"places/{name}", window.saveGeometry())

    def restore_place(self, name: str, window: QWidget) -> bool:
        """Put a window where it was; False when it is not known."""
        found = self._settings.value(f"places/{name}")
        return isinstance(found, QByteArray) and window.restoreGeometry(found)

    def save(self) -> None:
        """Write them to disk now."""
        self._settings.sync()

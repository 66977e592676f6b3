"""Every key of the page, in one table."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Command:
    """What some keys do."""

    name: str
    """Of the method that does it."""
    text: str
    keys: tuple[str, ...]
    on_picture: bool = False
    """Only while the picture has the keyboard: elsewhere the key means something else."""
    by: tuple[int, ...] = ()
    """Arguments of the method."""


COMMANDS = (
    Command("draw_mode", "Draw boxes", ("W", "Ctrl+N")),
    Command("edit_mode", "Select and change boxes", ("Esc", "Ctrl+J")),
    Command("previous_frame", "Previous frame", ("A",)),
    Command("next_frame", "Next frame", ("D",)),
    Command("finish_frame", "The frame is done: next one", ("Ctrl+Return", "Ctrl+Enter")),
    Command("undo", "Undo", ("Ctrl+Z",)),
    Command("redo", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z")),
    Command("zoom_in", "Larger", ("+", "=", "Ctrl++", "Ctrl+=")),
    Command("zoom_out", "Smaller", ("-", "Ctrl+-")),
    Command("fit", "Whole picture", ("0", "Ctrl+0")),
    Command("accept", "Accept the suggestion", ("Return", "Enter"), on_picture=True),
    Command(
        "accept_all", "Accept all of the frame", ("Shift+Return", "Shift+Enter"), on_picture=True
    ),
    Command("refuse", "Refuse the suggestion", ("X", "Backspace"), on_picture=True),
    Command("delete", "Delete the selected boxes", ("Del",), on_picture=True),
    Command("copy", "Copy the selected boxes", ("Ctrl+C",), on_picture=True),
    Command("paste", "Paste, on any frame", ("Ctrl+V",), on_picture=True),
    Command("duplicate", "Duplicate the selected boxes", ("Ctrl+D",), on_picture=True),
    Command("select_all", "Select all boxes", ("Ctrl+A",), on_picture=True),
    Command("nudge", "Move by a pixel", ("Left",), on_picture=True, by=(-1, 0)),
    Command("nudge", "", ("Right",), on_picture=True, by=(1, 0)),
    Command("nudge", "", ("Up",), on_picture=True, by=(0, -1)),
    Command("nudge", "", ("Down",), on_picture=True, by=(0, 1)),
    Command("nudge", "Move by ten pixels", ("Shift+Left",), on_picture=True, by=(-10, 0)),
    Command("nudge", "", ("Shift+Right",), on_picture=True, by=(10, 0)),
    Command("nudge", "", ("Shift+Up",), on_picture=True, by=(0, -10)),
    Command("nudge", "", ("Shift+Down",), on_picture=True, by=(0, 10)),
    *(Command("choose_class", "", (str(number),), by=(number - 1,)) for number in range(1, 10)),
)
MOUSE = (
    ("Drag (while drawing)", "A new box"),
    ("Click, Ctrl+click", "Select a box, or several"),
    ("Drag a box, or its white squares", "Move or resize it"),
    ("Ctrl+wheel", "Larger or smaller"),
    ("Middle button, or Space and drag", "Move the enlarged picture"),
    ("1 to 9", "The class that is drawn, or of the selected boxes"),
)


def add_commands(page: QWidget, picture: QWidget, find: Callable[[str], object]) -> None:
    """Make the keys work.

    Args:
        page: Where most of them work, whatever part of it has the keyboard.
        picture: Where the others do.
        find: From a command's name to what does it.
    """
    for command in COMMANDS:
        act = find(command.name)
        assert callable(act)
        holder = picture if command.on_picture else page
        action = QAction(command.text, holder)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setShortcutContext(
            Qt.ShortcutContext.WidgetShortcut
            if command.on_picture
            else Qt.ShortcutContext.WidgetWithChildrenShortcut
        )
        action.triggered.connect(lambda _=False, act=act, by=command.by: act(*by))
        holder.addAction(action)


def help_text() -> str:
    """Return all keys as a table, in HTML."""
    rows = [(", ".join(_native(keys) for keys in one.keys), one.text) for one in COMMANDS]
    rows = [(keys, text) for keys, text in rows if text]
    rows = [("Arrow keys" if text == "Move by a pixel" else keys, text) for keys, text in rows]
    rows = [("Shift+arrows" if "ten pixels" in text else keys, text) for keys, text in rows]
    lines = "".join(
        f"<tr><td style='padding: 2px 18px 2px 0'><b>{keys}</b></td><td>{text}</td></tr>"
        for keys, text in (*MOUSE, *rows)
    )
    return f"<table style='white-space: nowrap'>{lines}</table>"


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)

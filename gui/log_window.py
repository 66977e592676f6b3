"""What the program and its jobs have logged."""

from pathlib import Path

from PyQt6.QtGui import QFontDatabase
from PyQt6.QtWidgets import QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from gui.page import button, open_folder, row, words

MOST_BYTES = 200_000  # of the end: hours of work


class LogWindow(QDialog):
    """Shows the end of the log, and where the file is."""

    def __init__(self, log_file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Log")
        self.resize(900, 560)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlainText(_end_of(log_file))
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        layout = QVBoxLayout(self)
        layout.addWidget(words(f"The whole log: {log_file}", quiet=True))
        layout.addWidget(self.text, 1)
        layout.addWidget(
            row(
                button("Open its folder", lambda: open_folder(log_file.parent)),
                None,
                button("Close", self.close, main=True),
            )
        )


def _end_of(log_file: Path) -> str:
    try:
        data = log_file.read_bytes()[-MOST_BYTES:]
    except OSError:
        return "Nothing has been logged yet."
    return data.decode(encoding="utf-8", errors="replace")

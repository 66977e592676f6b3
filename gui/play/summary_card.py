"""How the last play went, in words."""

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QVBoxLayout

from gui.jobs.play import Played
from gui.jobs.practice import Goals
from gui.page import GAP, button, heading, row, words
from gui.wording import capitalised


class SummaryCard(QFrame):
    """Tells of the last play; hidden before the first."""

    log_wanted = pyqtSignal(object)
    """The path of the flight log that a person wants to see."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._log: Path | None = None
        self._told = words()
        self._look = button("&Look at the flight log", lambda: self.log_wanted.emit(self._log))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(GAP)
        layout.addWidget(heading("How it went"))
        layout.addWidget(self._told)
        layout.addStretch(1)
        layout.addWidget(row(self._look, None))
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty while hidden."""
        return "" if self.isHidden() else self._told.text()

    def tell(self, played: Played, score: Goals | None) -> None:
        """Show how it went, with the match's score if there was one."""
        self._told.setText("\n".join(summary(played, score)))
        self._log = played.log
        self._look.setVisible(played.log is not None)
        self.show()


def summary(played: Played, score: Goals | None) -> list[str]:
    """Say how play went, in sentences."""
    told = [capitalised(line) for line in played.lines]
    if score is not None:
        told.insert(0, f"The match ended {score.ours} : {score.theirs}.")
    if played.log is not None:
        told.append(f"Written to {played.log.name}.")
    return told

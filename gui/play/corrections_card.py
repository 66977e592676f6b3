"""Says how often a person took over from a bot, and has it learn from that."""

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QVBoxLayout

from gui.jobs.corrections import Corrected, PolicyRun, material_of
from gui.page import GAP, button, heading, row, words
from gui.play.words import corrections, lost


class CorrectionsCard(QFrame):
    """Counts take-overs, and offers to train on them."""

    training_wanted = pyqtSignal(list)
    """The recordings and flight logs to train on, as paths."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._material: list[Path] = []
        self._told = words()
        self._lost = words(quiet=True)
        self.train = button("Train on &my corrections", self._ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Your corrections"))
        layout.addWidget(self._told)
        layout.addWidget(self._lost)
        layout.addStretch(1)
        layout.addWidget(row(self.train, None))
        self.show_run(None, None, ())

    @property
    def text(self) -> str:
        """What it says."""
        return " ".join(filter(None, (self._told.text(), self._lost.text())))

    def show_run(
        self, run: PolicyRun | None, corrected: Corrected | None, places: Sequence[Path]
    ) -> None:
        """Tell of one run.

        Args:
            run: None where there is none.
            corrected: None while it is not known yet.
            places: Folders that its recordings may lie in.
        """
        material: list[Path] = []
        missing: list[str] = []
        if run is not None and corrected is not None:
            material, missing = material_of(run, corrected, places)
            self._told.setText(corrections(corrected))
        else:
            self._told.setText("Looking at your flight logs..." if run is not None else "None yet.")
        some = corrected is not None and corrected.takeovers > 0
        own = bool(run is not None and len(missing) < len(run.recordings))
        self._material = material
        self._lost.setText(lost(missing, found=int(own)) if some else "")
        self._lost.setVisible(bool(self._lost.text()))
        self.train.setEnabled(some and own)
        self.train.setToolTip(
            "Trains a new bot on this one's recordings and on what you did when you took over"
            if some and own
            else "There is nothing to learn from yet"
            if not some
            else "The recordings that it was trained on are missing"
        )

    def _ask(self) -> None:
        self.training_wanted.emit(self._material)

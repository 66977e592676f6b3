"""Change a profile of one's own: its keys, what is to be seen, its window."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from data.errors import ProfileError
from data.profile import GameProfile, ObjectClass, profile_text
from data.profile_draft import edited_profile, objects_text, parse_objects
from data.profile_toml import write_profile
from gui.library.dialogs import ask
from gui.page import Notice, button, heading, row, words
from gui.start.fields import let_enter_press, rate_field, title_field
from gui.start.heads import heads_of, rows_of
from gui.start.heads_table import HeadsTable
from gui.wording import capitalised

NOBODY = "nobody in particular"


class ProfileEditor(QDialog):
    """One page with everything about a game that a person may want to change later."""

    profile_saved = pyqtSignal(str, str)
    """The path of its file, and of the file as it was; the latter empty if there was none."""

    def __init__(self, profile: GameProfile, file: Path, parent: QWidget | None = None) -> None:
        """Begin with a profile.

        Args:
            profile: As its file has it.
            file: Where it is saved; need not be there yet.
            parent: The window that it belongs to.
        """
        super().__init__(parent)
        self._profile, self._file = profile, file
        self.setWindowTitle("Edit a profile")
        self.resize(760, 700)
        self.notice = Notice()
        self.heads = HeadsTable()
        self.pattern = title_field(profile.title)
        self.rate = rate_field(profile.capture.rate_hz)
        self.objects = QLineEdit(objects_text(profile.objects))
        self.reference = QComboBox()
        self.mirrored = QCheckBox("The game looks and plays the same mirrored")
        self.standing = QCheckBox("The picture may stand still until somebody plays")
        self.problem = words()
        self.save = button("&Save", self._save, main=True)
        self._build()
        self._show()
        self.objects.textChanged.connect(self._take_objects)
        for changed in (self.pattern.textChanged, self.objects.textChanged, self.heads.edited):
            changed.connect(self._check)
        for ticked in (self.mirrored, self.standing):
            ticked.toggled.connect(self._check)
        self._check()
        self._before = self._written()

    @property
    def changed(self) -> bool:
        """Whether something is written in it that isn't saved."""
        return self._written() != self._before

    def reject(self) -> None:
        """Close it, as Esc and Cancel ask; ask first where something would be lost."""
        if not self.changed:
            self.discard()
            return
        ask(
            self,
            title="Discard the changes?",
            say="Discard the changes?",
            more="They are not saved yet.",
            do="Discard",
            then=self.discard,
        )

    def discard(self) -> None:
        """Close it without a question; nothing is saved."""
        super().reject()

    def _build(self) -> None:
        self.objects.setPlaceholderText("player 6, opponent 6, ball")
        self.objects.setToolTip(
            "What boxes are drawn around, and how many of it count at most in one picture"
        )
        self.reference.setToolTip("Where everything else is, is told from where this is")
        self.mirrored.setToolTip("Then every picture is learned from twice; left and right swap")
        self.standing.setToolTip("Otherwise the bot lets go of the keys after three seconds of it")
        form = QFormLayout()
        form.addRow("Window's title matches", self.pattern)
        form.addRow("Pictures a second", self.rate)
        form.addRow("To be seen", self.objects)
        form.addRow("Whom you control", self.reference)
        form.addRow("", self.mirrored)
        form.addRow("", self.standing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.setSpacing(12)
        layout.addWidget(heading(self._profile.name))
        layout.addWidget(
            words(
                "Recordings made before stay of use: their keys may be grouped anew or left out, "
                "and what is named here can be drawn in them. A new key was not recorded in them.",
                quiet=True,
            )
        )
        layout.addWidget(self.notice)
        layout.addWidget(self.heads, 1)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(row(None, button("Cancel", self.reject), self.save))
        let_enter_press(self, self.save)

    def _show(self) -> None:
        self.heads.show_rows(rows_of(self._profile.heads))
        self.mirrored.setChecked(self._profile.mirror is not None)
        self.standing.setChecked(self._profile.may_stand_still)
        self._offer(self._profile.objects, self._profile.reference)

    def _take_objects(self) -> None:
        with suppress(ProfileError):  # told by the check
            self._offer(parse_objects(self.objects.text()), self.reference.currentData())

    def _offer(self, objects: Sequence[ObjectClass], chosen: str | None) -> None:
        """Offer what is to be seen as whom the person controls; the choice stays if it can."""
        self.reference.clear()
        self.reference.addItem(NOBODY, None)
        for kind in objects:
            self.reference.addItem(kind.name, kind.name)
        self.reference.setCurrentIndex(max(self.reference.findData(chosen), 0))

    def _written(self) -> tuple[object, ...]:
        """Return all that a person can change, as it stands in the fields."""
        fields = (self.pattern.text(), self.objects.text(), self.rate.value())
        ticks = (self.mirrored.isChecked(), self.standing.isChecked())
        return (self.heads.rows(), *fields, self.reference.currentData(), *ticks)

    def _edited(self) -> GameProfile:
        had, rate = self._profile.capture.rate_hz, self.rate.value()
        return edited_profile(
            self._profile,
            title=self.pattern.text(),
            heads=heads_of(self.heads.rows()),
            rate_hz=had if rate == round(had) else rate,  # what the box can't show stays
            objects=parse_objects(self.objects.text()),
            reference=self.reference.currentData(),
            mirrored=self.mirrored.isChecked(),
            may_stand_still=self.standing.isChecked(),
        )

    def _check(self) -> None:
        """Say at once what is wrong, and let nobody save it."""
        told = ""
        try:
            self._edited()
        except ProfileError as error:
            told = str(error)
        self.problem.setText(capitalised(told))
        self.save.setEnabled(not told)
        self.save.setToolTip(told)

    def _save(self) -> None:
        before, remarks = "", []
        try:
            edited = self._edited()
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self._file.exists():
                remarks = _remarks(profile_text(str(self._file)))
                before = f"{self._file}~"
                shutil.copy2(self._file, before)
            write_profile(edited, self._file, remarks)
        except ProfileError as error:
            self.notice.tell(str(error), error=True)
            return
        except OSError as error:
            self.notice.tell(f"{self._file}: can't be written: {error}.", error=True)
            return
        self.accept()
        self.profile_saved.emit(str(self._file), before)


def _remarks(text: str) -> list[str]:
    """Return the sentences that a file begins with, before its first field."""
    found = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        found.append(line.lstrip("# "))
    return found

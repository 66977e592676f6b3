"""Make a profile for a new game: its name, its keys, and what they do."""

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QDialog,
    QFormLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from data.errors import ProfileError, UnderstudyError
from data.frames import FrameSize
from data.key_use import KeyUse
from data.paths import claim_output
from data.profile import GameProfile, shipped_profiles
from data.profile_draft import (
    parse_keys,
    propose_heads,
    stored_size,
    title_pattern,
    unclassed_chords,
)
from data.profile_toml import write_profile
from gui.jobs.keys import Learned
from gui.page import Notice, button, column, heading, row, words
from gui.start.fields import let_enter_press, rate_field, title_field
from gui.start.heads import Draft, made, rows_of
from gui.start.heads_table import HeadsTable
from gui.start.listening import Listening
from gui.start.profiles import name_of, name_problem
from gui.studio import Studio
from gui.wording import capitalised

NAME, KEYS, HEADS = range(3)
NO_KEYS = (
    "no key was pressed while the game was in front. Click into the game before you play, or type "
    "the keys below."
)


class ProfileMaker(QDialog):
    """Three steps; what is heard or written in one is kept when one goes back."""

    profile_made = pyqtSignal(str)
    """The path of its file."""

    def __init__(self, studio: Studio, title: str, parent: QWidget | None = None) -> None:
        """Begin with the window of this title."""
        super().__init__(parent)
        self._studio, self._title = studio, title
        self._use = KeyUse.of(())
        self._size = stored_size(None)
        self.setWindowTitle("Make a profile")
        self.resize(720, 620)
        self.notice = Notice()
        self.name = QLineEdit(name_of(title))
        self.typed = QLineEdit()
        self.typed.setPlaceholderText("up, down, left, right, d=shoot, s=pass")
        self.typed.setAccessibleName("Keys by name")
        self.listening = Listening(studio)
        self.heads = HeadsTable()
        self.pattern = title_field(title_pattern(title))
        self.rate = rate_field(20.0)
        self.problem = words()
        self._stack = QStackedWidget()
        self.back = button("&Back", self._go_back)
        self.next = button("&Next", self._go_on, main=True)
        self._build()
        self.name.textChanged.connect(lambda _: self._check())
        self.heads.edited.connect(self._check)
        self.pattern.textChanged.connect(lambda _: self._check())
        self.listening.learned.connect(self._take_learned)
        self.listening.failed.connect(self._tell_failed)
        self._turn_to(NAME)

    @property
    def running(self) -> bool:
        """Whether a process of it has not ended yet."""
        return self.listening.running

    @property
    def step(self) -> int:
        """0 for the name, 1 for the keys, 2 for what they do."""
        return self._stack.currentIndex()

    def done(self, result: int) -> None:
        """Close, and stop listening."""
        self.listening.give_up()
        super().done(result)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop listening."""
        self.listening.give_up()
        super().closeEvent(event)

    def _build(self) -> None:
        self._stack.addWidget(self._name_step())
        self._stack.addWidget(self._keys_step())
        self._stack.addWidget(self._heads_step())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.setSpacing(12)
        layout.addWidget(self.notice)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.problem)
        layout.addWidget(row(button("Cancel", self.reject), None, self.back, self.next))
        let_enter_press(self, self.next)

    def _name_step(self) -> QWidget:
        self.name.setAccessibleName("Name")
        return column(
            heading("1 of 3: a name for the game"),
            words(f"For the window “{self._title}”."),
            self.name,
            words("Small letters, digits and _ only, such as my_game.", quiet=True),
            None,
        )

    def _keys_step(self) -> QWidget:
        return column(
            heading("2 of 3: press the keys you use"),
            words(
                "Play for a moment. Press every key that the game uses, and hold together what is "
                "held together in play. Only how often and how long each was held is kept."
            ),
            self.listening,
            words("Or type the keys, with what they do:", quiet=True),
            self.typed,
        )

    def _heads_step(self) -> QWidget:
        form = QFormLayout()
        form.addRow("Window's title matches", self.pattern)
        form.addRow("Pictures a second", self.rate)
        holder = QWidget()
        holder.setLayout(form)
        form.setContentsMargins(0, 0, 0, 0)
        return column(
            heading("3 of 3: what the keys do"),
            words(
                "A proposal. Rename what things do, and move keys between decisions: keys of one "
                "decision exclude each other, such as running left and right."
            ),
            self.heads,
            holder,
        )

    def _turn_to(self, step: int) -> None:
        self._stack.setCurrentIndex(step)
        self.back.setEnabled(step != NAME)
        self.back.setToolTip("" if step != NAME else "This is the first step.")
        self.next.setText(("&Next", "&Done (F10)", "&Save and choose it")[step])
        (self.name, self.listening.table, self.heads.table)[step].setFocus()
        if step == KEYS:
            self.listening.begin(self._title)
        self._check()

    def _go_back(self) -> None:
        self.listening.give_up()
        self.notice.clear()
        self._turn_to(NAME if self.step == KEYS or self.step == NAME else KEYS)

    def _go_on(self) -> None:
        self.notice.clear()
        if self.step == NAME:
            self._turn_to(KEYS)
        elif self.step == HEADS:
            self._save()
        elif self.typed.text().strip():
            self._take_typed()
        elif self.listening.running:
            self.listening.finish()
        else:
            self.listening.begin(self._title)
            self._check()

    def _take_typed(self) -> None:
        try:
            names = parse_keys(self.typed.text())
            self._propose(KeyUse.of(names), names)
        except ProfileError as error:
            self.notice.tell(str(error), error=True)
            return
        self.listening.give_up()
        self._turn_to(HEADS)

    def _take_learned(self, learned: Learned) -> None:
        self._size = stored_size(learned.size)
        self.raise_()
        self.activateWindow()
        if not learned.use.presses:
            self._tell_failed(NO_KEYS)
            return
        self._propose(learned.use, {})
        self._turn_to(HEADS)

    def _tell_failed(self, sentence: str) -> None:
        self.notice.tell(sentence, error=True)
        self.next.setText("&Listen again")

    def _propose(self, use: KeyUse, names: dict[str, str]) -> None:
        heads = propose_heads(use, names)
        self._use = use
        self.heads.show_rows(rows_of(heads))

    def _taken(self) -> set[str]:
        return set(shipped_profiles()) | {
            file.stem for file in self._studio.profiles.glob("*.toml")
        }

    def _draft(self) -> Draft:
        size = FrameSize(self._size.width_px, self._size.height_px)
        return Draft(
            self.name.text().strip(),
            self.pattern.text(),
            self.heads.rows(),
            size,
            self.rate.value(),
        )

    def _check(self) -> None:
        """Say at once what is wrong, and let nobody go on with it."""
        told = name_problem(self.name.text().strip(), self._taken())
        remarks: list[str] = []
        if self.step == HEADS and not told:
            try:
                profile = made(self._draft())
                remarks = unclassed_chords(self._use, profile.heads)
            except ProfileError as error:
                told = str(error)
        shown = told or "\n".join(remarks)
        self.problem.setText(capitalised(shown))
        self.next.setEnabled(not told)
        self.next.setToolTip(told)

    def _save(self) -> None:
        target = self._studio.profiles / f"{self.name.text().strip()}.toml"
        try:
            self._write(made(self._draft()), target)
        except UnderstudyError as error:
            self.notice.tell(str(error), error=True)
            return
        self.accept()
        self.profile_made.emit(str(target))

    def _write(self, profile: GameProfile, target: Path) -> None:
        claim_output(target, force=False)
        write_profile(profile, target, [f"Made for the window “{self._title}”."])

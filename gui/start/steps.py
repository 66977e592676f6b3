"""The three steps from a newcomer to a bot that plays."""

from functools import partial

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from gui.jobs.stock import Stock
from gui.page import GAP, button, card, heading, words
from gui.start.telling import Step, next_step, told_play, told_recordings, told_training

TITLES = {
    Step.RECORD: ("1  Record yourself", "Screen and keys are kept while you play."),
    Step.TRAIN: ("2  Train", "A bot learns what you would press."),
    Step.PLAY: ("3  Play", "The bot plays. Take over at any time."),
}
LOOKING = "Looking at what there is..."
BUTTONS = {Step.RECORD: "&Record", Step.TRAIN: "&Train", Step.PLAY: "&Play"}


class StepCards(QWidget):
    """Shows the steps, what there is already, and which one is next."""

    step_wanted = pyqtSignal(str)
    """The page of the step."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[Step, QLabel] = {}
        self.buttons: dict[Step, QPushButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for step, (title, sentence) in TITLES.items():
            made = button(BUTTONS[step], partial(self.step_wanted.emit, step.value))
            made.setAccessibleName(title[3:])
            self.buttons[step] = made
            self._told[step] = words(quiet=True)
            layout.addWidget(card(heading(title), words(sentence), self._told[step], None, made), 1)
        self.show_stock(None, "")

    def show_stock(self, stock: Stock | None, game: str) -> None:
        """Say what there is for a game, and fill the button of the next step.

        Args:
            stock: None while nobody knows yet.
            game: Name of its profile.
        """
        if stock is None:
            self._fill(Step.RECORD)
            for told in self._told.values():
                told.setText(LOOKING)
            return
        self._told[Step.RECORD].setText(told_recordings(stock, game))
        self._told[Step.TRAIN].setText(told_training(stock, game))
        self._told[Step.PLAY].setText(told_play(stock, game))
        self._fill(next_step(stock, game))

    def _fill(self, step: Step) -> None:
        for each, made in self.buttons.items():
            made.setObjectName("main" if each is step else "")
            style = made.style()
            if style is not None:
                style.unpolish(made)
                style.polish(made)

    @property
    def next(self) -> Step:
        """The step whose button is filled."""
        return next(step for step, made in self.buttons.items() if made.objectName() == "main")

    def told(self, step: Step) -> str:
        """Return what a card says of what there is."""
        return self._told[step].text()

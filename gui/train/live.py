"""A training while it runs, and how it ended."""

import time
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gui.jobs.train import Advance
from gui.page import GAP, button, card, column, heading, row, words
from gui.plots import LivePlot
from gui.time_left import TimeLeft
from gui.train.bars import ScoreBars, scrolled
from gui.train.begun import Begun
from gui.train.choices import PolicyChoices
from gui.train.runs import BarGroup
from gui.train.words import PHASES, left_words

FINE = 1000  # steps of the progress bar
NOTHING = "Nothing is being trained. Choose recordings under Policy or Detector, and start."


class LiveView(QWidget):
    """Progress, curves and scores of the training of the moment.

    Args:
        now_s: A monotonic clock.
    """

    stop_wanted = pyqtSignal()
    go_on_wanted = pyqtSignal()
    report_wanted = pyqtSignal()
    play_wanted = pyqtSignal()

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._left = TimeLeft()
        self._began_s = 0.0
        self._learning_s: float | None = None
        self._most_s: float | None = None
        self._stopping = False
        self._title = heading("Training now")
        self.state = words(NOTHING)
        self.note = words(quiet=True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.stop = button("Stop", self.stop_wanted.emit, shortcut="Ctrl+.", danger=True)
        self.go_on = button("&Go on", self.go_on_wanted.emit, main=True)
        self.show_report = button("Show the rep&ort", self.report_wanted.emit)
        self.play = button("Let it pl&ay", self.play_wanted.emit, main=True)
        self.loss = LivePlot("Loss", across="step")
        self.score = LivePlot("Score on what is kept apart", across="step")
        self.bars = ScoreBars()
        self.warnings = words()
        self._spent = QTimer(self)
        self._spent.setInterval(1000)
        self._spent.timeout.connect(self._tell_time)
        self._phase, self._share = "starting", 0.0
        self._build()
        self._dress(running=False)
        for plot in (self.loss, self.score):
            plot.hide()

    def begin(
        self, name: str, begun: Begun, looks: Sequence[tuple[float, float, float | None]]
    ) -> None:
        """Show a training that has just started.

        Args:
            name: Of the run.
            begun: What it learns from.
            looks: Step, loss and score of each look before, of a training that goes on.
        """
        self._title.setText(f"{'Policy' if begun.kind == 'policy' else 'Detector'} {name}")
        self._began_s, self._learning_s = self._now_s(), None
        choices = begun.choices
        self._most_s = choices.most_seconds if isinstance(choices, PolicyChoices) else None
        self._left, self._stopping = TimeLeft(), False
        for plot in (self.loss, self.score):
            plot.clear_points()
        self.loss.show()
        self.score.hide()  # it may never come: with one recording nothing is kept apart
        for step, loss, score in looks:
            self._add(step, loss, score)
        self.bars.show_groups(())
        self._side.hide()
        self.warnings.setText("")
        self.warnings.hide()
        self.note.setText("")
        self._dress(running=True)
        self._spent.start()
        self.advance(Advance("starting", 0.0))

    def advance(self, now: Advance) -> None:
        """Show how far it has come."""
        if now.step is not None:
            self._learning_s = self._learning_s or self._now_s()
            self._add(now.step, now.loss, now.score)
        self._phase, self._share = now.phase, self._share_of(now)
        if now.phase == "learning" and now.done >= 1.0:
            self._phase = "saving"
        self.note.setText(now.note)
        self.note.setVisible(bool(now.note))
        self._tell_time()

    def warn(self, sentence: str) -> None:
        """Add a sentence to know."""
        before = self.warnings.text()
        self.warnings.setText(f"{before}\n{sentence}".strip())
        self.warnings.show()

    def show_stopping(self) -> None:
        """Say that it was asked to end."""
        self._stopping = True
        self._phase = "saving"
        self.stop.setEnabled(False)
        self.stop.setToolTip("It was asked to stop, and saves what it learned")
        self._tell_time()

    def end(
        self,
        sentence: str,
        *,
        groups: Sequence[BarGroup],
        can_go_on: bool,
        plays: bool,
        reports: bool,
    ) -> None:
        """Show how it ended.

        Args:
            sentence: In words.
            groups: Its scores; none where nothing was scored.
            can_go_on: Whether it was cut short.
            plays: Whether it is a policy that can play.
            reports: Whether there is a report.
        """
        self._spent.stop()
        self.state.setText(sentence)
        self.note.hide()
        self.bars.show_groups(groups)
        self._side.setVisible(bool(groups))
        self._dress(running=False)
        self.go_on.setVisible(can_go_on)
        self.play.setVisible(plays)
        self.show_report.setVisible(reports)

    def dress(self) -> None:
        """Take on the colours in use."""
        self.loss.dress()
        self.score.dress()

    def _build(self) -> None:
        plots = QWidget()
        below = QVBoxLayout(plots)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.loss, 1)
        below.addWidget(self.score, 1)
        self._side = scrolled(column(self.bars, None, margin=4))
        lower = QWidget()
        across = QHBoxLayout(lower)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(GAP)
        across.addWidget(plots, 3)
        across.addWidget(self._side, 2)
        self._buttons = row(self.stop, self.go_on, self.show_report, self.play, None)
        self.bar.setRange(0, FINE)
        head = card(self._title, self.state, self.bar, self.note, self._buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(head)
        layout.addWidget(self.warnings)
        layout.addWidget(lower, 1)
        layout.addStretch(0)
        for each in (self.warnings, self._side, self.note):
            each.hide()

    def _dress(self, *, running: bool) -> None:
        self.bar.setVisible(running)
        self.stop.setVisible(running)
        self.stop.setEnabled(running)
        self.stop.setToolTip("Stop; what was learned is kept, and it can go on (Ctrl+.)")
        for each in (self.go_on, self.show_report, self.play):
            each.setVisible(False)

    def _add(self, step: float, loss: float | None, score: float | None) -> None:
        if loss is not None:
            self.loss.add(step, loss)
        if score is not None:
            self.score.add(step, score)
            self.score.show()

    def _share_of(self, now: Advance) -> float:
        share = now.done
        if self._most_s and self._learning_s is not None and now.phase == "learning":
            share = max(share, (self._now_s() - self._learning_s) / self._most_s)
        return min(1.0, share)

    def _tell_time(self) -> None:
        phase = "saving" if self._stopping else self._phase
        self.state.setText(PHASES.get(phase, phase))
        if phase in ("starting", "reading", "aligning", "saving"):
            self.bar.setRange(0, 0)  # nobody knows how long
            return
        left_s = self._left.seconds(phase, self._share, self._now_s())
        told = left_words(phase, left_s)
        self.bar.setRange(0, FINE)
        self.bar.setValue(round(FINE * self._share))
        if told:
            self.state.setText(f"{PHASES.get(phase, phase)}: {told}")

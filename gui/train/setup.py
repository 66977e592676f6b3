"""What a training begins with: recordings, a name, a preset, and all else behind "More"."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from data.profile import load_profile
from gui.jobs.train import Gpu, Source
from gui.library.marks import Mark
from gui.page import GAP, button, card, column, heading, row, words
from gui.runs_on_disk import Kind
from gui.studio import Studio
from gui.train.bars import scrolled
from gui.train.begun import Begun
from gui.train.choices import PRESETS, SHIPPED, changed, from_plain, preset_of, to_plain
from gui.train.chooser import Chooser
from gui.train.fields import WEIGHTS
from gui.train.form import SettingsForm, seen_with
from gui.train.runs import RunEntry, fits, list_runs, name_problem, proposed_name
from gui.train.words import start_problem

NO_GPU = "PyTorch finds no GPU on this computer that it can learn on."
ASKING = "Asking PyTorch whether there is a GPU."
_START: Mapping[Kind, str] = {"policy": "Train the policy", "detector": "Train the detector"}


class Setup(QWidget):
    """One kind of training, before it starts."""

    start_wanted = pyqtSignal(str, object)
    """The run's name and its `Begun`."""

    def __init__(self, kind: Kind, studio: Studio) -> None:
        super().__init__()
        self._kind, self._studio = kind, studio
        self._gpu: Gpu | None = None
        self._busy: str | None = None
        self._runs: Sequence[RunEntry] = ()
        self._proposed = ""
        self._sees = True
        self.chooser, self.form = Chooser(kind), SettingsForm(kind)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the run")
        self.presets: dict[str, QRadioButton] = {}
        self._group = QButtonGroup(self)
        self._said, self._different, self._problem = words(quiet=True), words(quiet=True), words()
        self.more = QPushButton("&More settings")
        self.more.setCheckable(True)
        self._back = button("Back to the preset", self._take_preset)
        self._hidden = column(row(self._different, self._back), self.form)
        self.start = button(
            _START[kind], self._start, shortcut="Ctrl+Return", main=True, tip="Start"
        )
        self._build()
        self.show_runs(list_runs(studio.runs))
        self._restore()
        self.chooser.changed.connect(self._check)
        self.form.changed.connect(self._check)
        self.name.textChanged.connect(self._check)
        self.more.toggled.connect(self._unfold)
        self._check()

    def show_sources(
        self, sources: Iterable[Source], marks: Mapping[Path, Mark], *, looking: bool
    ) -> None:
        """List the recordings that there are; more may come while it is still `looking`."""
        found = list(sources)
        names = self._remembered("unticked", "[]")
        self.chooser.remember_unticked(names, [source.path for source in found])
        self.chooser.show_sources(
            found, game=self._studio.game.profile, marks=marks, looking=looking
        )

    def show_runs(self, runs: Sequence[RunEntry]) -> None:
        """Offer the detectors among these runs, and propose a name that is free."""
        self._runs = runs
        if not self.name.text() or self.name.text() == self._proposed:
            self._proposed = proposed_name(self._kind, self._studio.runs)
            self.name.setText(self._proposed)
        self._offer_detectors()
        self._check()

    def show_gpu(self, gpu: Gpu) -> None:
        """Say which GPU there is."""
        self._gpu = gpu
        self._dress_presets()
        self._check()

    def show_busy(self, run: str | None) -> None:
        """Say which run is being trained now; None for none."""
        self._busy = run
        self._check()

    def remember(self) -> None:
        """Keep the choices for next time."""
        prefix, preferences = f"train/{self._kind}", self._studio.preferences
        preferences.set(f"{prefix}/preset", self._preset_name())
        preferences.set(f"{prefix}/choices", json.dumps(to_plain(self.form.choices())))
        preferences.set(f"{prefix}/unticked", json.dumps(self.chooser.unticked()))

    @property
    def problem(self) -> str:
        """Why it can't start; empty when it can."""
        return "" if self._problem.isHidden() else self._problem.text()

    def _build(self) -> None:
        left = card(heading("What it learns from"), self.chooser)
        radios = []
        for preset in PRESETS[self._kind]:
            radio = QRadioButton(preset.title)
            radio.clicked.connect(self._take_preset)
            self._group.addButton(radio)
            self.presets[preset.name] = radio
            radios.append(radio)
        inner = column(*radios, self._said, self.more, self._hidden, None)
        area = scrolled(inner)
        right = card(
            heading("How"),
            row(words("Name"), self.name, stretch_last=True),
            area,
            self._problem,
            self.start,
        )
        right.setMinimumWidth(340)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(left, 3)
        layout.addWidget(right, 2)
        self._hidden.hide()
        self._dress_presets()

    def _dress_presets(self) -> None:
        for preset in PRESETS[self._kind]:
            radio = self.presets[preset.name]
            lacking = preset.needs_gpu and (self._gpu is None or not self._gpu.name)
            radio.setEnabled(not lacking)
            told = preset.words
            if preset.needs_gpu:
                told = ASKING if self._gpu is None else self._gpu.name or NO_GPU
            radio.setToolTip(told)

    def _preset_name(self) -> str:
        return next((n for n, radio in self.presets.items() if radio.isChecked()), "quick")

    def _take_preset(self) -> None:
        kept = self.form.choices()
        self.form.show_choices(preset_of(self._kind, self._preset_name()).choices)
        if self._kind == "policy":
            self._keep_detector(seen_with(kept))
        self._check()

    def _keep_detector(self, source: str) -> None:
        choices = self.form.choices()
        self.form.show_choices(from_plain(self._kind, to_plain(choices) | {"detector": source}))

    def _unfold(self, more: bool) -> None:
        self._hidden.setVisible(more)
        self._studio.preferences.set(f"train/{self._kind}/more", more)

    def _offer_detectors(self) -> None:
        profile = self._studio.game.profile
        known = [(str(run.folder), run.name) for run in self._runs if fits(run, profile)]
        practice = load_profile(SHIPPED)
        shipped = (profile.object_names, profile.capture.size) == (
            practice.object_names,
            practice.capture.size,
        )
        if self._kind == "policy":
            options = [(SHIPPED, "The detector that ships")] if shipped else []
            self.form.show_options("detector", options + known)
            self._sees = bool(options or known)
        else:
            every = [r for r in self._runs if r.kind == "detector" and r.plays]
            options = [*WEIGHTS, *((str(r.folder), r.name) for r in every)]
            self.form.show_options("weights", options)

    def _check(self) -> None:
        choices, preset = self.form.choices(), preset_of(self._kind, self._preset_name())
        names = set(changed(choices, preset.choices)) - {"detector"}
        self._said.setText(preset.words)
        count = len(names)
        self._different.setText(
            f"{count} setting{'' if count == 1 else 's'} of your own." if count else "As preset."
        )
        self._back.setEnabled(bool(names))
        self._back.setToolTip("" if names else "Nothing differs from the preset")
        problem = start_problem(
            self._kind,
            self.chooser.chosen(),
            held_out=len(self.chooser.held_out()),
            choices=choices,
            name=name_problem(self.name.text(), self._studio.runs),
            busy=self._busy,
            has_gpu=None if self._gpu is None else bool(self._gpu.name),
            sees=self._sees,
        )
        self._problem.setText(problem or "")
        self._problem.setVisible(problem is not None)
        self.start.setEnabled(problem is None)
        self.start.setToolTip(problem or "Start (Ctrl+Return)")

    def _start(self) -> None:
        chosen = self.chooser.chosen()
        begun = Begun(
            kind=self._kind,
            profile=self._studio.game.source,
            recordings=tuple(source.path for source in chosen),
            held_out=self.chooser.held_out(),
            choices=self.form.choices(),
            seconds=sum(
                source.seconds if source.corrected_s is None else source.corrected_s
                for source in chosen
            ),
        )
        self.remember()
        self.start_wanted.emit(self.name.text(), begun)

    def _restore(self) -> None:
        preferences, prefix = self._studio.preferences, f"train/{self._kind}"
        preset = preset_of(self._kind, preferences.get(f"{prefix}/preset", ""))
        self.presets[preset.name].setChecked(True)
        try:
            values = json.loads(preferences.get(f"{prefix}/choices", "{}"))
            choices = from_plain(self._kind, to_plain(preset.choices) | values)
        except (ValueError, TypeError):
            choices = preset.choices
        self.form.show_choices(choices)
        self.more.setChecked(preferences.get(f"{prefix}/more", False))
        self._unfold(self.more.isChecked())

    def _remembered(self, name: str, usual: str) -> list[str]:
        try:
            found = json.loads(self._studio.preferences.get(f"train/{self._kind}/{name}", usual))
        except ValueError:
            return []
        return [str(each) for each in found] if isinstance(found, list) else []

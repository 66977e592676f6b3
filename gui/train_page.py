"""Teach a detector what is where, and a policy what to press."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PyQt6.QtWidgets import QTabWidget, QVBoxLayout

from data.errors import UnderstudyError
from gui.jobs.line import Ended, How
from gui.jobs.train import Advance, Gpu, TrainRequest, Warned, find_gpu, train
from gui.page import Notice, Page
from gui.runs_on_disk import KINDS, Kind
from gui.studio import Studio
from gui.train.begun import Begun
from gui.train.live import LiveView
from gui.train.runs import list_runs, looks_of, proposed_name, run_entry
from gui.train.runs_view import RunsView
from gui.train.setup import Setup
from gui.train.sources import Sources
from gui.train.words import ended_words, used_words
from gui.worker import Worker

NICENESS = 10
STOP_S = 180.0  # for a stopped training to save, judge and report; then it is ended by force
CLOSE_S = 40.0  # the same, when the program ends: all that matters is saved first
_TABS: dict[Kind, str] = {
    "policy": "&Policy: what to press",
    "detector": "&Detector: what is where",
}


class TrainPage(Page):
    """Teach a detector what is where, and a policy what to press."""

    name = "train"
    title = "Train"
    hint = "Teach a detector what is where, and a policy what to press."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._worker: Worker | None = None
        self._asking: Worker | None = None
        self._gpu: Gpu | None = None
        self._running: tuple[str, Path, Begun] | None = None
        self._last: Path | None = None
        self.notice, self.tabs = Notice(), QTabWidget()
        self.setups: dict[Kind, Setup] = {kind: Setup(kind, studio) for kind in KINDS}
        self.live, self.runs = LiveView(), RunsView(studio)
        self.sources = Sources(studio)
        self._build()
        self._connect()

    def entered(self) -> None:
        """Look at what there is to learn from, and for a GPU."""
        self.sources.look()
        self._list_runs()
        self.live.dress()
        if self._gpu is None and self._asking is None:
            self._asking = self.studio.worker(find_gpu, None, niceness=NICENESS)
            self._asking.ended.connect(self._take_gpu)
            self._asking.start()

    def left(self) -> None:
        """Remember the choices."""
        for setup in self.setups.values():
            setup.remember()

    def open(self, what: object) -> None:
        """Tick recordings, show the report of a run, or train.

        Args:
            what: A recording's path, or several, for a policy; `("detector", paths)` for a
                detector; a run's folder; or a `Begun`, which is trained at once.
        """
        if isinstance(what, Begun):
            self.start(proposed_name(what.kind, self.studio.runs), what)
            return
        if isinstance(what, (str, Path)) and Path(what).is_dir():
            self._list_runs()
            self.runs.open_report(Path(what))
            self.tabs.setCurrentWidget(self.runs)
            return
        kind, paths = _asked_for(what)
        self.sources.also(paths)
        setup = self.setups[kind]
        setup.chooser.tick_only(paths)
        self.tabs.setCurrentWidget(setup)

    def at_work(self) -> str | None:
        """Say which run is being trained."""
        return f"{self._running[0]} is being trained" if self._running is not None else None

    def shut_down(self) -> None:
        """Ask the training to save and end."""
        self.left()
        self.runs.report.leave()
        self.sources.leave()
        if self._asking is not None:
            self._asking.kill()
        if self._worker is not None:
            self.live.show_stopping()
            self._worker.stop(patience_s=CLOSE_S)

    def still_running(self) -> bool:
        """Say whether the training has not ended yet."""
        workers = (self._worker, self._asking)
        return any(worker is not None and worker.running for worker in workers)

    def start(self, name: str, begun: Begun, *, go_on: bool = False) -> None:
        """Train a run, or go on with it."""
        if self._running is not None:
            return
        out = self.studio.runs / name
        self.notice.clear()
        request = TrainRequest(out, begun, self.studio.runs / "seen", go_on=go_on)
        self._running, self._last = (name, out, begun), out
        self.studio.use(used_words(name), begun.recordings)
        worker = self.studio.worker(train, request, niceness=NICENESS)
        worker.told.connect(self._take)
        worker.ended.connect(self._end)
        self._worker = worker
        self.live.begin(name, begun, _looks(out) if go_on else ())
        self.tabs.setCurrentWidget(self.live)
        self._show_busy()
        worker.start()

    def stop(self) -> None:
        """Ask the training to save what it learned, and end."""
        if self._worker is not None:
            self.live.show_stopping()
            self._worker.stop(patience_s=STOP_S)

    def go_on(self, folder: Path) -> None:
        """Go on with a training that was cut short."""
        try:
            begun = Begun.read(folder)
        except UnderstudyError as error:
            self.notice.tell(str(error), error=True)
            return
        self.start(folder.name, begun, go_on=True)

    def _build(self) -> None:
        for kind, setup in self.setups.items():
            self.tabs.addTab(setup, _TABS[kind])
        self.tabs.addTab(self.live, "Training &now")
        self.tabs.addTab(self.runs, "&Runs and reports")
        self.tabs.setMinimumSize(860, 480)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.notice)
        layout.addWidget(self.tabs, 1)

    def _connect(self) -> None:
        studio = self.studio
        for setup in self.setups.values():
            setup.start_wanted.connect(self.start)
            setup.chooser.record_wanted.connect(lambda: studio.go_to("record"))
        self.live.stop_wanted.connect(self.stop)
        self.live.go_on_wanted.connect(self._go_on_with_last)
        self.live.report_wanted.connect(self._report_last)
        self.live.play_wanted.connect(lambda: studio.go_to("play", self._last))
        self.runs.go_on_wanted.connect(lambda entry: self.go_on(entry.folder))
        self.runs.play_wanted.connect(lambda folder: studio.go_to("play", folder))
        self.sources.found.connect(self._show_sources)
        studio.recordings_changed.connect(self._look_if_shown)
        studio.runs_changed.connect(self._list_runs)
        studio.game_changed.connect(lambda game: self._game_changed())

    def _look_if_shown(self) -> None:
        if self.isVisible():
            self.sources.look()

    def _game_changed(self) -> None:
        self._show_sources()
        self._list_runs()

    def _show_sources(self) -> None:
        for setup in self.setups.values():
            setup.show_sources(
                self.sources.known(), self.sources.marks(), looking=self.sources.looking
            )

    def _list_runs(self) -> None:
        entries = list_runs(self.studio.runs)
        self.runs.show_runs(entries, busy=self._running[0] if self._running else None)
        for setup in self.setups.values():
            setup.show_runs(entries)

    def _show_busy(self) -> None:
        name = self._running[0] if self._running else None
        for setup in self.setups.values():
            setup.show_busy(name)
        self._list_runs()

    def _take_gpu(self, ended: Ended) -> None:
        if isinstance(ended.result, Gpu):
            self._gpu = ended.result
        elif ended.how is not How.STOPPED:
            self._gpu = Gpu("")
        for setup in self.setups.values():
            setup.show_gpu(self._gpu or Gpu(""))

    def _take(self, message: object) -> None:
        if isinstance(message, Advance):
            self.live.advance(message)
        elif isinstance(message, Warned):
            self.live.warn(message.sentence)

    def _end(self, ended: Ended) -> None:
        running, self._running, self._worker = self._running, None, None
        if running is None:
            return
        name, out, _ = running
        self.studio.use(used_words(name), ())
        entry = run_entry(out)
        said = ended_words(ended, name)
        self.live.end(
            said,
            groups=entry.groups if entry is not None else (),
            can_go_on=entry is not None and entry.can_go_on,
            plays=entry is not None and entry.plays and entry.kind == "policy",
            reports=entry is not None and entry.report is not None,
        )
        if ended.how in (How.FAILED, How.DIED):
            self.notice.tell(said, error=True)
        self.studio.say(f"{name}: {ended.how.value}.")
        self._show_busy()
        self.studio.runs_changed.emit()

    def _go_on_with_last(self) -> None:
        if self._last is not None:
            self.go_on(self._last)

    def _report_last(self) -> None:
        if self._last is not None:
            self.open(self._last)


def _asked_for(what: object) -> tuple[Kind, list[Path]]:
    """Return what is to be trained, and on which recordings."""
    kind: Kind = "policy"
    if isinstance(what, tuple) and len(what) == 2 and what[0] in KINDS:
        kind, what = what
    if isinstance(what, (str, Path)):
        return kind, [Path(what)]
    return kind, [Path(path) for path in what] if isinstance(what, Sequence) else []


def _looks(out: Path) -> list[tuple[float, float, float | None]]:
    """Return step, loss and score of the looks that a training took before it was cut short."""
    found: list[tuple[float, float, float | None]] = []
    for look in looks_of(out):
        score: Any = look.get("validation_score", look.get("map50"))
        found.append((float(look["step"]), float(look["loss"]), score))
    return found

"""Choose a game, or make a profile for a new one."""

from pathlib import Path

from PyQt6.QtWidgets import QApplication, QFileDialog, QVBoxLayout

from data.errors import ProfileError, UnderstudyError
from data.profile_check import check_profile
from gui.jobs.line import Ended, How
from gui.jobs.stock import Stock, StockRequest, take_stock
from gui.jobs.windows import EVERY_S, ShownWindow, ShownWindows, watch_windows
from gui.page import GAP, Notice, Page, button, flow, heading, row, words
from gui.start.editor import ProfileEditor
from gui.start.gallery import Gallery
from gui.start.maker import ProfileMaker
from gui.start.profiles import Known, known_profiles, own_copy, profile_for
from gui.start.shelf import Shelf
from gui.start.steps import StepCards
from gui.studio import PRACTICE, Studio
from gui.worker import Worker

CHOSEN = "✓ Chosen"


class StartPage(Page):
    """Three steps, the game, and its profile."""

    name = "start"
    title = "Start"
    hint = "Choose a game, or make a profile for a new one."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._watcher: Worker | None = None
        self._counter: Worker | None = None
        self._ending: list[Worker] = []
        self._known: list[Known] = []
        self._picked: ShownWindow | None = None
        self._stock: Stock | None = None
        self.maker: ProfileMaker | None = None
        self.editor: ProfileEditor | None = None
        self.steps, self.gallery, self.shelf, self.notice = (
            StepCards(),
            Gallery(),
            Shelf(),
            Notice(),
        )
        self._asked = words()
        self._make = button("&Make a profile for it...", self._make_profile, main=True)
        self._build()
        self.steps.step_wanted.connect(studio.go_to)
        self.gallery.practice_chosen.connect(lambda: self._choose(PRACTICE))
        self.gallery.window_chosen.connect(self._take_window)
        self.shelf.profile_chosen.connect(self._choose)
        self.shelf.edit_wanted.connect(self._edit)
        self.shelf.file_wanted.connect(self._open_file)
        studio.game_changed.connect(lambda _: self._refresh())
        studio.recordings_changed.connect(self._recount)
        studio.runs_changed.connect(self._recount)

    def entered(self) -> None:
        """Look at what there is, and begin to show the windows."""
        self._refresh()
        self._count()
        self._watch()

    def left(self) -> None:
        """End the live pictures."""
        self._stop(self._watcher)
        self._watcher = None

    def shut_down(self) -> None:
        """End everything."""
        self._stop(self._counter)
        if self.maker is not None:
            self.maker.reject()
        if self.editor is not None:
            self.editor.discard()

    def still_running(self) -> bool:
        """Say whether a process has not ended yet."""
        listening = self.maker is not None and self.maker.running
        return listening or bool(self._ending)

    def _build(self) -> None:
        self._asking = row(self._make, self._asked, stretch_last=True)
        self._asking.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.notice)
        layout.addWidget(self.steps)
        layout.addWidget(
            row(
                heading("Which game?"),
                words("Click on the practice game, or on your game's window.", quiet=True),
                stretch_last=True,
            )
        )
        layout.addWidget(self.gallery, 1)
        layout.addWidget(self._asking)
        layout.addWidget(heading("Profiles: what is known about each game"))
        layout.addWidget(self.shelf)
        flow(self)

    def _watch(self) -> None:
        if self._watcher is None:
            self._watcher = self._started(self.studio.worker(watch_windows, EVERY_S, niceness=5))
            self._watcher.told.connect(self._show_windows)

    def _recount(self) -> None:
        if self.isVisible():  # who comes here later sees it counted anew
            self._count()

    def _count(self) -> None:
        self._stop(self._counter)
        request = StockRequest(self.studio.recordings, self.studio.runs)
        self._counter = self._started(self.studio.worker(take_stock, request, niceness=5))

    def _started(self, worker: Worker) -> Worker:
        worker.ended.connect(lambda ended: self._end(worker, ended))
        self._ending.append(worker)
        worker.start()
        return worker

    def _stop(self, worker: Worker | None) -> None:
        if worker is not None:
            worker.stop()

    def _end(self, worker: Worker, ended: Ended) -> None:
        self._ending.remove(worker)
        worker.deleteLater()
        if worker is self._watcher:
            self._watcher = None
            if ended.how in (How.FAILED, How.DIED):
                self.notice.tell(
                    f"open windows can't be shown: {ended.sentence} The practice game and the "
                    "profiles below can still be chosen.",
                    error=True,
                )
        if worker is self._counter:
            self._counter = None
            if isinstance(ended.result, Stock) and ended.how is How.DONE:
                self._stock = ended.result
                self.steps.show_stock(self._stock, self.studio.game.profile.name)

    def _refresh(self) -> None:
        game = self.studio.game
        self._known = known_profiles(self.studio.profiles, also=game.source)
        self.shelf.show_profiles(self._known, chosen=game.source)
        self.gallery.tell_practice(CHOSEN if game.is_practice else "Built in, always there")
        self.steps.show_stock(self._stock, game.profile.name)

    def _show_windows(self, shown: object) -> None:
        if isinstance(shown, ShownWindows):
            own = {int(each.winId()) for each in QApplication.topLevelWidgets() if each.isVisible()}
            self.gallery.show_windows(shown.windows, own=own, told=self._known_of)

    def _known_of(self, window: ShownWindow) -> str:
        found = profile_for(window.title, self._known)
        if found is None:
            return "New: no profile yet"
        return CHOSEN if found.source == self.studio.game.source else f"Profile: {found.name}"

    def _take_window(self, window: ShownWindow) -> None:
        found = profile_for(window.title, self._known)
        if found is not None:
            self._choose(found.source)
            return
        self._picked = window
        self._asked.setText(f"There is no profile for “{window.title}” yet.")
        self._asking.show()
        self._make.setFocus()

    def _choose(self, source: str) -> None:
        self._asking.hide()
        self._picked = None
        try:
            self.studio.choose_game(source)
        except ProfileError as error:
            self.notice.tell(str(error), error=True)
            self._refresh()
            return
        self.notice.clear()
        self.studio.say(f"The game is now {self.studio.game.profile.name}.")

    def _open_file(self) -> None:
        start = str(self.studio.profiles)
        path, _ = QFileDialog.getOpenFileName(self, "Open a profile", start, "Profiles (*.toml)")
        if path:
            self.open(path)

    def open(self, what: object) -> None:
        """Choose the game of a profile's file, a path; or say all that is wrong with it."""
        try:
            check = check_profile(str(what))
        except UnderstudyError as error:
            self.notice.tell(str(error), error=True)
            return
        if check.problems:
            self.notice.tell(f"{what}:\n" + "\n".join(check.problems), error=True)
            return
        self._choose(str(what))
        if check.warnings:
            self.notice.tell("\n".join(check.warnings))

    def _make_profile(self) -> None:
        if self._picked is None:
            return
        self.maker = ProfileMaker(self.studio, self._picked.title, self)
        self.maker.profile_made.connect(self._take_made)
        self.maker.open()

    def _take_made(self, path: str) -> None:
        self.open(path)
        if not self.notice.text:
            self.notice.tell(f"The profile is made, and chosen: {path}. Next: record yourself.")

    def _edit(self, source: str) -> None:
        known = next((each for each in self._known if each.source == source), None)
        if known is None or known.profile is None:
            return
        profile, file = known.profile, Path(source)
        if not known.own:
            profile, file = own_copy(profile, self.studio.profiles)
        self.editor = ProfileEditor(profile, file, self)
        self.editor.profile_saved.connect(self._take_edited)
        self.editor.open()

    def _take_edited(self, path: str, before: str) -> None:
        if path == self.studio.game.source:
            self.studio.choose_game(path, title=self.studio.game.title)
        else:
            self._refresh()
        self.shelf.highlight(path)
        was = f" The file as it was: {before}." if before else " Choose it to play with it."
        self.notice.tell(f"Saved: {path}.{was}")

"""Record yourself at play: the screen and the keys of the game."""

from pathlib import Path

from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.jobs.line import Ended
from gui.jobs.practice import Goals
from gui.jobs.preview import Seen
from gui.jobs.record import Live, Press, RecordRequest, Waiting, record_game
from gui.library.files import to_trash
from gui.matches.practice_game import Match, PracticeGame
from gui.page import Notice, Page, SideStack, column
from gui.record.figures import FiguresCard
from gui.record.leftovers import LeftoverNotice
from gui.record.live_view import LiveView
from gui.record.options import Chosen, OptionsCard
from gui.record.outcome import outcome_of
from gui.record.practice_card import PracticeCard
from gui.record.preview_feed import PreviewFeed
from gui.record.summary_view import SummaryView
from gui.record.words import GameSeen, missing_words, why_not_record
from gui.studio import Game, Studio
from gui.worker import Worker
from recorder.controls import DISCARD_S
from recorder.status import DISK_WARN_BYTES, RecordStatus

SIDE_PX = 330
SAVE_S = 120.0  # a slow disk may have half a minute of pictures to catch up with
WINDOW_S = 60.0  # until the practice game has opened its window on a busy machine


class RecordPage(Page):
    """Record yourself at play: the screen and the keys of the game."""

    name = "record"
    title = "Record"
    hint = "Record yourself at play: the screen and the keys of the game."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._here = self._closing = False
        self._seen = GameSeen.UNKNOWN
        self._recorder: Worker | None = None
        self._path = Path()
        self._coached = False
        self._begun = False
        self._disk_told = False
        self.notice = Notice()
        self.leftovers = LeftoverNotice(studio)
        self.options = OptionsCard(studio)
        self.practice = PracticeCard(studio)
        self.game = PracticeGame(studio)
        self.preview = PreviewFeed(studio)
        self.figures = FiguresCard()
        self.live = LiveView(studio.game.profile)
        self.summary = SummaryView(studio)
        self._side = SideStack(SIDE_PX)
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self._take_game(studio.game)

    @property
    def recording(self) -> bool:
        """Whether a recording runs, waits for the game, or is being saved."""
        return self._recorder is not None

    @property
    def recorder_id(self) -> int | None:
        """Of the process that records."""
        return None if self._recorder is None else self._recorder.process_id

    @property
    def shows_summary(self) -> bool:
        """Whether it shows what was recorded last, and not the game."""
        return self._stack.currentWidget() is self.summary

    def entered(self) -> None:
        """Show the game, and tell of recordings that were cut short."""
        self._here = True
        if not self.recording:
            self.leftovers.look()
        self._show_preview()

    def left(self) -> None:
        """End the preview."""
        self._here = False
        self.preview.stop()

    def at_work(self) -> str | None:
        """Say that a recording runs."""
        return "a recording runs" if self.recording else None

    def shut_down(self) -> None:
        """End the recording, whole, and close the practice game."""
        self._here, self._closing = False, True
        self.preview.stop()
        self.summary.end()
        self._stop()
        self.game.close()

    def still_running(self) -> bool:
        """Say whether a recording is still being saved, or something else has not ended."""
        others = (self.game.running, self.leftovers.running, self.preview.running)
        return self.recording or any(others)

    def _lay_out(self) -> None:
        before = column(self.options, self.practice, None)
        during = column(self.figures, None)
        for each in (before, during):
            self._side.addWidget(each)
        now = QWidget()
        across = QHBoxLayout(now)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(16)
        across.addWidget(self.live, 1)
        across.addWidget(self._side)
        self._stack.addWidget(now)
        self._stack.addWidget(self.summary)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.notice)
        layout.addWidget(self.leftovers)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.studio.game_changed.connect(self._take_game)
        self.options.name_checked.connect(self._allow)
        self.preview.seen.connect(self._take_seen)
        self.preview.missing.connect(self._take_missing)
        self.preview.failed.connect(self._take_failed_preview)
        self.live.record_pressed.connect(lambda: self._begin(coached=False))
        self.live.stop_pressed.connect(self._stop)
        self.live.pressed.connect(self._press)
        self.practice.open_pressed.connect(self.game.open)
        self.practice.close_pressed.connect(self.game.close)
        self.practice.coach_match_pressed.connect(self._record_coach)
        self.game.opened.connect(self._allow)
        self.game.closed.connect(self._take_closed)
        self.game.failed.connect(self._tell_error)
        self.summary.another_pressed.connect(self._another)
        self.summary.look_pressed.connect(lambda: self._show_elsewhere("library"))
        self.summary.train_pressed.connect(lambda: self._show_elsewhere("train"))
        self.summary.trash_pressed.connect(self._move_to_trash)
        self.leftovers.repaired.connect(
            lambda path: self.notice.tell(f"{path.stem} is whole again. It is in the Library.")
        )
        self.leftovers.failed.connect(self._tell_error)

    def _tell_error(self, sentence: str) -> None:
        self.notice.tell(sentence, error=True)

    def _take_game(self, game: Game) -> None:
        self.practice.setVisible(game.is_practice)
        if not self.recording:
            self.live.set_profile(game.profile)
        self.preview.stop()
        self._show_preview()

    def _allow(self) -> None:
        """Have the buttons say what can be done now."""
        if not self.recording:
            self.live.allow_record(why_not_record(self.options.problem, self._seen))
        self.practice.show_open(ours=self.game.running, seen=self._seen is GameSeen.OPEN)

    def _show_preview(self) -> None:
        if not self._here or self.recording or self.shows_summary or self.preview.on:
            return
        self._seen = GameSeen.UNKNOWN
        self._allow()
        self.live.show_missing("Looking for the game's window")
        self.preview.start(self.studio.game)

    def _take_seen(self, seen: Seen) -> None:
        self.live.show_seen(seen)
        self._note(GameSeen.OPEN)

    def _take_missing(self) -> None:
        if self._seen is not GameSeen.MISSING:
            self.live.show_missing(missing_words(self.studio.game))
        self._note(GameSeen.MISSING)

    def _take_failed_preview(self, sentence: str) -> None:
        self.live.show_missing("No live picture")
        self._tell_error(f"The live picture has stopped: {sentence}")
        self._note(GameSeen.UNKNOWN)

    def _note(self, seen: GameSeen) -> None:
        if seen is not self._seen:
            self._seen = seen
            self._allow()

    def _record_coach(self, match: Match) -> None:
        if self.options.problem:
            self._tell_error(self.options.problem)
        else:
            self.game.open(match)
            self._begin(coached=True)

    def _begin(self, *, coached: bool) -> None:
        if self.recording or self.options.problem:
            return
        chosen = self.options.chosen()
        request = _request(self.studio.game, chosen, coached=coached)
        self.preview.stop()
        self.notice.clear()
        self._path, self._coached = chosen.path, coached
        self._begun = self._disk_told = False
        self._recorder = self.studio.worker(record_game, request)
        self._recorder.told.connect(self._take_told)
        self._recorder.ended.connect(self._take_recorded)
        self._recorder.start()
        self.live.begin(keep_last_s=request.keep_last_s)
        self.live.view.show_banner("Opening the game" if coached else "Getting ready")
        self.figures.begin(chosen.path.stem)
        self._side.setCurrentIndex(1)
        self._allow()
        self.studio.say(f"Recording to {chosen.path}")

    def _press(self, which: object) -> None:
        if self._recorder is not None:
            self._recorder.say(which)
            if which is Press.DISCARD:
                self.studio.say(f"The last {DISCARD_S:.0f} s will not be learned from.")

    def _stop(self) -> None:
        if self._recorder is not None:
            self._recorder.stop(patience_s=SAVE_S)
            self.live.show_ending()

    def _take_told(self, message: object) -> None:
        if isinstance(message, Waiting):
            self.live.show_waiting(message.left_s)
        elif isinstance(message, Live):
            self._begun = True
            self.live.show_status(message.status)
            self.figures.tell(message.status)
            self._warn_of_disk(message.status)

    def _warn_of_disk(self, status: RecordStatus) -> None:
        if status.disk_is_short and not self._disk_told:
            self._disk_told = True
            self._tell_error(
                f"Less than {DISK_WARN_BYTES / 1e9:.0f} GB of disk space is left. The recording "
                "ends in good order before the disk is full."
            )

    def _take_recorded(self, ended: Ended) -> None:
        worker, self._recorder = self._recorder, None
        if worker is not None:
            worker.deleteLater()
        found = outcome_of(ended, self._path, game_was_to_end=self._coached)
        if self.game.coached and not found.window_closed:
            self.game.close()  # or the coach would get into the hands of whoever plays next
        self.live.rest()
        self.live.set_profile(self.studio.game.profile)
        self._side.setCurrentIndex(0)
        if found.sentence:
            self.notice.tell(found.sentence, error=found.error)
        self.leftovers.look(at_once=True)
        if found.files and not self._closing:
            self.summary.show_files(found.files, found.remarks)
            self._stack.setCurrentWidget(self.summary)
        self.options.propose()
        self.studio.recordings_changed.emit()
        self._allow()
        self._show_preview()

    def _take_closed(self, goals: Goals | None) -> None:
        """Take note that the practice game has closed."""
        if self._coached and self.recording and not self._begun:
            self._stop()
        if self._coached and goals is not None:
            self.summary.add_remark(f"The match ended {goals.ours} - {goals.theirs}.")
        self._allow()

    def _another(self) -> None:
        self._stack.setCurrentIndex(0)
        self.notice.clear()
        self._show_preview()

    def _show_elsewhere(self, page: str) -> None:
        path = self.summary.path
        self._another()
        self.studio.go_to(page, path)

    def _move_to_trash(self) -> None:
        path = self.summary.path
        if path is None:
            return
        if user := self.studio.user_of(path):
            self._tell_error(f"The recording {path.stem} can't be moved to the trash now: {user}.")
            return
        self.summary.end()
        left = to_trash([path])
        self._another()
        self.options.propose()
        self.studio.recordings_changed.emit()
        if left:
            self._tell_error(f"{path.name} can't be moved to the trash. It is still there.")
        else:
            self.studio.say(f"{path.stem} is in the trash.")


def _request(game: Game, chosen: Chosen, *, coached: bool) -> RecordRequest:
    """Say what to record; of the coach, a whole match."""
    return RecordRequest(
        game.profile,
        chosen.path,
        chosen.rate_hz,
        title=game.title,
        wait_s=WINDOW_S if coached else 0.0,
        seconds=None if coached else chosen.seconds,
        countdown_s=0.0 if coached else chosen.countdown_s,
        keep_last_s=None if coached else chosen.keep_last_s,
    )

"""One play after another: the job that plays, and the practice game opened for it."""

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs.line import Ended, How
from gui.jobs.play import GameWanted, HandsOff, Played, PlayRequest, PlayTick, Stage, play
from gui.jobs.practice import Goals
from gui.matches.practice_game import Match, PracticeGame
from gui.play.choices import PlayChoices
from gui.studio import Studio
from gui.worker import Worker


class Player(QObject):
    """Has a policy play; one play at a time."""

    begun = pyqtSignal()
    staged = pyqtSignal(object)
    """A `Stage` was reached."""
    ticked = pyqtSignal(object)
    """A `PlayTick`, the newest."""
    played = pyqtSignal(object, object)
    """The `Played`, and the `Goals` where a match was played to its end."""
    refused = pyqtSignal(str)
    """It ended in a way that a person has to be told of, in a sentence."""
    over = pyqtSignal()
    """It has ended, whatever way; comes after all the others."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._worker: Worker | None = None
        self._match = Match(coach=False, difficulty="", seconds=0.0)
        self._goals: Goals | None = None
        self._complaint = ""
        self._how: Ended | None = None
        self.game = PracticeGame(studio)
        self.game.failed.connect(self._game_failed)
        self.game.closed.connect(self._game_closed)
        self.request: PlayRequest | None = None
        """Of the play that runs, or ran last."""
        self.stage = Stage.LOADING
        self.yours = False
        """Whether the person has asked to play."""

    @property
    def busy(self) -> bool:
        """Whether something is played, about to be, or the game for it is being closed."""
        return self._worker is not None or self._how is not None

    @property
    def still_running(self) -> bool:
        """Whether a process of play is still there."""
        return self.busy or self.game.running

    @property
    def process_id(self) -> int | None:
        """Of the process that plays."""
        return None if self._worker is None else self._worker.process_id

    def start(self, request: PlayRequest, choices: PlayChoices) -> None:
        """Play."""
        if self.busy:
            return
        self.request, self.stage, self.yours = request, Stage.LOADING, False
        self._match = Match(coach=False, difficulty=choices.difficulty, seconds=choices.match_s)
        self._goals, self._complaint = None, ""
        self._worker = self._studio.worker(play, request)
        self._worker.told.connect(self._hear)
        self._worker.ended.connect(self._ended)
        self._worker.start()
        self.begun.emit()

    def stop(self) -> None:
        """Let go of the keys, finish the flight log and close the game that was opened."""
        if self._worker is not None:
            self._worker.stop()

    def end_game(self) -> None:
        """Close the practice game if it was opened from here."""
        self.game.close()

    def give_hands(self, *, yours: bool) -> None:
        """Have the person play, or the policy again."""
        if self._worker is not None:
            self.yours = yours
            self._worker.say(HandsOff(yours))

    def _hear(self, message: object) -> None:
        if isinstance(message, Stage):
            self.stage = message
            self.staged.emit(message)
        elif isinstance(message, PlayTick):
            self.ticked.emit(message)
        elif isinstance(message, GameWanted):
            self.game.open(self._match)

    def _game_failed(self, sentence: str) -> None:
        self._complaint = sentence
        self.stop()

    def _game_closed(self, goals: Goals | None) -> None:
        self._goals = goals
        if self._how is not None:
            self._finish(self._how)

    def _ended(self, ended: Ended) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.deleteLater()
        if self.game.running:  # it tells the goals when it has closed
            self._how = ended
            self.game.close()
        else:
            self._finish(ended)

    def _finish(self, ended: Ended) -> None:
        self._how = None
        if isinstance(ended.result, Played):
            self.played.emit(ended.result, self._goals)
        problem = self._complaint or problem_of(ended)
        if problem:
            self.refused.emit(problem)
        self.over.emit()


def problem_of(ended: Ended) -> str:
    """Return what a person has to be told of an ending; empty when all is well."""
    if ended.how is How.DIED:
        return f"Play has ended: {ended.sentence} The keys have been let go."
    if ended.how is How.FAILED:
        return ended.sentence
    return ""

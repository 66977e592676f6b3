"""One play after another: the job that plays, and the practice game opened for it."""

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs.line import Ended, How
from gui.jobs.play import GameWanted, HandsOff, Played, PlayRequest, PlayTick, Stage, play
from gui.play.choices import PlayChoices
from gui.play.practice_game import PracticeGame
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
    """The `Played`, and the match's goals for and against where there was a match."""
    refused = pyqtSignal(str)
    """It ended in a way that a person has to be told of, in a sentence."""
    over = pyqtSignal()
    """It has ended, whatever way; comes after all the others."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._worker: Worker | None = None
        self._match = ("", 0.0)
        self._complaint = ""
        self._game = PracticeGame(self)
        self._game.failed.connect(self._game_failed)
        self.request: PlayRequest | None = None
        """Of the play that runs, or ran last."""
        self.stage = Stage.LOADING
        self.yours = False
        """Whether the person has asked to play."""

    @property
    def busy(self) -> bool:
        """Whether something is being played, or about to be."""
        return self._worker is not None

    @property
    def still_running(self) -> bool:
        """Whether a process of play is still there."""
        return self.busy or self._game.running

    @property
    def process_id(self) -> int | None:
        """Of the process that plays."""
        return None if self._worker is None else self._worker.process_id

    def start(self, request: PlayRequest, choices: PlayChoices) -> None:
        """Play."""
        if self.busy:
            return
        self.request, self.stage, self.yours = request, Stage.LOADING, False
        self._match, self._complaint = (choices.difficulty, choices.match_s), ""
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
        self._game.close()

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
            self._game.start(difficulty=self._match[0], seconds=self._match[1])

    def _game_failed(self, sentence: str) -> None:
        self._complaint = sentence
        self.stop()

    def _ended(self, ended: Ended) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.deleteLater()
        score = self._game.score() if self._game.opened else None
        self._game.close()
        if isinstance(ended.result, Played):
            self.played.emit(ended.result, score)
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

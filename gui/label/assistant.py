"""What is done for a person while labelling: further frames, suggestions, boxes carried on."""

from collections.abc import Callable, Collection

from PyQt6.QtCore import QObject, pyqtSignal

from gui.jobs import label as jobs
from gui.jobs.line import Job
from gui.label.document import Mark, Sheet
from gui.label.editor import Editor
from gui.label.enough import ClassCount
from gui.label.requests import (
    Added,
    Carried,
    CarryRequest,
    MoreRequest,
    Opened,
    Suggested,
    SuggestRequest,
)
from gui.label.task_bar import TaskBar
from gui.studio import Studio

MORE_FRAMES = 30
AHEAD_FRAMES = 20  # boxes are carried so far; the tracker keeps six in ten balls that long
STEP_FRAMES = 5  # of them, one in so many: neighbours are near copies
_NOTHING = (
    "Nothing new was found. Draw some boxes by hand; a detector trained on them will find more."
)
_LOST = "The boxes were lost at once. Carry them on from another frame, or draw them by hand."


class Assistant(QObject):
    """Runs jobs for the recording that is open, and hands what they find to the editor."""

    began = pyqtSignal()
    """A job has begun."""
    added = pyqtSignal()
    """There are further frames."""
    told = pyqtSignal(str)
    """Why nothing came of it."""

    def __init__(self, studio: Studio, task: TaskBar, editor: Editor) -> None:
        super().__init__(studio)
        self._studio = studio
        self._task = task
        self._editor = editor
        self._opened: Opened | None = None
        self.elsewhere: dict[str, ClassCount] = {}
        """What the frames that are not at hand hold, by class."""

    def begin(self, opened: Opened | None) -> None:
        """Work for this recording from now on."""
        self._opened = opened
        self.elsewhere = {} if opened is None else opened.added.elsewhere

    def add_frames(self) -> None:
        """Choose further frames."""
        document = self._editor.document
        if self._opened is not None and document is not None:
            request = MoreRequest(self._opened.path, document.frames, MORE_FRAMES)
            self._run(jobs.more_frames, request, "frames are being chosen", self._more)

    def suggest(self, by: str) -> None:
        """Have a detector look at all frames that are not done; see `SuggestRequest.by`."""
        document, opened = self._editor.document, self._opened
        if document is not None and opened is not None:
            frames = tuple(f for f in document.frames if not document.sheet(f).done)
            request = SuggestRequest(opened.path, by, frames, opened.objects)
            self._run(jobs.suggest, request, "boxes are being suggested", self._take)

    def carry(self) -> None:
        """Carry the boxes of the frame that is shown on to those after it."""
        document, opened, frame = self._editor.document, self._opened, self._editor.frame
        if document is None or opened is None or frame is None:
            return
        request = CarryRequest(
            opened.path,
            frame,
            tuple(mark.box for mark in self._editor.sheet.drawn),
            AHEAD_FRAMES,
            STEP_FRAMES,
            document.frames,
        )
        self._run(jobs.carry, request, "boxes are being carried on", self._take_carried)

    def _run(self, job: Job, request: object, doing: str, then: Callable[[object], None]) -> None:
        """Run a job, and forget its answer once another recording is open."""
        opened = self._opened
        self._task.run(
            job, request, doing, lambda result: then(result) if self._opened is opened else None
        )
        self.began.emit()

    def _more(self, result: object) -> None:
        if isinstance(result, Added):
            self._add(result)
            count = len(result.pictures)
            told = f"{count} more frames." if count else "The recording has no further frames."
            self._studio.say(told)

    def _add(self, added: Added) -> None:
        document = self._editor.document
        if document is not None:
            document.add_frames(sheets_of(added))
            self.elsewhere = added.elsewhere
            self._editor.add_pictures(added.pictures)
            self._editor.refresh()
            self.added.emit()

    def _take(self, result: object) -> None:
        if isinstance(result, Suggested):
            self._tell(self._editor.suggest(result.marks), _NOTHING)

    def _take_carried(self, result: object) -> None:
        document = self._editor.document
        if isinstance(result, Carried) and document is not None:
            self._add(result.added)
            open_ = {f: m for f, m in result.marks.items() if not document.sheet(f).done}
            self._tell(self._editor.suggest(open_), _LOST)

    def _tell(self, count: int, nothing: str) -> None:
        if count:
            self._studio.say(f"{count} box{'' if count == 1 else 'es'} suggested.")
        else:
            self.told.emit(nothing)


def sheets_of(added: Added, done: Collection[int] = ()) -> dict[int, Sheet]:
    """Make sheets of stored boxes; some of them are done."""
    return {
        picture.frame: Sheet(
            tuple(Mark(box) for box in added.boxes.get(picture.frame, ())), picture.frame in done
        )
        for picture in added.pictures
    }

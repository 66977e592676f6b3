"""The files of a flight log that is written for days: NAME.h5, NAME-2.h5, NAME-3.h5 and so on."""

from collections.abc import Callable

from data.closing import Closing
from data.writer import RecordingWriter
from recorder.parts import Part, Parts


class LogFiles(Closing):
    """The one file that is open. Used by one thread at a time.

    Args:
        parts: Names the files.
        opened: Opens one of them.

    Raises:
        OutputExistsError: The first exists already, and may not be overwritten.
        RecordingError: It can't be written.
    """

    def __init__(self, parts: Parts, opened: Callable[[Part], RecordingWriter]) -> None:
        self._parts = parts
        self._opened = opened
        self.writer = opened(parts.take())
        """Of the file that is open."""

    def next(self) -> RecordingWriter:
        """Finish the file and open the next.

        Raises:
            RecordingError: The disk is full or gone.
        """
        self.writer.close()
        self.writer = self._opened(self._parts.take())
        return self.writer

    def close(self) -> None:
        """Finish the file."""
        self.writer.close()

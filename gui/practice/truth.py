"""What each drawn picture truly shows, written for measurements: one JSON object to a line."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal

from data.closing import Closing
from data.errors import UnderstudyError
from data.paths import claim_output, written_whole
from gui.practice.flow import MatchSettings
from gui.practice.state import STEPS_PER_SECOND, MatchState, Team
from gui.practice.view import LEAST_VISIBLE, SeenBox

FLUSH_LINES = 30  # half a second: what a reader lags behind, and what `kill -9` costs
Side = Literal["for", "against"]


class TruthFile(Closing):
    """Appends a line for every drawn picture.

    Only whole lines are handed to the system, so that a game that dies leaves no broken one. Who
    reads while the game runs may find the last line still arriving.
    """

    def __init__(self, path: Path, *, force: bool = False) -> None:
        """Create the file.

        Raises:
            OutputExistsError: It exists and `force` is off.
            UnderstudyError: It can't be written.
        """
        self.path = claim_output(path, force=force)
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise UnderstudyError(f"{path}: can't be written: {error}.") from error
        self._lines: list[bytes] = []
        self._events = 0

    def append(
        self,
        state: MatchState,
        *,
        at_ns: int,
        size: tuple[int, int],
        boxes: Sequence[SeenBox],
        held: Collection[str],
    ) -> None:
        """Append a picture.

        Args:
            state: The moment that it shows.
            at_ns: Monotonic time when it was on the screen.
            size: Width and height of the window's picture, pixels.
            boxes: What it shows, in its pixels; those that are as good as hidden are left out.
            held: Keys that the game believes held.
        """
        line: dict[str, Any] = {
            "at_ns": at_ns,
            "step": state.step,
            "size": list(size),
            "boxes": [
                {
                    "class": box.class_name,
                    "x1": round(box.x1, 2),
                    "y1": round(box.y1, 2),
                    "x2": round(box.x2, 2),
                    "y2": round(box.y2, 2),
                    "visible": round(box.visible, 2),
                }
                for box in boxes
                if box.visible >= LEAST_VISIBLE
            ],
            "score": list(state.score),
            "goal": self._goal(state),
            "held": sorted(held),
        }
        self._lines.append(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        if len(self._lines) >= FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered.

        Raises:
            UnderstudyError: The disk is full or gone.
        """
        left = memoryview(b"".join(self._lines))
        try:
            while left:  # a write may stop short, as on a disk that is almost full
                left = left[self._file.write(left) :]
        except OSError as error:
            raise UnderstudyError(f"{self.path}: can't be written any more: {error}.") from error
        self._lines.clear()

    def close(self) -> None:
        """Write the rest and close; closing twice does nothing."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                self._file.close()

    def _goal(self, state: MatchState) -> Side | None:
        """Tell of a goal once, with the first picture after it."""
        if len(state.events) < self._events:  # the next match has begun
            self._events = 0
        if len(state.events) == self._events:
            return None
        self._events += 1
        return side_of(state.events[self._events - 1].team)


def side_of(team: Team) -> Side:
    """Say for whom a team's goal counts."""
    return "for" if team is Team.HOME else "against"


def write_result(path: Path, settings: MatchSettings, state: MatchState) -> None:
    """Write how a match ended; the file appears whole."""
    result = {
        "difficulty": settings.difficulty,
        "seconds": settings.seconds,
        "seed": settings.seed,
        "goals_for": state.score[Team.HOME],
        "goals_against": state.score[Team.AWAY],
        "score": list(state.score),
        "goals": [
            {"at_s": round(event.step / STEPS_PER_SECOND, 2), "goal": side_of(event.team)}
            for event in state.events
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as part:
        part.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")

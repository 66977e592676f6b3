"""What a recording has come to: decided without Qt."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gui.jobs.line import Ended, How
from gui.record.words import ending_words, waits_words
from recorder.status import Ending

if TYPE_CHECKING:
    from recorder.desktop import Recorded

NOTHING = "Stopped before it began. Nothing was recorded."
NOTHING_KEPT = "Nothing was saved: there was no picture of the game to keep."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell and to show when a recording has ended."""

    sentence: str = ""
    """To tell at once; empty when all went as it should."""
    error: bool = False
    files: tuple[Path, ...] = ()
    """Whole recordings; empty when there is nothing to show."""
    remarks: tuple[str, ...] = ()
    """About these recordings."""
    window_closed: bool = False
    """Whether it ended as the game's window was closed."""


def outcome_of(ended: Ended, path: Path, *, game_was_to_end: bool) -> Outcome:
    """Decide what to tell and to show.

    Args:
        ended: How the job `record_game` ended.
        path: Which recording it was to write.
        game_was_to_end: Whether the game's window closes by itself when the match is over.
    """
    if ended.how is How.FAILED or ended.how is How.DIED or ended.sentence:
        whole = (path,) if path.is_file() else ()
        kept = f" {path.name} is whole." if whole else ""
        said = ended.sentence if ended.how is How.FAILED else f"Cut short: {ended.sentence}"
        return Outcome(f"{said}{kept}", error=True, files=whole)
    done: Recorded | None = ended.result
    if done is None:
        return Outcome(NOTHING)
    said = ending_words(done, game_was_to_end=game_was_to_end)
    window_closed = done.report.ending is Ending.WINDOW_GONE
    if not done.files:
        return Outcome(said or NOTHING_KEPT, error=bool(said), window_closed=window_closed)
    waits = waits_words(done)
    return Outcome(said, bool(said), done.files, (waits,) if waits else (), window_closed)

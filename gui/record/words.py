"""What the page Record says: decisions without Qt."""

from collections.abc import Sequence
from datetime import date
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from data.moments import length, moment
from data.paths import part_path
from data.profile import GameProfile
from gui.names import name_fault
from gui.studio import Game
from recorder.controls import DISCARD_S
from recorder.status import Ending, Kept, RecordStatus, State

if TYPE_CHECKING:
    from data.inspection.summary import Summary
    from recorder.desktop import Recorded

_FIGURES = ("Time", "Pictures a second", "Missed", "Size", "In a minute", "Disk lasts for")
_BANNERS = {
    State.RECORDING: "",
    State.PAUSED: "Paused",
    State.FOCUS_LOST: "Click into the game to go on",
    State.COVERED: "Another window covers the game",
}
_WAITS = {
    State.PAUSED: "it was paused",
    State.FOCUS_LOST: "another window had the keys",
    State.COVERED: "another window covered the game",
}


class GameSeen(Enum):
    """Whether the game's window is open."""

    UNKNOWN = auto()
    OPEN = auto()
    MISSING = auto()


def proposed_name(game: str, folder: Path, today: date) -> str:
    """Return a name that is free: the game, the day and a number."""
    number = 1
    while _taken(folder, name := f"{game}-{today.isoformat()}-{number}"):
        number += 1
    return name


def recording_path(folder: Path, name: str) -> Path:
    """Return where a recording of a name goes."""
    return folder / f"{name.strip().removesuffix('.h5')}.h5"


def name_problem(folder: Path, name: str) -> str:
    """Say what is wrong with a recording's name; empty when nothing is."""
    stem = name.strip().removesuffix(".h5")
    if not stem:
        return "Give the recording a name."
    if fault := name_fault(stem):
        return fault
    if _taken(folder, stem):
        return "There is a recording of this name already. Choose another."
    return ""


def why_not_record(problem: str, seen: GameSeen) -> str:
    """Say why recording can't begin; empty when it can."""
    if problem:
        return problem
    if seen is GameSeen.MISSING:
        return "The game's window is not open. Open the game first."
    return ""


def missing_words(game: Game) -> str:
    """Say what to do while the game's window is not open."""
    if game.is_practice:
        return "The practice game is not open.\n\nOpen it with a button on the right."
    return (
        f"No window of the game {game.profile.name} is open.\n\n"
        "Start the game: its picture then appears here.\n"
        "If it runs already, choose its window on the page Start."
    )


def preview_banner(*, shown: bool, covered: bool) -> str:
    """Return the words over the picture before anything is recorded."""
    if not shown:
        return "The game's window is minimised"
    return _BANNERS[State.COVERED] if covered else ""


def waiting_banner(left_s: int | None) -> str:
    """Return the words over the picture before the first picture is stored."""
    return "Click into the game to begin" if left_s is None else f"Begins in {left_s}"


def banner(state: State) -> str:
    """Return the words over the picture while a recording runs."""
    return _BANNERS[state]


def button_texts(profile: GameProfile, *, paused: bool, keep_last_s: float | None) -> list[str]:
    """Return what stands on the buttons pause, stop, forget and save, with their hot keys."""
    hot = profile.hotkeys
    kept = "" if keep_last_s is None else f" {keep_last_s:g} s"
    return [
        f"{'&Go on' if paused else '&Pause'}  ({hot.pause.upper()})",
        f"&Stop  ({hot.stop.upper()})",
        f"Forge&t the last {DISCARD_S:.0f} s  ({hot.discard.upper()})",
        f"S&ave the last{kept}  ({hot.save.upper()})",
    ]


def figures(status: RecordStatus | None) -> dict[str, str]:
    """Return a recording's figures by their names; dashes before it has begun."""
    if status is None:
        return dict.fromkeys(_FIGURES, "-")
    size = status.bytes if status.kept is None else status.kept.bytes
    a_minute = megabytes(status.bytes_per_s * 60) if status.bytes_per_s else "-"
    values = (
        moment(status.seconds),
        f"{status.rate_hz:.1f}",
        f"{status.dropped}",
        megabytes(size),
        a_minute,
        lasting(status.disk_left_s),
    )
    return dict(zip(_FIGURES, values, strict=True))


def kept_words(kept: Kept) -> str:
    """Say what is in memory, and what was saved of it."""
    names = ", ".join(path.stem for path in kept.saved)
    saved = f" Saved: {names}." if names else ""
    return f"The last {length(kept.seconds)} are kept.{saved}"


def megabytes(count: float) -> str:
    """Write a number of bytes as megabytes or gigabytes."""
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"


def lasting(seconds: float | None) -> str:
    """Write in round figures how long the disk lasts."""
    if seconds is None:
        return "-"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 100 * 3600 else "over 100 h"


def ending_words(done: "Recorded", *, game_was_to_end: bool) -> str:
    """Say why a recording ended by itself; empty when a person or the time ended it."""
    ending = done.report.ending
    if ending is Ending.WINDOW_GONE and not game_was_to_end:
        return "The game's window was closed. What was recorded until then is whole."
    if ending is Ending.DISPLAY_GONE:
        return "The display is gone. What was recorded until then is whole."
    if ending is Ending.DISK_LOW:
        return "The disk is nearly full. The recording is whole; free some space to go on."
    return ""


def waits_words(done: "Recorded") -> str:
    """Say when nothing was stored; empty when there was no such time."""
    told = [f"{length(each.seconds)} as {_WAITS[each.why]}" for each in done.report.waits]
    return f"Nothing was stored for {', '.join(told)}." if told else ""


def summary_words(found: "Summary") -> str:
    """Say in a line what was recorded."""
    missed = "none missed" if not found.dropped else f"{found.dropped} missed"
    return (
        f"{length(found.seconds)} of play  ·  {found.play_frames} pictures, {missed}  ·  "
        f"{found.rate_hz:.1f} a second  ·  {megabytes(found.bytes)}"
    )


def leftover_words(leftovers: Sequence[Path]) -> str:
    """Say that recordings were cut short."""
    more = f" (and {len(leftovers) - 1} more)" if len(leftovers) > 1 else ""
    name = leftovers[0].name.removesuffix(".h5.part")
    return (
        f"The recording {name}{more} was cut short, unless another program is writing it now. "
        "Repair keeps what is in it."
    )


def _taken(folder: Path, name: str) -> bool:
    path = recording_path(folder, name)
    return path.exists() or part_path(path).exists()

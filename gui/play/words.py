"""What the page Play says: plain functions, without widgets."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from agent.guard import Reason
from data.moments import length
from data.paths import part_path
from data.profile import GameProfile
from gui.jobs.corrections import Corrected, PolicyRun
from gui.jobs.play import PlayTick, Stage

NO_RUN = "There is nothing yet that could play. Train a bot on your recordings first."
BANNERS = {
    Reason.PLAYING: "",
    Reason.TAKEOVER: "You have taken over",
    Reason.FOCUS_LOST: "The game has lost the focus: click into it",
    Reason.BLACK: "The picture is black: the bot waits",
    Reason.FROZEN: "The picture stands still: the bot waits",
    Reason.RATE_LOST: "This computer is too slow just now: the bot waits",
}
SHORT = {
    Reason.PLAYING: "The bot plays",
    Reason.TAKEOVER: "You play",
}


def banner(reason: Reason, *, yours: bool) -> str:
    """Return the large words over the picture.

    Args:
        reason: What the guards say.
        yours: Whether the person asked to play.
    """
    if yours and reason is Reason.TAKEOVER:
        return "You play: the bot watches"
    if yours and reason is Reason.FOCUS_LOST:
        return "Click into the game and play"
    return BANNERS.get(reason, "")


def state(reason: Reason, *, dry_run: bool) -> str:
    """Return who plays, in two or three words."""
    if dry_run and reason is Reason.PLAYING:
        return "The bot thinks, and presses nothing"
    return SHORT.get(reason, "The bot waits")


def stage_words(stage: Stage, profile: GameProfile, *, opens: bool) -> str:
    """Say how far play has come."""
    if stage is Stage.LOADING:
        return "Loading the bot..."
    if stage is Stage.WAITING:
        if opens:
            return "Opening the game..."
        return (
            f"Waiting for the game: open it, so that a window titled '{plain(profile.title)}' shows"
        )
    return "The bot plays"


def plain(pattern: str) -> str:
    """Return a title's pattern without the marks that a newcomer needn't know."""
    return pattern.removeprefix("^").removesuffix("$").replace("\\", "")


def figures(tick: PlayTick) -> str:
    """Return one line of numbers."""
    told = [length(tick.at_s), f"{tick.rate_hz:.1f} decisions a second"]
    if tick.latency_ms is not None:
        told.append(f"{tick.latency_ms:.1f} ms from screen to key")
    told.append(f"{tick.late_ticks} late, {tick.skipped_ticks} left out")
    return " · ".join(told)


def run_title(run: PolicyRun) -> str:
    """Return how a run is listed."""
    made = datetime.fromtimestamp(run.made_s).astimezone()
    return f"{run.name}  ({run.profile.name}, {made:%d %b %Y, %H:%M})"


def about_run(run: PolicyRun, chosen: GameProfile) -> str:
    """Say what a run plays, and whether that is the game at hand."""
    told = f"It plays {run.profile.name}, {run.profile.capture.rate_hz:g} decisions a second."
    if run.profile.name != chosen.name:
        told += f" The game that you chose on the page Start is another one: {chosen.name}."
    return told


def log_path(folder: Path, run: str, day: date) -> Path:
    """Return the name of the next flight log, which no file has yet."""
    number = 1
    while True:
        path = folder / f"{run}-{day.isoformat()}-{number}.h5"
        if not path.exists() and not part_path(path).exists():
            return path
        number += 1


def corrections(corrected: Corrected) -> str:
    """Say how often a person took over."""
    if not corrected.takeovers:
        return (
            "None yet. While it plays, press the keys yourself wherever it goes wrong: "
            "what you do then is kept in the flight log, and it can learn from it."
        )
    times = "once" if corrected.takeovers == 1 else f"{corrected.takeovers} times"
    logs = "one flight log" if len(corrected.logs) == 1 else f"{len(corrected.logs)} flight logs"
    return f"You took over {times}, {length(corrected.seconds)} in all, in {logs}."


def lost(missing: Sequence[str], found: int) -> str:
    """Say which of a run's recordings are not there any more; empty when all are."""
    if not missing:
        return ""
    names = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    if not found:
        return f"Its own recordings are not there any more ({names}): put them back first."
    return f"Not there any more, and left out: {names}."

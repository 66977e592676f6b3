"""What a person reads while a recording runs, and when it has ended."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from data.live_line import PlainLines, drawn_anew
from data.moments import length, moment
from data.profile import GameProfile
from recorder.controls import DISCARD_S
from recorder.status import DISK_WARN_BYTES, Ending, RecordReport, RecordStatus, State

PLAIN_S = 10.0  # between lines where there is no terminal
_STYLES = {State.RECORDING: "bold red", State.PAUSED: "bold yellow"}
_MARKS = {State.RECORDING: "●", State.PAUSED: "‖"}


def hot_key_words(profile: GameProfile, *, keeps_last: bool) -> str:
    """Say what the hot keys do."""
    hot = profile.hotkeys
    words = [f"{hot.pause.upper()} pause", f"{hot.discard.upper()} discard {DISCARD_S:.0f} s"]
    if keeps_last:
        words.append(f"{hot.save.upper()} save")
    return " · ".join([*words, f"{hot.stop.upper()} stop"])


def status_words(status: RecordStatus) -> str:
    """Say how a session is getting on, without its state and keys."""
    words = [
        moment(status.seconds),
        f"{status.rate_hz:.1f} Hz",
        f"{status.dropped} dropped",
        f"{status.bytes / 1e6:.1f} MB ({status.bytes_per_s * 60 / 1e6:.1f} MB/min)",
    ]
    if status.kept is not None:
        words[-1] = f"last {length(status.kept.seconds)} kept ({status.kept.bytes / 1e6:.1f} MB)"
        words.append(f"{len(status.kept.saved)} saved")
    if status.disk_left_s is not None:
        words.append(f"disk for {_hours(status.disk_left_s)}")
    return " · ".join(words)


def waiting_words(left_s: int | None) -> str:
    """Say what a countdown waits for."""
    if left_s is None:
        return "click on the game's window: recording begins when it has the focus"
    return f"recording begins in {left_s}"


class StatusLine:
    """Says how a session is getting on; used by one thread, drawn by another.

    Args:
        profile: Names the hot keys.
        keeps_last: Whether only the last stretch is kept.
        say: Prints a line that stays.
        plain: Whether there is no terminal to draw on.
        now_s: Tells when to print the next plain line.
    """

    def __init__(
        self,
        profile: GameProfile,
        *,
        keeps_last: bool,
        say: Callable[[str], None],
        plain: bool,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hot_keys = hot_key_words(profile, keeps_last=keeps_last)
        self._say = say
        self._plain = PlainLines(every_s=PLAIN_S, now_s=now_s) if plain else None
        self._waiting: str | None = "looking for the game's window"
        self._status: RecordStatus | None = None
        self._warned = False

    def wait(self, left_s: int | None) -> None:
        """Show the countdown."""
        words = waiting_words(left_s)
        if self._plain is not None and words != self._waiting:
            self._say(words)
        self._waiting = words

    def tell(self, status: RecordStatus) -> None:
        """Show how it is getting on."""
        self._waiting, self._status = None, status
        if status.disk_is_short and not self._warned:
            self._warned = True
            self._say(
                f"less than {DISK_WARN_BYTES / 1e9:.0f} GB of disk space is left; the recording "
                "ends in good order before it is full"
            )
        if self._plain is not None and self._plain.due(status.state):
            self._say(f"{status.state} · {status_words(status)}")

    def __rich__(self) -> Text:
        """Draw it, in two rows."""
        status = self._status
        if self._waiting is not None or status is None:
            return Text(f"{self._waiting}\n{self._hot_keys}")
        row = Text(f"{_MARKS.get(status.state, '…')} {status.state}", _STYLES.get(status.state, ""))
        row.append(f" · {status_words(status)}", "default not bold")
        held = " ".join(sorted(status.held)) or "no key"
        row.append(f"\n{self._hot_keys} · held: {held}", "default not bold")
        return row


@contextmanager
def status_line(
    profile: GameProfile, console: Console, *, keeps_last: bool
) -> Iterator[StatusLine]:
    """Show a status line while a recording runs: drawn anew on a terminal, or now and then a line.

    It is drawn on a thread of its own, so that a slow terminal never delays a picture.
    """
    plain = not console.is_terminal
    line = StatusLine(
        profile,
        keeps_last=keeps_last,
        say=lambda words: console.print(f"understudy: {words}", highlight=False),
        plain=plain,
    )
    with drawn_anew(line, console, plain=plain):
        yield line


def summary_lines(report: RecordReport, files: Sequence[Path]) -> list[str]:
    """Say what a session did, and what to do next."""
    dropped = f"{report.dropped} dropped"
    if report.torn:
        dropped += f" ({report.torn} because the window moved meanwhile)"
    told = ", ".join(str(file) for file in files) or "nothing saved"
    lines = [
        f"{told}: {report.frames} frames in {length(report.seconds)} of play "
        f"({report.rate_hz:.1f} Hz), {dropped}, {report.bytes / 1e6:.1f} MB; {report.ending}."
    ]
    if report.waits:
        waits = [f"{each.why} {each.times}x, {length(each.seconds)}" for each in report.waits]
        lines.append(f"Nothing was stored meanwhile: {'; '.join(waits)}.")
    if not report.frames:
        lines.append("No picture was stored: the game's window never had the focus, uncovered.")
    elif files:
        lines.append(f"'understudy inspect {files[0]}' says what is in it, and what is wrong.")
    return lines


def failure_line(ending: Ending) -> str | None:
    """Say why a session that ended by itself did; None when a person ended it, or the time."""
    if ending is Ending.WINDOW_GONE:
        return "the window was closed. What was recorded before is whole."
    if ending is Ending.DISPLAY_GONE:
        return "the display is gone. What was recorded before is whole."
    if ending is Ending.DISK_LOW:
        return "the disk is nearly full. What was recorded is whole; free some space to go on."
    return None


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds < 36_000 else f"{seconds / 3600:.0f} h"

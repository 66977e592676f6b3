"""What the library says about a recording."""

import re
from datetime import datetime

from data.moments import length
from data.schema import SpanKind
from gui.jobs.library import Entry, Facts
from gui.wording import capitalised

SPAN_WORDS = {
    SpanKind.PAUSED: "paused",
    SpanKind.FOCUS_LOST: "the game had lost the focus",
    SpanKind.TAKEOVER: "a person had taken over",
    SpanKind.DISCARDED: "discarded",
    SpanKind.RESIZED: "the window changed its size",
    SpanKind.MOVED: "the window was moved",
    SpanKind.COVERED: "the game was covered",
    SpanKind.STANDSTILL: "the picture stood still",
    SpanKind.RATE_LOST: "the computer was too slow",
}
# What the command line proposes, in terms of this window.
_PROPOSALS = (
    (
        re.compile(r"'understudy trim .*? --cut ([\d:.]+)-([\d:.]+) --out NEW\.h5'"),
        r"mark the stretch from \1 to \2, and choose Cut out",
    ),
    (
        re.compile(r"'understudy trim .*? --to ([\d:.]+) --out NEW\.h5'"),
        r"mark the stretch from 0:00 to \1, and choose Keep only this",
    ),
    (re.compile(r"'understudy repair .*?'"), "Repair, above"),
    (re.compile(r" with 'understudy profile show .*?'"), " on the page Start"),
    (re.compile(r"Lower --rate"), "Record at a lower rate"),
    (re.compile(r"lower --rate"), "record at a lower rate"),
    (re.compile(r" Record one with 'understudy record'\."), ""),
)


def problem_words(problem: str) -> str:
    """Turn a problem's sentence into one for the window, which has buttons for commands."""
    for pattern, words in _PROPOSALS:
        problem = pattern.sub(words, problem)
    return capitalised(problem)


def fault_words(entry: Entry) -> str:
    """Say what is wrong with a file that can't be shown."""
    if entry.is_written:
        return f"{entry.path.name} is being recorded."
    said = problem_words(entry.fault.replace(f"{entry.path}: ", "", 1))
    return f"{entry.path.name} can't be read. {said}"


def when_words(started_at: str) -> str:
    """Write a moment as `21 November 2026, 13:10`; empty where it can't be read."""
    try:
        then = datetime.fromisoformat(started_at)
    except ValueError:
        return ""
    return f"{then.day} {then:%B %Y, %H:%M}"


def entry_words(entry: Entry) -> str:
    """Return a line about a file: length, game, day, size."""
    said = [length(entry.seconds), entry.game]
    when = when_words(entry.started_at)
    if when:
        said.append(when)
    said.append(f"{entry.stamp.bytes / 1e6:.1f} MB")
    return " · ".join(said)


def facts_words(entry: Entry, facts: Facts) -> str:
    """Return sentences that say how much a file holds."""
    said = [f"{length(facts.play_s)} of play in {_counted(entry.frames, 'picture')}."]
    if facts.dropped:
        said.append(f"Dropped: {_counted(facts.dropped, 'picture')}.")
    if facts.boxes:
        said.append(f"{_counted(facts.boxes, 'box')}.")
    if entry.is_flight_log:
        taken = facts.takeovers
        often = {0: "Nobody took over.", 1: "A person took over once."}
        said.append(often.get(taken, f"A person took over {taken} times."))
    return " ".join(said)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}{'es' if what[-1] == 'x' else 's'}"


def clock(seconds: float) -> str:
    """Write a moment to the tenth of a second, such as `1:05.3`."""
    tenths = max(0, int(seconds * 10 + 1e-6))
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest // 10:02}.{rest % 10}"

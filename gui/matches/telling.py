"""What the page of practice matches says: decisions without widgets."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gui.jobs.practice import COACH, IDLE, PERSON, Counted, Goals, Stage

SKILLS = {
    "beginner": "Slow to think, and easy to rob of the ball. Good for a first match.",
    "amateur": "Passes more, and is sooner at the ball. A fair match.",
    "professional": "Fast, precise, and quick to tackle. Hard to beat.",
}
MOST_KEPT = 50
GAME_KEYS = (
    ("Arrows", "run"),
    ("E", "sprint"),
    ("S", "pass; without the ball: next player"),
    ("W", "pass into free space"),
    ("A", "cross to the goal"),
    ("D", "shoot, longer is harder; without the ball: tackle"),
    ("P", "pause"),
    ("Esc", "leave"),
    ("F11", "full screen"),
)


@dataclass(frozen=True, slots=True)
class Past:
    """A match that was played to its end."""

    day: str
    """Such as 2026-03-01 18:30."""
    player: str
    """As in `MatchRequest`."""
    difficulty: str
    seconds: float
    ours: int
    theirs: int


def to_text(past: Sequence[Past]) -> str:
    """Write matches, the newest first, for the preferences; the oldest of many are dropped."""
    return json.dumps([asdict(each) for each in past[:MOST_KEPT]])


def from_text(text: str) -> list[Past]:
    """Read what `to_text` wrote; what is no match is left out."""
    try:
        read = json.loads(text)
        return [Past(**each) for each in read]
    except (ValueError, TypeError):
        return []


def player_in_words(player: str) -> str:
    """Say who plays."""
    said = {PERSON: "You", COACH: "The coach", IDLE: "Nobody"}
    return said.get(player, Path(player).name)


def told_stage(stage: Stage, player: str) -> str:
    """Say how far a match has come."""
    if stage is Stage.LOADING:
        return f"Loading {player_in_words(player)}..."
    if stage is Stage.OPENING:
        return "Opening the game's window..."
    if player == PERSON:
        return "Playing: the game's window has the keys."
    told = f"{player_in_words(player)} plays. Leave the game's window in front."
    return told if player == COACH else f"{told} Press any key of the game to take over."


def told_end(goals: Goals | None) -> str:
    """Say how a match ended."""
    if goals is None:
        return "The match ended before full time; it is not counted."
    verdict = "won" if goals.ours > goals.theirs else "lost" if goals.ours < goals.theirs else ""
    score = f"{goals.ours} - {goals.theirs}"
    return f"Over: {score}, {verdict}." if verdict else f"Over: {score}, a draw."


def told_count(counted: Counted | None, player: str) -> str:
    """Say what many matches came to."""
    if counted is None:
        return "Stopped before the first match was over."
    who = player_in_words(player)
    matches = "1 match" if counted.matches == 1 else f"{counted.matches} matches"
    scored, conceded = counted.scored, counted.conceded
    return (
        f"{who} in {matches}: {scored.mean:.2f} goals a match (95% sure of {scored.low:.2f} to "
        f"{scored.high:.2f}), and {conceded.mean:.2f} against ({conceded.low:.2f} to "
        f"{conceded.high:.2f})."
    )

"""The score of trials, kept in the run folder beside what it was scored with."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.trial import Interval
from data.paths import written_whole
from data.small_files import read_json
from gui.jobs.practice import Counted
from gui.practice.seeds import TRIAL_SEED
from models.run_files import WEIGHTS_NAME

MOST_BYTES = 1 << 16
MATCHES, MATCH_S = 20, 60.0
"""As `understudy trial` has them: the same matches for everybody."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Score:
    """Goals of a bot, and the coach's in the same matches."""

    bot: Counted
    coach: Counted


def score_path(run: Path, difficulty: str) -> Path:
    """Name the file."""
    return run / f"trial-{difficulty}.json"


def keep_score(run: Path, difficulty: str, score: Score) -> str:
    """Write a score; what can't be written is said in a sentence."""
    try:
        values = {
            "trained": _trained(run),
            "matches": MATCHES,
            "seconds": MATCH_S,
            "seed": TRIAL_SEED,
            "bot": _to_json(score.bot),
            "coach": _to_json(score.coach),
        }
        with written_whole(score_path(run, difficulty)) as part:
            part.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        return f"The score could not be kept in {run.name}: {error.strerror}."
    return ""


def kept_score(run: Path, difficulty: str) -> Score | None:
    """Read a score; None where there is none, or the run was trained again since."""
    path = score_path(run, difficulty)
    try:
        found: Any = read_json(path, most_bytes=MOST_BYTES)
        wanted = (_trained(run), MATCHES, MATCH_S, TRIAL_SEED)
        if tuple(found[name] for name in ("trained", "matches", "seconds", "seed")) != wanted:
            return None
        return Score(_from_json(found["bot"]), _from_json(found["coach"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        log.warning("%s: can't be read (%s)", path, error)
        return None


def score_words(score: Score) -> str:
    """Say how a bot did beside the coach."""
    bot, coach = score.bot, score.coach
    return (
        f"It scores {_told(bot.scored)} a match and concedes {_told(bot.conceded)}. "
        f"In the same matches the coach scores {_told(coach.scored)} and concedes "
        f"{_told(coach.conceded)}."
    )


def part_words(bot: Counted) -> str:
    """Say how a bot did as far as it was counted."""
    matches = "one match" if bot.matches == 1 else f"{bot.matches} matches"
    return f"In {matches} it scores {_told(bot.scored)} and concedes {_told(bot.conceded)} a match."


def _told(goals: Interval) -> str:
    return f"{goals.mean:.1f} goals (95%: {goals.low:.1f} to {goals.high:.1f})"


def _trained(run: Path) -> int:
    return (run / WEIGHTS_NAME).stat().st_mtime_ns


def _to_json(counted: Counted) -> dict[str, Any]:
    return {
        "matches": counted.matches,
        "scored": counted.scored.to_json(),
        "conceded": counted.conceded.to_json(),
    }


def _from_json(values: dict[str, Any]) -> Counted:
    scored, conceded = (
        Interval(float(each["mean"]), *(float(end) for end in each["ci95"]))
        for each in (values["scored"], values["conceded"])
    )
    return Counted(int(values["matches"]), scored, conceded)

"""A bot plays a match without a window, the coach behind it; what he does is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.loop import PlaySettings, play
from agent.report import TickView
from agent.runner import Runner
from agent.trial import Score
from data.paths import claim_output
from data.profile import load_profile
from data.reader import Recording
from data.schema import CaptureFacts, SpanKind
from gui.practice.demonstration import PROFILE, LabellingWriter
from gui.practice.devices import SIZE, HeadlessGame
from gui.practice.intervention import Intervention
from gui.practice.standby import Prompting, TakingOver, Temper
from models.demonstrations import LABELLED_BY


@dataclass(frozen=True, slots=True)
class CorrectedMatch:
    """One match of a bot with the coach behind it."""

    path: Path
    """What was recorded: a flight log, or a recording whose keys are the coach's."""
    score: Score
    frames: int
    corrections: int
    """Take-overs; of labels, changes of the keys that the coach would have held."""
    seconds: float
    corrected_s: float
    """How long the coach held the keys; of labels, how long he would have held others."""

    @property
    def share(self) -> float:
        """Of the time that was corrected, 0 to 1."""
        return self.corrected_s / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints of it."""
        return {
            "recording": str(self.path),
            "frames": self.frames,
            "seconds": round(self.seconds, 3),
            "corrections": self.corrections,
            "corrected_seconds": round(self.corrected_s, 3),
            "corrected_share": round(self.share, 4),
            "score": [self.score.goals_for, self.score.goals_against],
        }


class _Prompted:
    """Stores what a bot saw with the keys that the coach would have held, and none of its own."""

    def __init__(self, writer: LabellingWriter, game: HeadlessGame, coach: Prompting) -> None:
        self._writer, self._game, self._coach = writer, game, coach
        self.changes = 0
        """Of the coach's keys."""
        self.differing = 0
        """Frames on which the bot holds other keys than the coach would."""

    def tick(self, view: TickView) -> None:
        """Store what the bot saw, and what the coach would have done until then."""
        told = self._coach.drain()
        self._writer.append_keys(told)
        if view.image is not None:
            self._writer.append_frame(view.image, view.at_ns)
        self._writer.flush_due(view.at_ns)
        self.changes += len({event.at_ns for event in told})
        self.differing += self._coach.wanted != self._game.keys.held


def record_corrections(
    path: Path,
    runner: Runner,
    *,
    intervene: Intervention = Intervention.TAKE_OVER,
    difficulty: str = "beginner",
    seconds: float = 60.0,
    seed: int = 0,
    force: bool = False,
    temper: Temper | None = None,
    stop: Callable[[], bool] = lambda: False,
    on_share: Callable[[float], None] = lambda share: None,
) -> tuple[CorrectedMatch, HeadlessGame]:
    """Let a bot play one match with the coach behind it, and record both.

    Args:
        path: A flight log with the coach's take-overs, or a recording labelled by him.
        runner: The bot; it starts afresh.
        intervene: What the coach does.
        difficulty: Of the opponents.
        seconds: Length of the match.
        seed: Of the match and of the coach.
        force: Overwrite `path`.
        temper: When the coach takes over.
        stop: Asked on every tick; what was recorded until then is kept.
        on_share: Told how much of the match is played, 0 to 1.

    Returns:
        How it went, and the finished game with its score.

    Raises:
        OutputExistsError: The file exists and `force` is off.
        RecordingError: It can't be written.
    """
    claim_output(path, force=force)
    game = HeadlessGame(difficulty, seconds, seed)
    labels = intervene is Intervention.LABEL
    writer = _writer(path, game, labels=labels, force=force)
    temper = temper or Temper()
    coach = Prompting(seed, SIZE)
    prompted = _Prompted(writer, game, coach)
    game.seat(coach if labels else TakingOver(seed, SIZE, game.keys.agents, temper=temper))

    def watch(view: TickView) -> None:
        if labels:
            prompted.tick(view)
        on_share(min(1.0, view.at_ns / 1e9 / seconds))

    with writer:
        report = play(
            runner=runner,
            screen=game.screen,
            sink=game.sink,
            window=None,
            human=game.keys,
            clock=game.clock,
            settings=PlaySettings(log_inline=True, seed=seed, quiet_s=temper.quiet_s),
            log=None if labels else writer,
            stop=lambda: game.over or stop(),
            on_tick=watch,
        )
    match = CorrectedMatch(
        path=path,
        score=Score(*game.state.score),
        frames=writer.frame_count,
        corrections=prompted.changes if labels else report.takeovers,
        seconds=report.seconds,
        corrected_s=prompted.differing / runner.rate_hz if labels else _taken_over_s(path),
    )
    return match, game


def _writer(path: Path, game: HeadlessGame, *, labels: bool, force: bool) -> LabellingWriter:
    profile = load_profile(PROFILE)
    return LabellingWriter(
        path,
        game=game,
        profile=profile,
        facts=CaptureFacts(0, 0, *game.size, 1.0, "headless", profile.capture.rate_hz),
        force=force,
        head_probabilities=not labels,
        attributes={LABELLED_BY: "coach"} if labels else None,
    )


def _taken_over_s(path: Path) -> float:
    with Recording(path) as log:
        spans = [span for span in log.spans() if span.kind is SpanKind.TAKEOVER]
    return sum(span.end_ns - span.start_ns for span in spans) / 1e9

"""One moment of a recording, with what was seen up to it: whoever played."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.flight_facts import by_head, sights
from data.errors import RecordingError
from data.flight import Decisions
from data.frames import Image
from data.keys import By, held_by
from data.moments import moment
from data.reader import GAP_FRAMES, Recording
from data.schema import SpanKind
from models.demonstrations import ticks_of
from models.engine import PolicyRunner
from models.saliency import COVERED_S, Probabilities, Tick

BEFORE_S = 15.0  # of play before it: an LSTM of this size remembers a few seconds
_JITTER_NS = 1_000_000  # a picture taken so much too early is still the one of its tick
_SAME = 0.02  # of a probability: what was before the last seconds matters no more than that


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is known of one moment."""

    recording: Path
    at_s: float
    """Seconds from the first frame."""
    frame: int
    image: Image
    """The stored picture, BGR."""
    by: str
    """Who played, in words."""
    played: bool
    """Whether the policy decided on it in play."""
    held: dict[str, str]
    """The keys that were down, and who held each: `policy` or `person`."""
    ticks: tuple[Tick, ...]
    """What was seen up to the moment, which is the last."""
    images: tuple[Image, ...]
    """The stored pictures of the last ticks."""
    chosen: dict[str, int]
    """For each head, the class the policy chose, or would have."""
    begun_s: dict[str, float]
    """For each head, since when, in seconds before the moment."""
    probabilities: Probabilities
    """What the policy says of it now."""
    logged: Probabilities | None
    """What it said in play."""

    def as_logged(self) -> bool | None:
        """Say whether it says now what it said in play; None where that isn't known."""
        if self.logged is None:
            return None
        return all(
            np.allclose(said, self.probabilities[head], atol=_SAME)
            for head, said in self.logged.items()
        )

    def asked(self) -> str:
        """Return the head most worth asking about: the one that has just begun to press."""
        busy = {name: ago for name, ago in self.begun_s.items() if ago < np.inf}
        return min(busy, key=lambda name: busy[name]) if busy else next(iter(self.chosen))


def moment_of(recording: Recording, runner: PolicyRunner, at_s: float) -> Moment:
    """Gather what is known of a moment.

    What the policy saw in play is taken from the log; of other frames the stored picture is looked
    at again, of a recording faster than the policy at as many as it would have seen.

    Args:
        recording: A flight log, or any recording.
        runner: The policy.
        at_s: Seconds from the first frame.

    Raises:
        RecordingError: Nothing was looked at then, or the recording is slower than the policy.
    """
    frame = _frame_at(recording, at_s)
    log = _Log(recording)
    row = log.row_of.get(frame)
    ticks, frames, rows = (
        log.played_until(row) if row is not None else log.shown_until(frame, runner)
    )
    history, probabilities = _history(recording, runner, ticks, log, rows)
    count = min(len(ticks), max(1, round(COVERED_S * runner.rate_hz)))
    tail = frames[-count:]
    while None in tail:  # a slow disk cost a picture: only those after it are looked at again
        tail = tail[tail.index(None) + 1 :]
    return Moment(
        recording=recording.path,
        at_s=(int(recording.times_ns[frame]) - int(recording.times_ns[0])) / 1e9,
        frame=frame,
        image=recording.frame(frame),
        by=_who(recording, frame),
        played=row is not None,
        held=_held(recording, frame, played=ticks[-1].held if row is not None else None),
        ticks=tuple(ticks),
        images=tuple(recording.frame(index) for index in tail if index is not None),
        chosen=history[-1],
        begun_s=_begun(recording, history, rate_hz=runner.rate_hz),
        probabilities=probabilities,
        logged=None if row is None else log.probabilities(row),
    )


class _Log:
    """The decisions of a recording, by frame; none where it is no flight log."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.decisions: Decisions | None = None
        self.row_of: dict[int, int] = {}
        self._tick_of: dict[int, int] = {}
        if not recording.keeps_decisions:
            return
        self.decisions = recording.decisions()
        rows = {int(at): row for row, at in enumerate(self.decisions.at_ns)}
        at_ns = recording.tick_times_ns()
        for tick, (at, frame) in enumerate(zip(at_ns, recording.tick_frames(), strict=False)):
            if int(at) in rows:
                self.row_of[int(frame)] = rows[int(at)]
                self._tick_of[rows[int(at)]] = tick

    def probabilities(self, row: int) -> Probabilities | None:
        """Return what the policy said in play."""
        tick = self._tick_of.get(row)
        if tick is None:
            return None
        return by_head(self._recording.profile, self._recording.probabilities()[tick])

    def played_until(self, row: int) -> tuple[list[Tick], list[int | None], list[int | None]]:
        """Return the decisions since the policy began afresh, or of the last seconds."""
        log = self.decisions
        assert log is not None
        first = row
        oldest_ns = int(log.at_ns[row]) - round(BEFORE_S * 1e9)
        while first > 0 and not log.fresh[first] and log.at_ns[first - 1] >= oldest_ns:
            first -= 1
        frame_of = {of_row: frame for frame, of_row in self.row_of.items()}
        rows = range(first, row + 1)
        ticks = [Tick(sight, log.held(i)) for i, sight in zip(rows, sights(log, rows), strict=True)]
        return ticks, [frame_of.get(i) for i in rows], list(rows)

    def shown_until(
        self, frame: int, runner: PolicyRunner
    ) -> tuple[list[Tick], list[int | None], list[int | None]]:
        """Look at the frames before one, back to a break."""
        recording = self._recording
        times = recording.times_ns
        hole_ns = GAP_FRAMES * 1e9 / recording.facts.rate_hz
        first = frame
        while (
            first > 0
            and times[first] - times[first - 1] <= hole_ns
            and times[frame] - times[first - 1] <= BEFORE_S * 1e9
        ):
            first -= 1
        frames = _frames_seen(recording, first, frame, rate_hz=runner.rate_hz)
        keys = recording.profile.keys
        down = held_by(recording.key_events(), keys, times[frames])
        ticks = [
            Tick(
                runner.see(recording.frame(index)),
                frozenset(key for key, by in zip(keys, of_frame, strict=True) if by),
            )
            for index, of_frame in zip(frames, down, strict=True)
        ]
        return ticks, list(frames), [self.row_of.get(index) for index in frames]


def _frames_seen(recording: Recording, first: int, last: int, *, rate_hz: float) -> list[int]:
    """Choose the frames that a policy would have seen, as training does: the last, and before it.

    Ticks are counted back from the last. Of a flight log each frame is one.
    """
    whole = list(range(first, last + 1))
    if recording.is_flight_log:
        return whole
    times = recording.times_ns
    ago_ns = np.maximum(0, times[last] - times[first : last + 1][::-1] - _JITTER_NS)
    try:
        chosen, _ = ticks_of(ago_ns, [(0, len(ago_ns))], rate_hz=rate_hz)
    except RecordingError as error:
        if recording.facts.rate_hz < rate_hz:
            raise RecordingError(f"{recording.path}: {error}") from error
        return whole  # just after a break a picture or two may be missing
    return [last - int(back) for back in chosen[::-1]]


def _frame_at(recording: Recording, at_s: float) -> int:
    times = recording.times_ns
    if not len(times):
        raise RecordingError(f"{recording.path}: it holds no picture.")
    length_s = (int(times[-1]) - int(times[0])) / 1e9
    if at_s > length_s + 1:
        raise RecordingError(
            f"{recording.path}: it ends at {moment(length_s)}, before {moment(at_s)}."
        )
    at_ns = int(times[0]) + round(at_s * 1e9)
    frame = max(0, int(np.searchsorted(times, at_ns, side="right")) - 1)
    hole_s = (at_ns - int(times[frame])) / 1e9
    if hole_s > GAP_FRAMES / recording.facts.rate_hz and frame + 1 < len(times):
        until_s = (int(times[frame + 1]) - int(times[0])) / 1e9
        raise RecordingError(
            f"{recording.path}: nothing was looked at between {at_s - hole_s:.1f} and "
            f"{until_s:.1f} s. Choose a moment before or after."
        )
    return frame


def _history(
    recording: Recording,
    runner: PolicyRunner,
    ticks: list[Tick],
    log: _Log,
    rows: list[int | None],
) -> tuple[list[dict[str, int]], Probabilities]:
    """Return what was chosen on each tick, or would have been, and what is said of the last."""
    heads = recording.profile.heads
    policy = runner.fork()
    policy.reset()
    history: list[dict[str, int]] = []
    said: Probabilities = {}
    for tick, row in zip(ticks, rows, strict=True):
        said = policy.decide(tick.sight)
        policy.note(tick.held)
        if row is not None and log.decisions is not None:
            classes = log.decisions.classes[row]
            history.append({head.name: int(i) for head, i in zip(heads, classes, strict=True)})
        else:
            history.append({head.name: int(said[head.name].argmax()) for head in heads})
    return history, said


def _begun(
    recording: Recording, history: list[dict[str, int]], *, rate_hz: float
) -> dict[str, float]:
    """Say for how long each head's choice has stood; infinitely long for pressing nothing."""
    begun = {}
    for head in recording.profile.heads:
        now = history[-1][head.name]
        count = 0
        while count < len(history) and history[-1 - count][head.name] == now:
            count += 1
        ago_s = (count - 1) / rate_hz
        begun[head.name] = np.inf if now == head.none_index else ago_s
    return begun


def _who(recording: Recording, frame: int) -> str:
    if recording.is_flight_log and frame in recording.tick_frames():
        return "the policy plays"
    at_ns = int(recording.times_ns[frame])
    kinds = {span.kind for span in recording.spans() if span.start_ns <= at_ns <= span.end_ns}
    if recording.is_flight_log and SpanKind.TAKEOVER not in kinds:
        return "nobody plays"
    return "a person plays"


def _held(recording: Recording, frame: int, *, played: frozenset[str] | None) -> dict[str, str]:
    """Say who held which keys; a policy presses only after it has looked."""
    keys = recording.profile.keys
    by = held_by(recording.key_events(), keys, recording.times_ns[frame : frame + 1])[0]
    held = {
        key: "person" if int(who) == 1 + By.HUMAN else "policy"
        for key, who in zip(keys, by, strict=True)
        if who and (played is None or int(who) == 1 + By.HUMAN)
    }
    return held | dict.fromkeys(sorted(played or ()), "policy")

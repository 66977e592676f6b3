"""Recordings as episodes: pictures and what was pressed on each, each within one segment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.errors import RecordingError
from data.keys import held_by
from data.profile import GameProfile
from data.reader import Recording


@dataclass(frozen=True, slots=True)
class Episode:
    """Frames that follow one another: `steps` with a label, and one more that ends it."""

    path: Path
    start: int
    """Index of its first frame in the recording."""
    steps: int
    """Frames whose label is known."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What was pressed in an episode."""

    classes: npt.NDArray[np.int64]
    """Class of each head, in the profile's order, `(steps, heads)`."""
    seconds: npt.NDArray[np.float64]
    """Time of each picture since the recording's first, `(steps + 1,)`."""
    keys: npt.NDArray[np.uint8]
    """Who holds each of the profile's keys at each picture, `(steps + 1, keys)`.

    0 nobody, 1 a person, 2 the agent.
    """


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """The episodes of recordings that were made with the same keys and frame size."""

    profile: GameProfile
    episodes: tuple[Episode, ...]
    shift_ns: int

    @property
    def steps(self) -> int:
        """Steps of all episodes."""
        return sum(episode.steps for episode in self.episodes)

    @property
    def frames(self) -> int:
        """Pictures of all episodes."""
        return self.steps + len(self.episodes)

    def opened(self) -> Iterator[tuple[int, Episode, Recording, Steps]]:
        """Go through the episodes in order, with their number, their open recording and labels."""
        numbered = enumerate(self.episodes)
        upcoming = next(numbered, None)
        while upcoming is not None:
            path = upcoming[1].path
            with Recording(path) as recording:
                steps = _RecordingSteps(recording, self.shift_ns)
                while upcoming is not None and upcoming[1].path == path:
                    number, episode = upcoming
                    yield number, episode, recording, steps.of(episode)
                    upcoming = next(numbered, None)


class _RecordingSteps:
    def __init__(self, recording: Recording, shift_ns: int) -> None:
        labels = recording.labels(shift_ns=shift_ns)
        self._classes = np.stack([labels[head.name] for head in recording.profile.heads], axis=1)
        times = recording.times_ns
        self._seconds = (times - times[0]) / 1e9
        self._keys = held_by(recording.key_events(), recording.profile.keys, times)

    def of(self, episode: Episode) -> Steps:
        stop = episode.start + episode.steps
        return Steps(
            self._classes[episode.start : stop],
            self._seconds[episode.start : stop + 1],
            self._keys[episode.start : stop + 1],
        )


def plan_episodes(
    paths: Sequence[Path], *, shift_ms: float = 0.0, episode_s: float | None = None
) -> EpisodePlan:
    """Cut recordings into episodes.

    Args:
        paths: Recordings or flight logs.
        shift_ms: A frame is labelled with the keys held this much later. Frames whose label
            would lie behind the end of their segment have none, and are left out.
        episode_s: Cut longer segments into episodes of this length; None keeps them whole.

    Raises:
        RecordingError: They differ in keys or frame size, one is given twice, or there is nothing
            in them.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise RecordingError("a recording is given twice. Name each once.")
    shift_ns = round(shift_ms * 1e6)
    profile: GameProfile | None = None
    episodes: list[Episode] = []
    for path in paths:
        with Recording(path) as recording:
            profile = profile or recording.profile
            _require_same(recording.profile, profile, source=path)
            episodes += _episodes_of(recording, shift_ns=shift_ns, episode_s=episode_s)
    if profile is None or not episodes:
        raise RecordingError(
            f"{', '.join(map(str, paths))}: no two frames follow one another. Look at "
            "'understudy inspect'."
        )
    return EpisodePlan(profile, tuple(episodes), shift_ns)


def _episodes_of(
    recording: Recording, *, shift_ns: int, episode_s: float | None
) -> Iterator[Episode]:
    times = recording.times_ns
    for start, stop in recording.segments():
        known = times[start : stop - 1] + shift_ns <= times[stop - 1]
        steps = int(np.argmin(known)) if not known.all() else len(known)
        longest = steps
        if episode_s is not None:
            longest = max(1, round(episode_s * recording.facts.rate_hz))
        for first in range(0, steps, max(1, longest)):
            yield Episode(recording.path, start + first, min(longest, steps - first))


def _require_same(found: GameProfile, wanted: GameProfile, *, source: Path) -> None:
    differences = {
        "heads": [(head.name, head.classes) for head in found.heads]
        != [(head.name, head.classes) for head in wanted.heads],
        "frame size": found.capture.size != wanted.capture.size,
    }
    for what, differs in differences.items():
        if differs:
            raise RecordingError(
                f"{source}: its {what} differs from that of the recordings before it. Export "
                "those of one profile together."
            )

"""Look at the recordings that a policy learns from, those for scoring apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import RecordingError
from data.profile import GameProfile
from data.splits import each_once, named_among, split_recordings
from models.demonstrations import (
    Demonstration,
    corrects,
    load_demonstration,
    teaches,
    teaching_ticks,
)
from models.features import Eyes, SeenProgress
from models.label_shift import CANDIDATES_MS
from models.policy_recipe import PolicyProgress, PolicyTrainingSettings


@dataclass(frozen=True, slots=True)
class Looked:
    """The recordings, looked at."""

    training: list[Demonstration]
    """What is learned from."""
    held_out: list[Demonstration]
    """What is only scored."""
    seconds: float
    """Time it took."""
    remarks: tuple[str, ...] = ()
    """Sentences about the recordings as they were given."""

    @property
    def ticks(self) -> int:
        """How many there are to learn from, about; labels may yet leave some out."""
        return sum(int(one.counts.sum()) for one in self.training)


def look(
    recordings: Sequence[Path],
    profile: GameProfile,
    eyes: Eyes,
    settings: PolicyTrainingSettings,
    *,
    folder: Path,
    held_out: Sequence[Path] = (),
    on_progress: Callable[[PolicyProgress], None],
    stop: Callable[[], bool],
    now_s: Callable[[], float],
) -> Looked:
    """Look at recordings, each once, or take what is cached.

    Corrections are always learned from, and so is a recording without play to be scored on, unless
    `held_out` names it.

    Raises:
        RecordingError: One is damaged or of another game, or there is nothing to learn from.
        Stopped: `stop` said so.
    """
    began_s = now_s()
    paths, remarks = each_once(recordings)
    corrections = [path for path in paths if corrects(path)]
    loader = _Loader(profile, eyes, folder, len(paths), on_progress, stop)
    found = dict(zip(paths, loader.load(paths), strict=True))
    shift_ms = max(CANDIDATES_MS) if settings.shift_ms is None else settings.shift_ms
    named = named_among(paths, held_out)
    judging = [
        path
        for path, one in found.items()
        if path in named or teaches(one, profile, shift_ms=shift_ms)
    ]
    train_paths, held_out_paths = split_recordings(
        [path for path in judging if path not in corrections],
        validation_fraction=settings.validation_fraction,
        seed=settings.fit.seed,
        held_out=named,
    )
    always = [path for path in paths if path not in judging or path in corrections]
    training = [found[path] for path in (*train_paths, *always)]
    _require_play(training, paths)
    return Looked(training, [found[path] for path in held_out_paths], now_s() - began_s, remarks)


class _Loader:
    def __init__(
        self,
        profile: GameProfile,
        eyes: Eyes,
        folder: Path,
        count: int,
        on_progress: Callable[[PolicyProgress], None],
        stop: Callable[[], bool],
    ) -> None:
        self._profile, self._eyes, self._folder = profile, eyes, folder
        self._count, self._loaded = count, 0
        self._on_progress, self._stop = on_progress, stop

    def load(self, paths: Sequence[Path]) -> list[Demonstration]:
        found = []
        for path in paths:
            found.append(
                load_demonstration(
                    path,
                    self._profile,
                    self._eyes,
                    folder=self._folder,
                    on_progress=self._seeing,
                    stop=self._stop,
                )
            )
            self._loaded += 1
        return found

    def _seeing(self, progress: SeenProgress) -> None:
        done = (self._loaded + progress.share) / self._count
        note = f"{progress.name}: frame {progress.done} of {progress.frames}"
        self._on_progress(PolicyProgress("seeing", done, note))


def _require_play(training: Sequence[Demonstration], recordings: Sequence[Path]) -> None:
    names = ", ".join(path.name for path in recordings)
    if not any(bool(one.counts.any()) and one.events for one in training):
        raise RecordingError(
            f"{names}: no person presses a key in the recordings to learn from. Record some play."
        )


def require_lessons(
    training: Sequence[Demonstration], profile: GameProfile, *, shift_ms: float
) -> None:
    """Refuse recordings in which no frame is followed by one that says what was pressed.

    Raises:
        RecordingError: There is no such frame.
    """
    if any(teaching_ticks(one, profile, shift_ms=shift_ms) for one in training):
        return
    names = ", ".join(one.seen.source.name for one in training)
    raise RecordingError(
        f"{names}: nothing to learn from: a frame's label is the keys held {shift_ms:g} ms later, "
        "and no frame of play is followed by one so much later. Record longer stretches."
    )

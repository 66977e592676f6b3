"""Look at the recordings that a policy learns from, those for scoring apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import RecordingError
from data.profile import GameProfile
from data.splits import split_recordings
from models.demonstrations import Demonstration, corrects, load_demonstration
from models.features import Eyes, SeenProgress
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
    """Look at recordings, or take what is cached; corrections are always learned from.

    Raises:
        RecordingError: One is damaged or of another game, or there is nothing to learn from.
        Stopped: `stop` said so.
    """
    began_s = now_s()
    loader = _Loader(profile, eyes, folder, len(recordings), on_progress, stop)
    corrections = [path for path in recordings if corrects(path)]
    train_paths, held_out_paths = split_recordings(
        [path for path in recordings if path not in corrections],
        validation_fraction=settings.validation_fraction,
        seed=settings.fit.seed,
        held_out=held_out,
    )
    training = loader.load([*train_paths, *corrections])
    scored = loader.load(held_out_paths)
    _require_play(training, recordings)
    return Looked(training, scored, now_s() - began_s)


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

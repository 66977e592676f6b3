"""What a learning curve is asked to measure, and what of it is finished."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.errors import OutputExistsError, UnderstudyError
from data.paths import written_whole
from gui.practice.stages import claim_folder, holds_something
from models.checkpoint import run_fingerprint
from models.perception import load_detector_files
from models.policy_recipe import PolicyTrainingSettings

STEPS_NAME = "steps.json"
FIRST_HELD_OUT = 5_000  # seeds from the first on are recorded to train on, up to this one


@dataclass(frozen=True, slots=True)
class CurveSettings:
    """What to measure."""

    out: Path
    """The folder of everything; a curve begun there with the same settings goes on."""
    minutes: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0)
    """Amounts of play to learn from, rising; each holds the smaller ones."""
    difficulty: str = "amateur"
    matches: int = 20
    """Played with each policy, and by the coach."""
    seeds: int = 1
    """Policies trained on each amount."""
    seed: int = 0
    """Of the matches, and of the first policy."""
    match_s: float = 60.0
    """Length of every match, those recorded as well."""
    recordings: tuple[Path, ...] = ()
    """Somebody's own recordings, in order, instead of the coach's; the last are held out."""
    detector: Path | None = None
    """A detector's run; None is the shipped one."""
    training: PolicyTrainingSettings = field(default_factory=PolicyTrainingSettings)
    """How each policy is trained; the seed of its fit is replaced."""

    def __post_init__(self) -> None:
        if not self.minutes or not all(math.isfinite(each) and each > 0 for each in self.minutes):
            raise ValueError(f"minutes must be numbers above 0, got {self.minutes}")
        if list(self.minutes) != sorted(self.minutes):
            raise ValueError(f"minutes must rise, got {self.minutes}")
        if self.matches < 1 or self.seeds < 1 or self.seed < 0:
            raise ValueError("matches and seeds are at least 1, the first seed at least 0")
        if not self.recordings and matches_of(self.minutes[-1], self.match_s) > FIRST_HELD_OUT:
            raise ValueError(f"at most {FIRST_HELD_OUT} recorded matches, got {self.minutes[-1]}")

    def to_json(self) -> dict[str, Any]:
        """Return what must stay the same for a curve to go on."""
        return {
            "difficulty": self.difficulty,
            "match_seconds": self.match_s,
            "seed": self.seed,
            "recordings": [str(path.resolve()) for path in self.recordings],
            "detector": _detector_name(self.detector),
        }


def _detector_name(source: Path | None) -> str | None:
    """Name a detector's folder, or shipped weights, wherever the command is given."""
    if source is None:
        return None
    return str(source.resolve()) if source.is_dir() else str(source)


def matches_of(minutes: float, match_s: float) -> int:
    """Return how many matches come closest to so many minutes; one at least."""
    return max(1, round(minutes * 60 / match_s))


class Steps:
    """What is finished, on disk."""

    def __init__(self, settings: CurveSettings) -> None:
        """Begin, or go on with what the folder holds.

        Raises:
            CheckpointError: The detector can't be used.
            OutputExistsError: It holds something else, or a curve of other settings.
            UnderstudyError: What it holds is damaged.
        """
        self._path = settings.out / STEPS_NAME
        self.found: dict[str, Any] = {"settings": settings.to_json(), "coach": [], "policies": {}}
        if self._path.is_file():
            self._go_on_from(settings)
        elif holds_something(settings.out):
            raise OutputExistsError(
                f"{settings.out} holds something else than a curve. Choose another --out."
            )
        self._require_same_detector(settings)
        claim_folder(settings.out)
        self.save()

    def _go_on_from(self, settings: CurveSettings) -> None:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            before = dict(kept["settings"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnderstudyError(
                f"{self._path}: can't be read ({error}). Choose another --out."
            ) from error
        if isinstance(before.get("detector"), str):
            before["detector"] = _detector_name(Path(before["detector"]))  # older: as it was given
        for name, wanted in settings.to_json().items():
            if before.get(name) != wanted:
                told = "" if name == "recordings" else f": {before.get(name)}, not {wanted}"
                raise OutputExistsError(
                    f"{settings.out} holds a curve of other {name.replace('_', ' ')}{told}. "
                    "Choose another --out."
                )
        self.found = {**kept, "settings": before}

    def _require_same_detector(self, settings: CurveSettings) -> None:
        if settings.detector is None:
            return
        mark = run_fingerprint(load_detector_files(settings.detector))
        if self.found.setdefault("detector_fingerprint", mark) != mark:
            raise OutputExistsError(
                f"{settings.detector} was trained again since the curve in {settings.out} began. "
                "Choose another --out."
            )

    def policy(self, name: str) -> dict[str, Any]:
        """Return what is known of one policy, to be added to."""
        found: dict[str, Any] = self.found["policies"].setdefault(name, {"scores": []})
        return found

    def save(self) -> None:
        """Write what is known now."""
        with written_whole(self._path) as part:
            part.write_text(json.dumps(self.found, indent=2) + "\n", encoding="utf-8")

"""What run folders say of themselves. They may be a stranger's; nothing here imports PyTorch."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data.errors import CheckpointError, ProfileError
from data.profile import GameProfile
from data.small_files import read_json
from models.run_files import CONFIG_NAME, MOST_CONFIG_BYTES, WEIGHTS_NAME

Kind = Literal["policy", "detector"]
KINDS: tuple[Kind, ...] = ("policy", "detector")
POLICY, DETECTOR = KINDS
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunSays:
    """What the config of a run folder says."""

    folder: Path
    kind: Kind
    values: Mapping[str, Any]
    """All of it."""

    @property
    def game(self) -> str:
        """Its profile's name, whether or not the rest of the profile is sound; or empty."""
        profile = self.values.get("profile")
        return str(profile.get("name", "")) if isinstance(profile, dict) else ""

    @property
    def profile(self) -> GameProfile:
        """The profile it was trained for.

        Raises:
            CheckpointError: It is missing, or damaged.
        """
        try:
            plain = json.dumps(self.values["profile"])
            return GameProfile.from_json(plain, source=str(self.folder))
        except ProfileError as error:
            raise CheckpointError(f"{error} Train it again.") from error
        except KeyError as error:
            raise broken(self.folder, error) from error


def read_run(folder: Path) -> RunSays:
    """Read the config of a run folder.

    Raises:
        CheckpointError: There is none, it can't be read, or it is of no kind of run.
    """
    try:
        values = read_json(folder / CONFIG_NAME, most_bytes=MOST_CONFIG_BYTES)
        kind = values["kind"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise broken(folder, error) from error
    for known in KINDS:
        if kind == known:
            return RunSays(folder, known, values)
    raise broken(folder, ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}"))


def has_weights(folder: Path) -> bool:
    """Say whether a folder holds both files of a run."""
    return (folder / WEIGHTS_NAME).is_file() and (folder / CONFIG_NAME).is_file()


def complete_runs(folder: Path, kind: Kind | None = None) -> list[RunSays]:
    """List the runs in a folder that have weights, by name; what can't be read is left out.

    Args:
        folder: Of the run folders; need not be there.
        kind: The only kind that is wanted; None for both.
    """
    found = []
    for weights in sorted(folder.glob(f"*/{WEIGHTS_NAME}")):
        try:
            run = read_run(weights.parent)
        except CheckpointError as error:
            log.info("%s", error)
            continue
        if kind in (None, run.kind):
            found.append(run)
    return found


def broken(folder: Path, error: Exception) -> CheckpointError:
    """Return what to raise where a run says something that can't be."""
    return CheckpointError(
        f"{folder.name}: what it says of itself can't be read ({error}). Train it again."
    )

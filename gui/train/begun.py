"""What a training was begun with: kept beside it, so that it can go on after a stop or a crash."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from data.errors import CheckpointError
from data.paths import written_whole
from data.small_files import read_json
from gui.runs_on_disk import KINDS, Kind
from gui.train.choices import Choices, from_plain, to_plain

NAME = "begun.json"
MOST_BYTES = 4 << 20
MOST_NAMED = 3  # recordings that are missing


@dataclass(frozen=True, slots=True)
class Begun:
    """A training, from its beginning on."""

    kind: Kind
    profile: str
    """What `load_profile` takes."""
    recordings: tuple[Path, ...]
    """What is learned from or scored, flight logs included."""
    held_out: tuple[Path, ...]
    """Those of them that a person marked for validation; none leaves the choice to the program."""
    choices: Choices
    seconds: float = 0.0
    """Of play, in all recordings."""

    def write(self, folder: Path) -> None:
        """Write it into a run folder, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        values = {
            "kind": self.kind,
            "profile": self.profile,
            "recordings": [str(path) for path in self.recordings],
            "held_out": [str(path) for path in self.held_out],
            "seconds": self.seconds,
            "choices": to_plain(self.choices),
        }
        with written_whole(folder / NAME) as part:
            part.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")

    def missing_words(self, out: Path) -> str:
        """Say what a run in `out` lacks of its recordings, and what to do; empty if nothing."""
        lost = [path for path in self.recordings if _is_gone(path)]
        if not lost:
            return ""
        names = ", ".join(str(path) for path in lost[:MOST_NAMED])
        more = f" and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
        them = "it" if len(lost) == 1 else "them"
        then = "it can go on" if (out / NAME).is_file() else "begin again"
        return (
            f"{names}{more}: no such file. {out.name} learns from {them}: put {them} back there, "
            f"from the trash or under the old name, and {then}."
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read it from a run folder.

        Raises:
            CheckpointError: It is not there, or damaged.
        """
        path = folder / NAME
        try:
            return cls._of(read_json(path, most_bytes=MOST_BYTES))
        except FileNotFoundError as error:
            raise CheckpointError(
                f"{folder.name} was begun on the command line. Go on there, with --resume."
            ) from error
        except (
            OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError
        ) as error:  # fmt: skip
            raise CheckpointError(f"{path}: can't be read ({error}). Begin anew.") from error

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        kind = values["kind"]
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r} is none of {KINDS}")
        return cls(
            kind,
            str(values["profile"]),
            tuple(Path(name) for name in values["recordings"]),
            tuple(Path(name) for name in values["held_out"]),
            from_plain(kind, values["choices"]),
            float(values["seconds"]),
        )


def _is_gone(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # whoever opens it says why it can't be
    return False

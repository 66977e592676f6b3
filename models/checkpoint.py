"""Run folders: `checkpoint.safetensors` and `config.json`. Nothing in them is ever unpickled."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from data.disk import reason
from data.errors import CheckpointError, ProfileError
from data.paths import written_whole
from data.profile import GameProfile, Head
from data.small_files import read_json
from models.run_files import CONFIG_NAME, MOST_CONFIG_BYTES, WEIGHTS_NAME

FORMAT, VERSION = "understudy-run", 1
_KINDS = {"detector": "understudy train detector", "policy": "understudy train policy"}


@dataclass(frozen=True, slots=True, eq=False)
class RunFiles:
    """What a run folder holds."""

    source: str
    """Where it came from, for messages."""
    config: dict[str, Any]
    weights: dict[str, Tensor]

    @property
    def profile(self) -> GameProfile:
        """The profile it was trained for.

        Raises:
            CheckpointError: The profile inside is damaged.
        """
        try:
            return GameProfile.from_json(json.dumps(self.config["profile"]), source=self.source)
        except ProfileError as error:
            raise CheckpointError(str(error)) from error


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which run plays, for a flight log."""

    folder: Path
    """The run folder, absolute."""
    fingerprint: str
    """See `run_fingerprint`."""
    revision: str
    """Of the code that trained it."""
    engine: str
    """What runs its detector: `onnx` or `torch`."""


def run_fingerprint(run: RunFiles) -> str:
    """Name a run by all that its decisions follow from: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in ("settings", "profile", "rate_hz", "offsets"):
        digest.update(json.dumps(run.config.get(part), sort_keys=True).encode())
    for name, tensor in sorted(run.weights.items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def make_config(
    kind: str, *, settings: Mapping[str, Any], profile: GameProfile, seed: int, **more: object
) -> dict[str, Any]:
    """Say all that rebuilds a run: kind, settings, profile, frame size, rate, seed, revision."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": kind,
        "settings": dict(settings),
        "profile": json.loads(profile.to_json()),
        "frame": {"width_px": profile.capture.width_px, "height_px": profile.capture.height_px},
        "rate_hz": profile.capture.rate_hz,
        "seed": seed,
        "revision": code_revision(),
        **more,
    }


def save_run(folder: Path, *, weights: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    """Write a run folder; each file appears whole, the weights last.

    Raises:
        CheckpointError: It can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    save_files(folder / WEIGHTS_NAME, folder / CONFIG_NAME, weights=weights, config=config)


def save_files(
    weights_path: Path,
    config_path: Path,
    *,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
) -> None:
    """Write weights and config under names of their own, as shipped weights have them.

    Raises:
        CheckpointError: They can't be written; what stood there before is still there.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    text = json.dumps(config, indent=2, allow_nan=False)
    try:
        # The inner one appears first.
        with written_whole(weights_path) as of_weights, written_whole(config_path) as of_config:
            of_config.write_text(text + "\n", encoding="utf-8")
            of_weights.write_bytes(safetensors.torch.save(plain))
    except OSError as error:
        raise unwritable(weights_path.parent, error) from error


def unwritable(folder: Path, error: OSError) -> CheckpointError:
    """Say that a run's files can't be written, and why."""
    return CheckpointError(
        f"{folder}: the run can't be written: {reason(error)}. Make room, or choose another folder."
    )


def load_run(folder: Path, *, kind: str | None = None) -> RunFiles:
    """Read a run folder.

    Raises:
        CheckpointError: It is no run, is damaged, or is not of the wanted kind.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such run folder. Train one, or check the path.")
    missing = [name for name in (CONFIG_NAME, WEIGHTS_NAME) if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"{folder}: not a run folder; it has no {' and no '.join(missing)}.")
    return load_files(folder / WEIGHTS_NAME, folder / CONFIG_NAME, source=str(folder), kind=kind)


def load_files(
    weights_path: Path, config_path: Path, *, source: str, kind: str | None = None
) -> RunFiles:
    """Read what `save_files` wrote.

    Raises:
        CheckpointError: A file is missing, damaged, or not of the wanted kind.
    """
    try:
        config = read_json(config_path, most_bytes=MOST_CONFIG_BYTES)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{source}: {config_path.name} can't be read ({error}).") from error
    config = _checked_config(config, source, kind)
    try:
        weights = safetensors.torch.load_file(weights_path)
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{source}: {weights_path.name} can't be read ({error}).") from error
    return RunFiles(source, config, weights)


def _checked_config(config: object, source: str, kind: str | None) -> dict[str, Any]:
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CheckpointError(f"{source}: not a run of Understudy; its config says so nowhere.")
    if config.get("version") != VERSION:
        got = config.get("version")
        raise CheckpointError(f"{source}: run format {got!r}; this program reads {VERSION}.")
    absent = [
        name for name in ("kind", "settings", "profile", "frame", "rate_hz") if name not in config
    ]
    if absent:
        raise CheckpointError(f"{source}: its config has no {absent[0]!r}; the run is damaged.")
    if kind is not None and config["kind"] != kind:
        raise CheckpointError(
            f"{source}: a {config['kind']} run, but a {kind} run is needed. "
            f"Train one with '{_KINDS[kind]}'."
        )
    return config


def require_profile(config: Mapping[str, Any], profile: GameProfile, *, source: str) -> None:
    """Check that a run fits a profile: heads, keys, objects, frame size and rate.

    Objects that the profile names after those of the run are no difference.

    Raises:
        CheckpointError: They differ; the message names the first difference.
    """
    run = RunFiles(source, dict(config), {}).profile
    detector = config["kind"] == "detector"
    known = profile.object_names
    if known[: len(run.object_names)] == run.object_names:
        known = run.object_names  # it never sees what was named later
    pairs: list[tuple[str, object, object]] = [
        ("objects", list(run.object_names), list(known)),
        ("frame size", _size(run), _size(profile)),
    ]
    if not detector:  # a detector knows neither keys nor time
        pairs += [
            ("heads", [head.name for head in run.heads], [head.name for head in profile.heads]),
            ("keys", list(run.keys), list(profile.keys)),
            ("rate", f"{run.capture.rate_hz:g} Hz", f"{profile.capture.rate_hz:g} Hz"),
        ]
        for ours, theirs in zip(run.heads, profile.heads, strict=False):
            pairs.append((f"classes of head {ours.name}", _classes(ours), _classes(theirs)))
    for what, trained, wanted in pairs:
        if trained != wanted:
            raise CheckpointError(
                f"{source}: trained for another profile: its {what} {_told(trained)}, "
                f"profile {profile.name} has {_told(wanted)}. Train anew, or use its own profile."
            )


def _size(profile: GameProfile) -> str:
    return f"{profile.capture.width_px}x{profile.capture.height_px}"


def _classes(head: Head) -> list[str]:
    return [f"{name}={'+'.join(chord) or 'none'}" for name, chord in head.classes.items()]


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def select_weights(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose name starts with a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def code_revision() -> str:
    """Name the code: git's revision of a checkout, else the package's version."""
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        return found.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        pass  # no git, or no checkout
    try:
        return "understudy " + version("understudy")
    except PackageNotFoundError:
        return "unknown"

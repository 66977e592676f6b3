"""Recordings as a Minari dataset, the format of the Farama Foundation for offline learning.

Written here with HDF5 and JSON alone, as Minari 0.5 reads it: `minari/dataset/minari_storage.py`
(metadata, which spaces are images), `minari/dataset/_storages/hdf5_storage.py` (the layout of an
episode) and `minari/serialization.py` (spaces) of https://github.com/Farama-Foundation/Minari.

    OUT/data/metadata.json     spaces, totals, `dataset_id`; ours: `action_heads`, `keys`
    OUT/data/main_data.hdf5
      episode_N                attributes: id, total_steps, recording, first_frame, flight_log
        observations           (steps + 1,) JPEG bytes, the recorded ones unchanged; Minari decodes
                               them to uint8 (height, width, 3), RGB
        actions                (steps, heads) int64, the class of each head: MultiDiscrete
        rewards                (steps,) float64, all 0: a recording knows no reward
        terminations           (steps,) bool, all False
        truncations            (steps,) bool, True on the last
        infos/seconds          (steps + 1,) float64, since the recording's first frame
        infos/keys             (steps + 1, keys) uint8: 0 nobody holds it, 1 a person, 2 the agent
"""

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from data.errors import RecordingError, UnderstudyError
from data.export.episodes import Episode, EpisodePlan, Steps, plan_episodes
from data.export.hdf5 import Hdf5Output
from data.export.output import Exported, Ticker, size_of, whole_output
from data.reader import Recording

MINARI_VERSION = "0.5.4"  # whose layout this is; Minari refuses versions that it doesn't know
MARK = "data/metadata.json"
_NAME = re.compile(r"[-_\w]+-v\d+")
_HEAVY_BYTES = 2e9


def export_minari(
    paths: Sequence[Path],
    out: Path,
    *,
    force: bool = False,
    shift_ms: float = 0.0,
    episode_s: float | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Exported:
    """Write recordings as one Minari dataset: a folder named as the dataset, such as `mine-v0`.

    Args:
        paths: Recordings or flight logs of one profile.
        out: The folder.
        force: Replace a Minari dataset that exists.
        shift_ms: Label a frame with the keys held this much later.
        episode_s: Cut longer segments into episodes of this length; None keeps them whole.
        on_progress: Told the share done, from 0 to 1.
        stop: Asked at every frame.

    Raises:
        UnderstudyError: The name is none that Minari takes, or it can't be written.
        OutputExistsError: `out` exists and may not be replaced.
        RecordingError: The recordings don't go together, or are damaged.
        ExportStopped: `stop` said so.
    """
    if not _NAME.fullmatch(out.name):
        raise UnderstudyError(
            f"{out}: Minari wants a name of letters, digits, - and _ that ends in its version. "
            f"Call it {re.sub(r'[^-_0-9A-Za-z]', '_', out.name) or 'mine'}-v0."
        )
    plan = plan_episodes(paths, shift_ms=shift_ms, episode_s=episode_s)
    with whole_output(out, force=force, mark=MARK) as part:
        (part / "data").mkdir(parents=True)
        main = part / "data" / "main_data.hdf5"
        with Hdf5Output(main) as output:
            ticker = Ticker(plan.frames, on_progress, lambda: output.failed() or stop())
            for number, episode, recording, steps in plan.opened():
                group = output.file.create_group(f"episode_{number}")
                _write_episode(group, number, episode, recording, steps, ticker)
        metadata = _metadata(plan, _dataset_id(out), bytes_=main.stat().st_size)
        (part / MARK).write_text(json.dumps(metadata), encoding="utf-8")
    return Exported(
        out, len(paths), len(plan.episodes), plan.frames, size_of(out), note=_note(plan)
    )


def _write_episode(
    group: h5py.Group,
    number: int,
    episode: Episode,
    recording: Recording,
    steps: Steps,
    ticker: Ticker,
) -> None:
    count = episode.steps
    group.attrs["id"] = number
    group.attrs["total_steps"] = count
    group.attrs["recording"] = episode.path.name
    group.attrs["first_frame"] = episode.start
    group.attrs["flight_log"] = recording.is_flight_log
    group["actions"] = steps.classes
    group["rewards"] = np.zeros(count)
    group["terminations"] = np.zeros(count, dtype=np.bool_)
    group["truncations"] = np.arange(count) == count - 1
    group["infos/seconds"] = steps.seconds
    group["infos/keys"] = steps.keys
    pictures = group.create_dataset(
        "observations", shape=(count + 1,), dtype=h5py.vlen_dtype(np.uint8)
    )
    for index in range(count + 1):  # one by one: h5py takes several of one length for a matrix
        ticker.tick()
        stored = recording.jpeg(episode.start + index)
        if not len(stored):
            raise RecordingError(
                f"{episode.path}: frame {episode.start + index} is damaged. Cut it out with "
                "'understudy trim'."
            )
        pictures[index] = stored


def _metadata(plan: EpisodePlan, dataset_id: str, *, bytes_: int) -> dict[str, Any]:
    size = plan.profile.capture.size
    shape = (size.height_px, size.width_px, 3)
    observations = {
        "type": "Box",
        "dtype": "uint8",
        "shape": shape,
        "low": np.zeros(shape, dtype=np.uint8).tolist(),  # Minari reads no shorter form
        "high": np.full(shape, 255, dtype=np.uint8).tolist(),
    }
    actions = {
        "type": "MultiDiscrete",
        "dtype": "int64",
        "nvec": [len(head.names) for head in plan.profile.heads],
        "start": [0] * len(plan.profile.heads),
    }
    return {
        "total_episodes": len(plan.episodes),
        "total_steps": plan.steps,
        "data_format": "hdf5",
        "jpeg_encoding": True,
        "observation_space": json.dumps(observations),
        "action_space": json.dumps(actions),
        "dataset_id": dataset_id,
        "dataset_size": round(bytes_ / 1e6, 1),
        "minari_version": MINARI_VERSION,
        "algorithm_name": "recorded by Understudy",
        "description": f"Play of {plan.profile.description or plan.profile.name}: the screen as "
        "observations (RGB), what the keys decide as actions. No rewards were recorded.",
        "action_heads": [{head.name: head.classes} for head in plan.profile.heads],
        "keys": plan.profile.keys,
        "label_shift_ms": plan.shift_ns / 1e6,
    }


def _dataset_id(out: Path) -> str:
    """Name the dataset by its place below Minari's root, which is how Minari finds it."""
    root = Path(os.environ.get("MINARI_DATASETS_PATH", "~/.minari/datasets")).expanduser()
    whole = out.resolve()
    if whole.is_relative_to(root.resolve()):
        return whole.relative_to(root.resolve()).as_posix()
    return out.name


def _note(plan: EpisodePlan) -> str:
    size = plan.profile.capture.size
    longest = max(episode.steps for episode in plan.episodes) + 1
    heavy = longest * size.width_px * size.height_px * 3
    if heavy < _HEAVY_BYTES:
        return ""
    return (
        f"Minari decodes an episode at once: the longest takes {heavy / 1e9:.0f} GB of memory. "
        "--episode-seconds 60 cuts it."
    )

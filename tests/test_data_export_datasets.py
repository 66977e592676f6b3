"""Datasets are read back with the libraries that they are for, and compared with the recording."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from data.errors import OutputExistsError, RecordingError, UnderstudyError
from data.export.episodes import plan_episodes
from data.export.minari import export_minari
from data.export.robomimic import CAMERA, action_names, export_robomimic
from data.keys import By, KeyEvent
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from tests.factories import (
    TICK_NS,
    altered_profile,
    capture_facts,
    picture,
    practice_profile,
    write_recording,
)

MS = 1_000_000
KEYS = [
    KeyEvent(3 * TICK_NS - MS, "right", True),
    KeyEvent(5 * TICK_NS - MS, "up", True, By.AGENT),
    KeyEvent(8 * TICK_NS - MS, "up", False, By.AGENT),
    KeyEvent(14 * TICK_NS - MS, "d", True),
    KeyEvent(15 * TICK_NS - MS, "d", False),
]


def write_play(path: Path) -> Path:
    """24 frames; a pause takes frames 10 to 12 out, so that two stretches of 10 and 11 remain."""
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(24):
            writer.append_frame(picture(index), index * TICK_NS)
        writer.append_keys(KEYS)
        writer.append_span(SpanKind.PAUSED, 10 * TICK_NS - MS, 12 * TICK_NS + MS)
    return path


def pictures_of(path: Path, start: int, stop: int) -> np.ndarray:
    with Recording(path) as recording:
        return np.stack([recording.frame(index)[:, :, ::-1] for index in range(start, stop)])


def classes_of(path: Path, start: int, stop: int, *, shift_ns: int = 0) -> np.ndarray:
    with Recording(path) as recording:
        labels = recording.labels(shift_ns=shift_ns)
    return np.stack([labels[head.name] for head in practice_profile().heads], axis=1)[start:stop]


def test_minari_reads_the_recorded_pictures_and_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "sets"))
    path = write_play(tmp_path / "a.h5")
    written = export_minari([path], tmp_path / "sets/understudy/mine-v0")
    assert (written.episodes, written.frames, written.note) == (2, 21, "")
    assert list(minari.list_local_datasets()) == ["understudy/mine-v0"]
    dataset = minari.load_dataset("understudy/mine-v0")
    assert (dataset.total_episodes, dataset.total_steps) == (2, 9 + 10)
    for (start, stop), episode in zip([(0, 10), (13, 24)], dataset, strict=True):
        assert (episode.observations == pictures_of(path, start, stop)).all()
        assert (episode.actions == classes_of(path, start, stop - 1)).all()
        assert all(dataset.action_space.contains(action) for action in episode.actions)
        assert dataset.observation_space.contains(episode.observations[0])
        assert not episode.rewards.any()
        assert not episode.terminations.any()
        assert episode.truncations.tolist() == [False] * (stop - start - 2) + [True]
        assert episode.infos["seconds"] == pytest.approx(np.arange(start, stop) * 0.05)
    assert np.unique(dataset[0].actions[:, 0]).tolist() == [0, 2, 3]  # none, up_right, right
    up = practice_profile().keys.index("up")
    assert dataset[0].infos["keys"][:, up].tolist() == [0, 0, 0, 0, 0, 2, 2, 2, 0, 0]
    (facts,) = dataset.storage.get_episode_metadata([1])
    assert (facts["recording"], facts["first_frame"], facts["flight_log"]) == ("a.h5", 13, False)


def test_minari_samples_episodes_of_several_recordings(tmp_path: Path):
    import minari

    paths = [write_play(tmp_path / f"{name}.h5") for name in "ab"]
    export_minari(paths, tmp_path / "mine-v3")
    dataset = minari.MinariDataset(tmp_path / "mine-v3/data")
    assert dataset.spec.dataset_id == "mine-v3"
    assert (dataset.spec.dataset_name, dataset.spec.version) == ("mine", 3)
    assert len(dataset.sample_episodes(4)) == 4
    found = [facts["recording"] for facts in dataset.storage.get_episode_metadata(range(4))]
    assert found == ["a.h5", "a.h5", "b.h5", "b.h5"]


def test_minaris_pictures_are_the_recorded_bytes(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    export_minari([path], tmp_path / "mine-v0")
    with (
        h5py.File(tmp_path / "mine-v0/data/main_data.hdf5") as file,
        Recording(path) as recording,
    ):
        assert (file["episode_1/observations"][3] == recording.jpeg(16)).all()


def test_a_name_that_minari_refuses_is_refused(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    with pytest.raises(UnderstudyError, match="Call it mine-v0"):
        export_minari([path], tmp_path / "mine")
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_a_folder_that_is_no_dataset_is_never_replaced(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    precious = tmp_path / "home-v1/precious"
    precious.parent.mkdir()
    precious.write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match="something else"):
        export_minari([path], tmp_path / "home-v1", force=True)
    assert precious.read_bytes() == b"precious"
    for _ in range(2):
        export_minari([path], tmp_path / "mine-v0", force=True)


def test_robomimic_reads_the_recorded_pictures_and_actions(tmp_path: Path):
    from robomimic.utils import obs_utils
    from robomimic.utils.dataset import SequenceDataset

    path = write_play(tmp_path / "a.h5")
    written = export_robomimic([path], tmp_path / "a.hdf5")
    assert (written.episodes, written.frames) == (2, 21)
    obs_utils.initialize_obs_utils_with_obs_specs({"obs": {"rgb": [CAMERA], "low_dim": []}})
    dataset = SequenceDataset(
        str(tmp_path / "a.hdf5"),
        obs_keys=(CAMERA,),
        dataset_keys=("actions", "rewards", "dones"),
        seq_length=4,
        frame_stack=2,
        hdf5_cache_mode=None,
    )
    assert (dataset.n_demos, len(dataset)) == (2, 9 + 10)
    seen = dataset[9 + 5]  # frame 13 + 5, one frame before it stacked
    assert (seen["obs"][CAMERA] == pictures_of(path, 17, 22)).all()
    assert (seen["next_obs"][CAMERA] == pictures_of(path, 18, 23)).all()
    last = dataset[18]
    assert (last["next_obs"][CAMERA][1] == pictures_of(path, 23, 24)).all()
    assert last["dones"].ravel()[1] == 1
    expected = classes_of(path, 13, 23)
    for index in range(10):
        action = dataset[9 + index]["actions"][1]
        assert action.dtype == np.float32
        hot = {name for name, value in zip(action_names(practice_profile()), action, strict=True)
               if value == 1}  # fmt: skip
        assert action.sum() == len(hot) == len(practice_profile().heads)
        for head, chosen in zip(practice_profile().heads, expected[index], strict=True):
            assert f"{head.name}:{head.names[chosen]}" in hot
    dataset.close_and_delete_hdf5_handle()


def test_robomimics_masks_keep_whole_recordings_apart(tmp_path: Path):
    from robomimic.utils.dataset import SequenceDataset

    paths = [write_play(tmp_path / f"{name}.h5") for name in "abc"]
    export_robomimic(paths, tmp_path / "all.hdf5")
    with h5py.File(tmp_path / "all.hdf5") as file:
        names = {
            mask: {
                file[f"data/{demo.decode()}"].attrs["recording"] for demo in file[f"mask/{mask}"]
            }
            for mask in ("train", "valid")
        }
        assert len(names["train"]) == 2
        assert not names["train"] & names["valid"]
        assert json.loads(file["data"].attrs["env_args"]).keys() == {
            "env_name", "type", "env_kwargs",
        }  # fmt: skip
        assert file["data"].attrs["total"] == 3 * 19
    steps = []
    for mask in ("train", "valid"):
        dataset = SequenceDataset(
            str(tmp_path / "all.hdf5"), (CAMERA,), ("actions",), filter_by_attribute=mask
        )
        steps.append(len(dataset))
    assert steps == [2 * 19, 19]


def test_robomimic_stores_no_picture_twice(tmp_path: Path):
    rng = np.random.default_rng(0)
    facts = capture_facts()
    with RecordingWriter(tmp_path / "a.h5", profile=practice_profile(), facts=facts) as writer:
        for index in range(8):  # noise, which doesn't compress
            writer.append_frame(
                rng.integers(0, 256, (270, 480, 3), dtype=np.uint8), index * TICK_NS
            )
    written = export_robomimic([tmp_path / "a.h5"], tmp_path / "a.hdf5")
    assert written.bytes < 8 * 270 * 480 * 3 * 1.1


def test_a_shift_moves_labels_and_leaves_out_frames_whose_label_is_unknown(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    plan = plan_episodes([path], shift_ms=100)
    assert [(episode.start, episode.steps) for episode in plan.episodes] == [(0, 8), (13, 9)]
    (_, _, _, first), _ = plan.opened()
    assert (first.classes == classes_of(path, 0, 8, shift_ns=100 * MS)).all()
    assert (first.classes != classes_of(path, 0, 8)).any()


def test_long_stretches_are_cut_into_episodes_without_losing_a_step(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    plan = plan_episodes([path], episode_s=0.2)
    found = [(episode.start, episode.steps) for episode in plan.episodes]
    assert found == [(0, 4), (4, 4), (8, 1), (13, 4), (17, 4), (21, 2)]


def test_recordings_that_do_not_go_together_are_refused(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    other = altered_profile(heads=practice_profile().heads[:1], mirror=None)
    with RecordingWriter(tmp_path / "b.h5", profile=other, facts=capture_facts()) as writer:
        writer.append_frame(picture(0), 0)
    with pytest.raises(RecordingError, match=r"b\.h5: its heads differ"):
        plan_episodes([path, tmp_path / "b.h5"])
    with pytest.raises(RecordingError, match="given twice"):
        plan_episodes([path, tmp_path / "." / "a.h5"])
    with pytest.raises(RecordingError, match="no two frames follow"):
        plan_episodes([write_recording(tmp_path / "c.h5", frames=1)])


def test_a_damaged_picture_stops_an_export_and_leaves_nothing(tmp_path: Path):
    path = write_play(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file["frames/end"][5] = file["frames/end"][4]
    for export, out in ((export_minari, "mine-v0"), (export_robomimic, "a.hdf5")):
        with pytest.raises(RecordingError, match="frame 5 is damaged"):
            export([path], tmp_path / out)
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_colours_are_not_swapped(tmp_path: Path):
    import minari

    red = np.zeros((270, 480, 3), dtype=np.uint8)
    red[:] = (0, 0, 255)  # BGR
    facts = capture_facts()
    with RecordingWriter(tmp_path / "a.h5", profile=practice_profile(), facts=facts) as writer:
        for index in range(3):
            writer.append_frame(red, index * TICK_NS)
    export_minari([tmp_path / "a.h5"], tmp_path / "red-v0")
    export_robomimic([tmp_path / "a.h5"], tmp_path / "red.hdf5")
    seen = minari.MinariDataset(tmp_path / "red-v0/data")[0].observations[0]
    with h5py.File(tmp_path / "red.hdf5") as file:
        stored = file[f"data/demo_0/obs/{CAMERA}"][0]
    for image in (seen, stored):
        assert cv2.mean(image)[0] > 240 > 20 > cv2.mean(image)[2]

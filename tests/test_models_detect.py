import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from data.frames import FrameSize, Image, fit
from models.checkpoint import make_config, save_run
from models.detection_drawing import draw_detections
from models.detections import DecodeSettings, Detections
from models.perception import Perception
from models.ssd import Detector, DetectorSettings
from models.torchvision_ssd import TorchvisionSsd, load_torchvision_detector
from tests.conftest import Run
from tests.factories import practice_profile
from tests.torchvision_reference import layout_weights

HEIGHT, WIDTH = 64, 96
THRESHOLD = 0.3


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Detector]:
    """A run folder of a detector that sees something in noise."""
    profile = practice_profile()
    settings = DetectorSettings(
        class_names=profile.object_names,
        anchors=((6, 6), (8, 17), (30, 60)),
        size=(HEIGHT, WIDTH),
    )
    detector = Detector(settings).eval()
    detector.load_state_dict(layout_weights(detector.state_dict(), background=0.0))
    folder = tmp_path_factory.mktemp("runs") / "d"
    config = make_config("detector", settings=settings.to_json(), profile=profile, seed=0)
    save_run(folder, weights=detector.state_dict(), config=config)
    return folder, detector


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "coco.pth"
    torch.save(layout_weights(TorchvisionSsd().state_dict(), background=9.0), path)
    return path


def noise(height: int, width: int) -> Image:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


def saved(path: Path, image: Image) -> str:
    assert cv2.imwrite(str(path), image)
    return str(path)


def directly(detector: Detector, image: Image) -> Detections:
    settings = DecodeSettings(score_threshold=THRESHOLD)
    sight = Perception(detector, engine="torch", settings=settings).see(image)
    assert len(sight.boxes) > 3
    return Detections(sight.boxes, sight.classes, sight.scores)


def test_what_a_run_sees_is_told_as_json(run: Run, tmp_path: Path, trained: tuple[Path, Detector]):
    folder, detector = trained
    image = noise(HEIGHT, WIDTH)
    file = saved(tmp_path / "a.png", image)
    status, said, _ = run("detect", str(folder), file, "--threshold", str(THRESHOLD), "--json")
    assert status == 0
    (told,) = json.loads(said)["images"]
    expected = directly(detector, image)
    assert told["file"] == file
    names = detector.settings.class_names
    assert told["labels"] == [names[kind] for kind in expected.classes]
    np.testing.assert_allclose(told["boxes"], expected.boxes, atol=1e-5)
    np.testing.assert_allclose(told["scores"], expected.scores, rtol=1e-6)


def test_boxes_are_in_pixels_of_the_picture_that_was_given(
    run: Run, tmp_path: Path, trained: tuple[Path, Detector]
):
    folder, detector = trained
    image = noise(HEIGHT, WIDTH)
    larger = saved(tmp_path / "a.png", image.repeat(2, axis=0).repeat(2, axis=1))
    _, said, _ = run("detect", str(folder), larger, "--threshold", str(THRESHOLD), "--json")
    expected = directly(detector, image)
    np.testing.assert_allclose(
        json.loads(said)["images"][0]["boxes"], expected.boxes * 2, atol=1e-3
    )


def test_black_bars_are_taken_off_again(run: Run, tmp_path: Path, trained: tuple[Path, Detector]):
    folder, detector = trained
    tall = noise(HEIGHT * 2, 80)  # halved, between bars of 28 pixels
    seen = directly(detector, fit(tall, FrameSize(WIDTH, HEIGHT)))
    centres = (seen.boxes[:, 0] + seen.boxes[:, 2]) / 2
    inside = seen.boxes[(centres > 28) & (centres < 68)]
    assert 0 < len(inside) < len(seen.boxes)
    file = saved(tmp_path / "a.png", tall)
    _, said, _ = run("detect", str(folder), file, "--threshold", str(THRESHOLD), "--json")
    boxes = np.array(json.loads(said)["images"][0]["boxes"])
    assert len(boxes) == len(inside)
    expected = (inside - (28, 0, 28, 0)) * 2
    np.testing.assert_allclose(boxes, expected.clip(0, (80, 128, 80, 128)), atol=1e-3)


def test_the_preset_is_torchvisions_detector(run: Run, tmp_path: Path, published: Path):
    image = noise(90, 160)
    file = saved(tmp_path / "a.png", image)
    status, said, _ = run("detect", str(published), file, "--preset", "torchvision", "--json")
    assert status == 0
    (told,) = json.loads(said)["images"]
    detector = load_torchvision_detector(published)
    expected = detector.detect(image)
    assert told["labels"] == [detector.class_names[kind] for kind in expected.classes]
    assert np.array_equal(np.array(told["boxes"], np.float32), expected.boxes)
    assert np.array_equal(np.array(told["scores"], np.float32), expected.scores)


def test_a_threshold_holds_for_the_preset_too(run: Run, tmp_path: Path, published: Path):
    file = saved(tmp_path / "a.png", noise(90, 160))
    arguments = ("detect", str(published), file, "--preset", "torchvision", "--json")
    _, every, _ = run(*arguments)
    least = json.loads(every)["images"][0]["scores"][5]
    _, few, _ = run(*arguments, "--threshold", str(least))
    assert len(json.loads(few)["images"][0]["scores"]) == 5


def test_people_are_not_shown_the_presets_three_hundred_boxes(
    run: Run, tmp_path: Path, published: Path
):
    file = saved(tmp_path / "a.png", noise(90, 160))
    detector = load_torchvision_detector(published)
    sure = int((detector.detect(noise(90, 160)).scores >= 0.3).sum())
    assert 0 < sure < 300
    _, said, _ = run("detect", str(published), file, "--preset", "torchvision")
    assert said.count("\n") == 1 + sure


def test_pictures_that_cannot_be_read_are_told_and_the_others_go_on(
    run: Run, tmp_path: Path, trained: tuple[Path, Detector]
):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    thin = saved(tmp_path / "thin.png", noise(1, 3000))
    good = saved(tmp_path / "good.png", noise(HEIGHT, WIDTH))
    bad, gone = str(tmp_path / "bad.png"), str(tmp_path / "gone.png")
    status, said, told = run("detect", str(trained[0]), bad, thin, gone, good, "--json")
    assert status == 1
    found = json.loads(said)
    assert [one["file"] for one in found["images"]] == [good]
    assert [one["file"] for one in found["problems"]] == [bad, thin, gone]
    lines = told.splitlines()
    for line, file in zip(lines, (bad, thin, gone), strict=True):
        assert line.startswith(f"understudy: {file}: ")
    assert "too thin" in lines[1]


def test_drawings_keep_apart_and_nothing_is_overwritten_unasked(
    run: Run, tmp_path: Path, trained: tuple[Path, Detector]
):
    (tmp_path / "b").mkdir()
    files = [saved(tmp_path / name, noise(HEIGHT, WIDTH)) for name in ("a.png", "b/A.png")]
    arguments = ("detect", str(trained[0]), *files, "--threshold", str(THRESHOLD))
    drawn = tmp_path / "drawn"
    assert run(*arguments, "--out", str(drawn))[0] == 0
    assert {path.name for path in drawn.iterdir()} == {"a.png", "A-2.png"}
    picture = cv2.imread(str(drawn / "a.png"))
    assert picture.shape == (4 * HEIGHT, 4 * WIDTH, 3)
    plain = cv2.resize(noise(HEIGHT, WIDTH), (4 * WIDTH, 4 * HEIGHT))
    assert (picture != plain).any()
    status, _, told = run(*arguments, "--out", str(drawn))
    assert (status, told.count("\n")) == (1, 1)
    assert "a.png exists" in told
    assert run(*arguments, "--out", str(drawn), "--force")[0] == 0


def test_a_file_of_weights_needs_its_preset(run: Run, tmp_path: Path, published: Path):
    file = saved(tmp_path / "a.png", noise(9, 9))
    status, _, told = run("detect", str(published), file)
    assert (status, told.count("\n")) == (1, 1)
    assert "--preset torchvision" in told


def test_published_weights_that_cannot_be_fetched_are_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    file = saved(tmp_path / "a.png", noise(9, 9))
    status, _, told = run("detect", "coco", file, "--preset", "torchvision")
    assert (status, told.count("\n")) == (1, 1)
    assert str(tmp_path / "torch/hub/checkpoints") in told


def test_an_unknown_run_is_one_line(run: Run, tmp_path: Path):
    file = saved(tmp_path / "a.png", noise(9, 9))
    status, _, told = run("detect", str(tmp_path / "gone"), file)
    assert (status, told.count("\n")) == (1, 1)


@pytest.mark.parametrize(("size", "scale"), [((20, 30), 4), ((270, 480), 2), ((1080, 1920), 1)])
def test_small_pictures_are_drawn_larger(size: tuple[int, int], scale: int):
    none = np.zeros(0, np.float32)
    nothing = Detections(none.reshape(0, 4), none.astype(np.int64), none)
    drawn = draw_detections(np.zeros((*size, 3), np.uint8), nothing, ())
    assert drawn.shape == (size[0] * scale, size[1] * scale, 3)


def test_a_name_is_written_where_it_hides_no_box():
    boxes = np.array([[100, 100, 130, 130], [100, 80, 130, 99], [0, 0, 9, 9]], np.float32)
    seen = Detections(boxes, np.array([0, 1, 2]), np.array([0.9, 0.8, 0.7], np.float32))
    drawn = draw_detections(np.zeros((300, 960, 3), np.uint8), seen, ("ball", "goal", "flag"))
    for x1, y1, x2, y2 in boxes.astype(int):
        assert not drawn[y1 + 2 : y2 - 1, x1 + 2 : x2 - 1].any()  # the insides are untouched
    assert drawn.any(axis=2).sum() > 3 * 300  # and there are plates

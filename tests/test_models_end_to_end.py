from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from data.errors import CheckpointError, RecordingError
from data.frames import FrameSize
from data.keys import KeyEvent
from data.reader import Recording
from data.writer import RecordingWriter
from models import end_to_end as module
from models.checkpoint import load_run
from models.demonstrations import labelled, load_demonstration
from models.distributed import World
from models.encoder import Encoder, build_encoder
from models.end_to_end import EndToEnd, begun, encoded, seen_through, slowness
from models.engine import PolicyRunner, perception_of
from models.perception import Perception, load_detector
from models.pictures import Pictures, warp_of
from models.policy import Policy, PolicySettings
from models.policy_batches import Streams
from models.policy_fitting import fit_policy
from models.policy_learning import PolicyLearner
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from models.policy_store import passages_of
from models.policy_training import train_policy
from models.ssd import Detector
from models.tokens import Tokenizer
from tests.factories import TICK_NS, altered_profile, capture_facts, practice_profile
from tests.toy_play import quick_fit
from understudy import app

HEIGHT, WIDTH, TICKS = 96, 160, 60
CAPTURE = practice_profile().model_dump()["capture"]
PROFILE = altered_profile(capture=CAPTURE | {"width_px": WIDTH, "height_px": HEIGHT})
FIT = quick_fit(
    end_to_end=True, streams=3, window=6, windows_in_stretch=2, steps=6, checks=2, patience=9
)
SETTINGS = PolicyTrainingSettings(fit=FIT, shift_ms=0.0, device="cpu", threads=1)
UNJUDGED = replace(SETTINGS, validation_fraction=0.0)
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)


def textured(path, *, seed):
    """Record pictures in which stripes, upright or lying, say whether the key is held."""
    rng = np.random.default_rng(seed)
    held, events = False, []
    with RecordingWriter(path, profile=PROFILE, facts=capture_facts()) as writer:
        for tick in range(TICKS):
            if tick % 6 == 0:
                held = not held
                events.append(KeyEvent(tick * TICK_NS, "right", held))
            image = rng.normal(110, 20, (HEIGHT, WIDTH, 3))
            image += 60 * np.indices((HEIGHT, WIDTH))[int(held), :, :, None] // 2 % 2
            writer.append_frame(image.clip(0, 255).astype(np.uint8), tick * TICK_NS)
        writer.append_keys(events)
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("textured")
    return [textured(folder / f"{seed}.h5", seed=seed) for seed in range(2)]


@pytest.fixture(scope="module")
def detector():
    shipped = load_detector()
    small = Detector(replace(shipped.settings, size=(HEIGHT, WIDTH)))
    small.load_state_dict(shipped.state_dict())
    return small.eval()


@pytest.fixture(scope="module")
def demonstrations(recordings, detector, tmp_path_factory):
    eyes, folder = Perception(detector, engine="torch"), tmp_path_factory.mktemp("seen")
    return [load_demonstration(path, PROFILE, eyes, folder=folder) for path in recordings]


@pytest.fixture(scope="module")
def passages(demonstrations):
    pairs = [(one, labelled(one, PROFILE, shift_ms=0)) for one in demonstrations]
    return passages_of(pairs, TOKENIZER)


@pytest.fixture
def pictures():
    with Pictures(PROFILE.capture.size) as opened:
        yield opened


def learn(recordings, detector, out, settings=SETTINGS, **more):
    return train_policy(
        recordings,
        profile=PROFILE,
        detector=detector,
        out=out,
        settings=settings,
        eyes=Perception(detector, engine="torch"),
        **more,
    )


@pytest.fixture(scope="module")
def run(recordings, detector, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    learn(recordings, detector, out)
    return out


def read(out):
    return (out / "checkpoint.safetensors").read_bytes()


def image_of(recording, frame=7):
    with Recording(recording) as opened:
        return opened.frame(frame)


def batch_of(passages, pictures, **changes):
    values = {"streams": 3, "window": 6, "windows_in_stretch": 2, "mirror": False, "seed": 0}
    streams = Streams(
        passages,
        TOKENIZER,
        PROFILE,
        use_features=False,
        pictures=pictures,
        **(values | changes),
    )
    return streams.next()


def test_an_encoder_begins_with_the_detectors_own_features(detector, recordings):
    image = image_of(recordings[0])
    seen = Perception(detector, engine="torch").see(image).features
    found = Perception(detector, encoder=Encoder.of(detector), engine="torch").see(image).features
    np.testing.assert_allclose(found, seen, rtol=1e-5, atol=1e-5)


def test_features_are_standardised_over_what_is_learned_from(detector, passages, pictures):
    encoder = begun(Encoder.of(detector), passages, pictures)
    found = torch.cat(
        [
            encoded(encoder, torch.from_numpy(pictures.read(p.source, p.frames(0, TICKS)))[None])
            for p in passages
        ],
        dim=1,
    )[0].detach()
    assert found.mean(0).abs().max() < 1e-3
    assert float(found.std(0).median()) == pytest.approx(1.0, abs=1e-3)
    assert found.std(0).max() < 1.001


def test_maps_computed_again_on_the_way_back_give_the_same_gradients(
    detector, passages, pictures, monkeypatch
):
    batch = batch_of(passages, pictures)
    gradients = []
    for at_once in (10_000, 4):
        monkeypatch.setattr(module, "_PIXELS", {"cpu": at_once * HEIGHT * WIDTH})
        encoder = Encoder.of(detector)
        features = encoded(encoder, batch.pictures, batch.colours)
        assert features.shape == (3, 6, encoder.feature_count)
        features.square().mean().backward()
        learned = [p for p in encoder.parameters() if p.requires_grad]
        assert all(p.grad is not None for p in learned)
        gradients.append(torch.cat([p.grad.flatten() for p in learned]))
    torch.testing.assert_close(gradients[0], gradients[1], rtol=2e-2, atol=1e-4)
    assert gradients[0].abs().max() > 0


def test_a_stretch_keeps_its_colours_and_another_has_others(detector):
    encoder = Encoder.of(detector)
    grey = torch.full((2, 3, HEIGHT, WIDTH, 3), 128, dtype=torch.uint8)
    one, other = encoded(encoder, grey, (1, 2)).detach()
    torch.testing.assert_close(one[0], one[2])
    assert not torch.allclose(one[0], other[0], atol=1e-3)


def test_pictures_go_with_the_objects_of_their_window(passages, recordings, pictures):
    batch = batch_of(passages, pictures)
    plain = batch_of(passages, pictures)
    assert torch.equal(batch.pictures, plain.pictures)
    with Recording(recordings[0]) as one, Recording(recordings[1]) as other:
        known = {opened.frame(i).tobytes() for opened in (one, other) for i in range(TICKS)}
    shown = batch.pictures[batch.weights > 0]
    assert len(shown)
    assert all(picture.numpy().tobytes() in known for picture in shown)


def test_processes_together_read_the_pictures_that_one_reads(passages, pictures):
    whole = batch_of(passages, pictures)
    for rank in range(2):
        part = batch_of(passages, pictures, world=World(rank, 2))
        assert torch.equal(part.pictures, whole.pictures[rank::2])
        assert part.colours == whole.colours[rank::2]


def test_a_picture_is_flipped_and_moved_as_its_boxes_are(tmp_path):
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    image[20:30, 40:60] = 255  # rows, columns
    path = tmp_path / "box.h5"
    with RecordingWriter(path, profile=PROFILE, facts=capture_facts()) as writer:
        writer.append_frame(image, 0)
    with Pictures(PROFILE.capture.size) as pictures:
        warp = warp_of(shift_px=(7.0, -3.0), mirror=(1, 40.0))
        moved = pictures.read(path, np.array([0]), warp=warp)[0]
    rows, columns = np.nonzero(moved[..., 0] > 128)
    # y becomes 2 * 40 - y, then all moves by (7, -3): 20 to 30 becomes 47 to 57.
    assert (rows.min(), rows.max() + 1) == (47, 57)
    assert (columns.min(), columns.max() + 1) == (47, 67)
    assert warp_of(shift_px=(0.0, 0.0)) is None


def test_mirrored_windows_show_flipped_pictures(passages, pictures):
    plain, flipped = (batch_of(passages, pictures, mirror=m, streams=8) for m in (False, True))
    same = [torch.equal(a, b) for a, b in zip(plain.pictures, flipped.pictures, strict=True)]
    assert 0 < sum(same) < 8


def test_a_picture_of_another_size_is_refused(recordings):
    with (
        Pictures(FrameSize(64, 64)) as pictures,
        pytest.raises(RecordingError, match="frame 0 is damaged"),
    ):
        pictures.read(recordings[0], np.array([0]))


def test_held_out_play_is_seen_through_the_encoder(detector, passages, pictures, tmp_path):
    encoder = begun(Encoder.of(detector), passages, pictures)
    (found,) = seen_through(encoder, passages[:1], pictures, tmp_path)
    image = image_of(passages[0].source)
    seen = Perception(detector, encoder=encoder, engine="torch").see(image).features
    np.testing.assert_allclose(found.features(7, 8)[0], seen, rtol=2e-3, atol=2e-3)
    assert len(found.features(0, TICKS)) == len(found) == TICKS


def test_the_encoder_by_itself_lowers_the_loss(detector, passages, pictures):
    settings = replace(FIT, boxes=False, encoder_rate=0.1, average=0.0)
    encoder = begun(Encoder.of(detector), passages, pictures)
    torch.manual_seed(0)
    heads = tuple((head.name, len(head.names)) for head in PROFILE.heads)
    policy = Policy(
        PolicySettings(heads, tokens=0, features=encoder.feature_count, feature_dropout=0.0)
    ).requires_grad_(False)
    batch = batch_of(passages, pictures)
    learner = PolicyLearner(
        policy,
        settings,
        World(),
        mine=(0, 1, 2),
        class_weights={name: torch.ones(size) for name, size in heads},
        encoder=encoder,
    )
    kept = learner.averaged()
    losses = [learner.learn(step, 0.1, batch) for step in range(8)]
    assert losses[-1] < 0.9 * losses[0]
    name = "encoder.lateral.0.weight"
    assert not torch.equal(learner.averaged()[name], kept[name])
    learner.go_back(kept)
    assert torch.equal(learner.averaged()[name], kept[name])


def test_the_encoder_learns_and_the_loss_falls(recordings, detector, tmp_path):
    losses = []
    settings = replace(UNJUDGED, fit=replace(FIT, boxes=False, steps=12, checks=4))
    learn(
        recordings,
        detector,
        tmp_path,
        settings,
        on_progress=lambda now: losses.append(now.note) if now.phase == "learning" else None,
    )
    values = [float(note.split("loss ")[1].split(",")[0]) for note in losses]
    assert values[-1] < 0.9 * values[0]
    weights = load_run(tmp_path, kind="policy").weights
    for name, before in Encoder.of(detector).state_dict().items():
        after = weights[f"encoder.{name}"]
        if name.endswith(("running_mean", "running_var")) or ".0.1.weight" in name:
            assert torch.equal(after, before), name  # batch norm is frozen
    begun_with = detector.backbone.state_dict()["features.4.block.0.0.weight"]
    assert not torch.equal(weights["encoder.backbone.features.4.block.0.0.weight"], begun_with)
    kept = weights["detector.backbone.features.4.block.0.0.weight"]
    assert torch.equal(kept, begun_with)  # the boxes are the detector's, which learned nothing


def test_what_was_stopped_and_resumed_ends_in_the_same_bytes(run, recordings, detector, tmp_path):
    asked = iter(range(10_000))
    report = learn(recordings, detector, tmp_path, stop=lambda: next(asked) - 2 * TICKS >= 4)
    assert (report.steps, report.stopped) == (4, True)
    learn(recordings, detector, tmp_path, resume=True)
    assert read(tmp_path) == read(run)


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_a_run_plays_with_the_encoder_that_was_trained(run, recordings, detector, engine):
    image = image_of(recordings[0])
    weights = load_run(run, kind="policy")
    player = PolicyRunner.load(run, engine=engine)
    decision = player.step(image)
    plain = Perception(detector, engine="torch").see(image)
    np.testing.assert_allclose(decision.sight.boxes, plain.boxes, atol=0.05)
    assert np.abs(decision.sight.features - plain.features).max() > 0.1
    encoder = build_encoder(
        detector.settings,
        {k.removeprefix("encoder."): v for k, v in weights.weights.items() if "encoder." in k[:8]},
        source="run",
    )
    expected = encoded(encoder, torch.from_numpy(image)[None, None])[0, 0].detach().numpy()
    np.testing.assert_allclose(decision.sight.features, expected, rtol=1e-2, atol=1e-2)


def test_what_is_scored_is_seen_through_the_encoder_that_is_kept(
    demonstrations, detector, tmp_path
):
    fitted = fit_policy(
        demonstrations[:1],
        demonstrations[1:],
        PROFILE,
        replace(FIT, encoder_rate=1.0),
        shift_ms=0,
        end_to_end=EndToEnd(Encoder.of(detector), tmp_path),
    )
    (scored,) = fitted.held_out
    eyes = Perception(detector, encoder=fitted.encoder, engine="torch")
    seen = eyes.see(image_of(scored.source)).features
    np.testing.assert_allclose(scored.features(7, 8)[0], seen, rtol=1e-2, atol=1e-2)


def test_an_encoder_is_given_only_to_be_trained(demonstrations, detector, tmp_path):
    eyes = EndToEnd(Encoder.of(detector), tmp_path)
    for settings, given in ((FIT, None), (quick_fit(), eyes)):
        with pytest.raises(ValueError, match="an encoder is given when, and only when"):
            fit_policy(demonstrations, [], PROFILE, settings, shift_ms=0, end_to_end=given)


def test_the_encoder_is_part_of_the_fingerprint(run, detector):
    files = load_run(run, kind="policy")
    assert not (run / "seen" / "through_encoder").exists()
    found = perception_of(files, run, engine="torch", threads=1).fingerprint
    assert found != Perception(detector, engine="torch").fingerprint


def test_a_damaged_encoder_is_refused(detector):
    with pytest.raises(CheckpointError, match="its encoder can't be rebuilt"):
        build_encoder(detector.settings, {"centre": torch.zeros(3)}, source="run")
    assert build_encoder(detector.settings, {}, source="run") is None


def test_without_a_gpu_it_says_how_long_it_takes(recordings, detector, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_PIXELS", {"cpu": 4 * HEIGHT * WIDTH})
    said = []
    short = replace(UNJUDGED, fit=replace(FIT, steps=1))
    learn(recordings, detector, tmp_path, short, warn=said.append)
    assert len(said) == 1
    assert "no GPU here" in said[0]
    clock = iter([0.0, 9.0, 10.0, 11.0])
    told = slowness(
        EndToEnd(Encoder.of(detector), tmp_path),
        replace(FIT, steps=1_000_000),
        TICKS,
        now_s=lambda: next(clock),
    )
    assert f"takes about {1_000_000 * 18 / 8 / 3600:.0f} hours" in told  # 8 pictures in a second


def test_an_encoder_needs_the_features():
    with pytest.raises(ValueError, match="an encoder is trained for the features"):
        FitSettings(end_to_end=True, features=False)
    words = ["train", "policy", "--recordings", "a.h5", "--out", "nowhere"]
    found = CliRunner().invoke(app, [*words, "--end-to-end", "--boxes-only"])
    assert found.exit_code == 2
    assert "leaves out what --end-to-end trains" in found.output.replace("\n", " ")

from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from data.errors import CheckpointError
from data.reader import Recording
from models import end_to_end as module
from models.checkpoint import load_run
from models.distributed import World
from models.encoder import Encoder, build_encoder
from models.end_to_end import EndToEnd, begun, encoded, seen_through, slowness
from models.engine import PolicyRunner, perception_of
from models.perception import Perception
from models.pictures import Pictures
from models.policy import Policy, PolicySettings
from models.policy_fitting import fit_policy
from models.policy_learning import PolicyLearner
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from models.policy_training import train_policy
from tests.textured_play import (
    HEIGHT,
    PROFILE,
    TICKS,
    WIDTH,
    batch_of,
    small_detector,
    textured_demonstrations,
    textured_passages,
    textured_recordings,
)
from tests.toy_play import quick_fit
from understudy import app

FIT = quick_fit(
    end_to_end=True, streams=3, window=6, windows_in_stretch=2, steps=6, checks=2, patience=9
)
SETTINGS = PolicyTrainingSettings(fit=FIT, shift_ms=0.0, device="cpu", threads=1)
UNJUDGED = replace(SETTINGS, validation_fraction=0.0)


@pytest.fixture(scope="module")
def recordings():
    return textured_recordings()


@pytest.fixture(scope="module")
def detector():
    return small_detector()


@pytest.fixture(scope="module")
def demonstrations():
    return textured_demonstrations()


@pytest.fixture(scope="module")
def passages():
    return textured_passages()


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

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from data.errors import CheckpointError, RecordingError
from models.checkpoint import load_run
from models.decisions import logits_of, no_offsets, tuned_offsets
from models.demonstrations import labelled, load_demonstration
from models.evaluation import evaluate_policy
from models.features import Stopped
from models.label_shift import choose_shift
from models.policy import Policy
from models.policy_batches import Streams
from models.policy_fitting import fit_policy
from models.policy_material import Material
from models.policy_metrics import score_head
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from models.policy_store import passages_of
from models.policy_training import train_policy
from models.tokens import Tokenizer
from tests.factories import altered_profile, practice_profile, write_recording
from tests.toy_play import (
    ToyEyes,
    quick_fit,
    sight,
    tiny_detector,
    toy_demonstration,
    toy_recording,
    toy_run,
)

PROFILE = practice_profile()


def streams(passages, *, mirror=False, count=4, window=16, use_features=False):
    return Streams(
        passages,
        Tokenizer(PROFILE, PROFILE.capture.size),
        PROFILE,
        streams=count,
        window=window,
        windows_in_stretch=2,
        mirror=mirror,
        use_features=use_features,
        seed=0,
    )


def toy_passages(*, ticks=100):
    demonstration = toy_demonstration(0, ticks)
    tokenizer = Tokenizer(PROFILE, PROFILE.capture.size)
    return passages_of([(demonstration, labelled(demonstration, PROFILE, shift_ms=150))], tokenizer)


def test_a_stream_goes_on_where_it_stopped_and_says_when_it_begins_anew():
    passages = toy_passages()
    whole = Tokenizer(PROFILE, PROFILE.capture.size).describe(passages[0].rows(0, 100))
    source = streams(passages, count=1)
    first, second, third = source.next(), source.next(), source.next()
    assert (bool(first.fresh[0]), bool(third.fresh[0])) == (True, True)
    start = int(np.argmin(np.abs(whole - first.tokens[0, 0].numpy()).sum(axis=1)))
    if not bool(second.fresh[0]):
        np.testing.assert_allclose(second.tokens[0, 0].numpy(), whole[start + 16], atol=1e-6)


def test_padding_never_counts():
    source = streams(toy_passages(ticks=21), count=8)
    for _ in range(10):
        batch = source.next()
        padded = (batch.tokens == 0).all(dim=-1)
        assert not bool((padded & (batch.weights > 0)).any())


def test_mirrored_play_swaps_its_keys_too():
    source = streams(toy_passages(), mirror=True, count=32)
    names = Tokenizer(PROFILE, PROFILE.capture.size).names
    ball_below = names.index("ball0.dy")
    holds = {
        key: torch.tensor([key in chord for chord in PROFILE.head("movement").chords])
        for key in ("up", "down")
    }
    found: dict[str, list[float]] = {"up": [], "down": []}
    for _ in range(4):
        batch = source.next()
        for key, offsets in found.items():
            chosen = holds[key][batch.classes["movement"]] & (batch.weights > 0)
            offsets += batch.tokens[..., ball_below][chosen].tolist()
    assert min(len(offsets) for offsets in found.values()) > 10
    assert max(found["up"]) < 0 < min(found["down"])


@pytest.mark.parametrize("mirror", [True, False])
def test_what_was_pressed_only_as_its_mirror_image_stays_within_reach(mirror):
    movement = PROFILE.head("movement")
    ups = [movement.names.index(name) for name in ("up", "up_right", "up_left")]
    whole = toy_demonstration(1, 600)
    held = labelled(whole, PROFILE, shift_ms=150.0).classes["movement"]
    downwards = replace(whole, counts=whole.counts & ~np.isin(held, ups))
    settings = quick_fit(mirror=mirror, passes=1.0)
    fitted = fit_policy([downwards], [], PROFILE, settings, shift_ms=150.0)
    within_reach = {movement.names[i] for i in ups if fitted.offsets["movement"][i] == 0.0}
    images = PROFILE.mirrored_classes(movement)
    pressed = np.unique(held[downwards.counts])
    flipped = {movement.names[i] for i in ups if images[i] in pressed}
    assert flipped
    assert within_reach == (flipped if mirror else set())


def test_a_class_counts_like_its_mirror_image_where_both_are_learned_from():
    passages = tuple(toy_passages())
    material = Material(PROFILE, Tokenizer(PROFILE, PROFILE.capture.size), passages, ())
    seen, learned = (material.class_counts(mirrored=how)["movement"] for how in (False, True))
    images = torch.tensor(PROFILE.mirrored_classes(PROFILE.head("movement")))
    assert not torch.equal(seen, seen[images])
    assert torch.equal(learned, (seen + seen[images]) / 2)


def test_a_profile_whose_only_object_marks_the_player_makes_a_policy():
    profile = altered_profile(objects=[{"name": "marker", "most": 1}])
    tokenizer = Tokenizer(profile, profile.capture.size)
    vector, _ = tokenizer.step(sight((0, 100, 150)), None)
    assert vector.shape == (tokenizer.length,)
    policy = Policy(Material(profile, tokenizer, (), ()).shape(FitSettings(features=False)))
    logits, _ = policy(torch.from_numpy(vector)[None, None], None, None)
    assert set(logits) == {head.name for head in profile.heads}


def test_a_policy_learns_what_the_person_does_and_beats_both_baselines_where_keys_change():
    learned = [toy_demonstration(seed) for seed in range(4)]
    held_out = [toy_demonstration(9)]
    fitted = fit_policy(learned, held_out, PROFILE, quick_fit(passes=25.0), shift_ms=150)
    judged = evaluate_policy(
        fitted.policy, fitted.offsets, fitted.held_out, PROFILE, neighbours=None
    )
    movement, action = judged.heads["movement"], judged.heads["action"]
    assert movement.score.macro_f1 > 0.6 > movement.baselines["majority"].macro_f1
    assert movement.score.changed_accuracy > 0.5 > movement.baselines["majority"].changed_accuracy
    assert movement.baselines["repeat"].changed_accuracy == 0.0
    assert action.score.onset_f1 > 0.5 > action.baselines["majority"].onset_f1
    assert fitted.history[-1].loss < fitted.history[0].loss


def test_equal_seeds_make_equal_policies():
    demonstration = toy_demonstration(0, 120)
    settings = quick_fit(passes=3.0)
    one, two = (fit_policy([demonstration], [], PROFILE, settings, shift_ms=150) for _ in range(2))
    for name, weight in one.policy.state_dict().items():
        torch.testing.assert_close(weight, two.policy.state_dict()[name])


def test_ticks_that_do_not_count_teach_nothing():
    demonstration = toy_demonstration(0, 120)
    masked = replace(demonstration, counts=np.arange(120) < 60)
    lying = replace(
        masked, events=tuple(event for event in masked.events if event.at_ns < 63 * 50_000_000)
    )
    settings = quick_fit(passes=2.0)
    one = fit_policy([masked], [], PROFILE, settings, shift_ms=150)
    two = fit_policy([lying], [], PROFILE, settings, shift_ms=150)
    assert one.ticks == two.ticks == 60
    for name, weight in one.policy.state_dict().items():
        torch.testing.assert_close(weight, two.policy.state_dict()[name])


def test_training_stops_when_asked_and_keeps_what_it_learned():
    asked = iter([False] * 5 + [True] * 100)
    fitted = fit_policy(
        [toy_demonstration(0)], [], PROFILE, quick_fit(), shift_ms=150, stop=lambda: next(asked)
    )
    assert fitted.steps == 5


def test_training_keeps_to_its_time():
    clock = iter(range(10_000))
    fitted = fit_policy(
        [toy_demonstration(0)],
        [],
        PROFILE,
        quick_fit(most_seconds=12.0),
        shift_ms=150,
        now_s=lambda: float(next(clock)),
    )
    assert 5 <= fitted.steps <= 12


def test_the_best_look_is_kept_not_the_last():
    demonstration = toy_demonstration(0, 150)
    fitted = fit_policy(
        [demonstration], [toy_demonstration(1, 150)], PROFILE, quick_fit(), shift_ms=150
    )
    scores = {one.step: one.score for one in fitted.history}
    assert scores[fitted.best_step] == max(scores.values())


def test_tuned_offsets_never_make_the_held_out_score_worse():
    demonstration = toy_demonstration(3)
    fitted = fit_policy([toy_demonstration(0)], [], PROFILE, quick_fit(passes=4.0), shift_ms=150)
    tokenizer = Tokenizer(PROFILE, PROFILE.capture.size)
    passages = passages_of(
        [(demonstration, labelled(demonstration, PROFILE, shift_ms=150))], tokenizer
    )
    logits = logits_of(fitted.policy, passages, tokenizer)
    shy = {name: [one.clone() for one in of_head] for name, of_head in logits.items()}
    for one in shy["action"]:
        one[:, 0] += 1.0  # a policy that hardly dares to press
    offsets = tuned_offsets(PROFILE, passages, shy)

    def value(chosen):
        judged = evaluate_action(passages, shy, chosen)
        return (judged.macro_f1 or 0) + (judged.onset_f1 or 0)

    assert value(offsets) >= value(no_offsets(PROFILE))


def evaluate_action(passages, logits, offsets):
    from models.decisions import decided

    head = PROFILE.head("action")
    runs = decided(head, passages, logits["action"], offsets["action"])
    return score_head(head, runs, rate_hz=20.0)


def test_the_reaction_time_is_found_where_keys_change():
    demonstrations = [toy_demonstration(seed) for seed in range(4)]
    choice = choose_shift(
        demonstrations, PROFILE, quick_fit(least_steps=80), candidates_ms=(0.0, 150.0)
    )
    assert choice.shift_ms == 150.0
    assert set(choice.surprise) == {0.0, 150.0}


def test_a_run_folder_holds_all_that_plays_and_all_that_tells():
    report, _, eyes = toy_run()
    names = {path.name for path in report.out.iterdir()}
    assert {"checkpoint.safetensors", "config.json", "metrics.jsonl", "report.md"} <= names
    assert {"curves.png", "confusion_movement.png", "piano_roll.png"} <= names
    assert any(name.startswith("events.out.tfevents") for name in names)
    assert not [name for name in names if name.endswith(".part")]
    run = load_run(report.out, kind="policy")
    assert run.profile == PROFILE
    assert run.config["shift_ms"] == 150.0
    assert {name.split(".")[0] for name in run.weights} == {"policy", "detector"}
    text = (report.out / "report.md").read_text()
    assert "repeats the person's last keys" in text
    assert report.validation[0] in text
    assert eyes.looks == 3 * 120


def test_the_metrics_file_has_one_line_per_look():
    report, _, _ = toy_run()
    rows = [json.loads(line) for line in (report.out / "metrics.jsonl").read_text().splitlines()]
    assert rows
    assert rows[-1]["step"] <= report.steps
    assert all(row["validation_score"] is not None for row in rows)


def test_one_recording_is_not_split_and_the_report_says_so(tmp_path):
    report = train_policy(
        [toy_recording(tmp_path / "only.h5", ticks=80)],
        profile=PROFILE,
        detector=tiny_detector(PROFILE),
        out=tmp_path / "run",
        settings=PolicyTrainingSettings(fit=quick_fit(passes=1.0)),
        eyes=ToyEyes(),
    )
    assert report.validation == ()
    assert report.evaluation is None
    assert "nothing was held out" in (tmp_path / "run" / "report.md").read_text()


def test_recordings_without_a_key_are_refused(tmp_path):
    path = write_recording(tmp_path / "quiet.h5")
    with pytest.raises(RecordingError, match=r"quiet\.h5: no person presses a key"):
        train_policy(
            [path],
            profile=PROFILE,
            detector=tiny_detector(PROFILE),
            out=tmp_path / "run",
            settings=PolicyTrainingSettings(fit=quick_fit()),
            eyes=ToyEyes(),
        )


def test_a_detector_of_other_objects_is_refused(tmp_path):
    other = altered_profile(objects=PROFILE.objects[:3], reference=None)
    with pytest.raises(CheckpointError, match="player, opponent, ball in 480x270"):
        train_policy(
            [toy_recording(tmp_path / "a.h5", ticks=40)],
            profile=other,
            detector=tiny_detector(PROFILE),
            out=tmp_path / "run",
            settings=PolicyTrainingSettings(fit=quick_fit()),
            eyes=ToyEyes(),
        )
    assert not (tmp_path / "run").exists()


def test_stopping_before_anything_is_learned_leaves_no_run(tmp_path):
    with pytest.raises(Stopped):
        train_policy(
            [toy_recording(tmp_path / "a.h5", ticks=40)],
            profile=PROFILE,
            detector=tiny_detector(PROFILE),
            out=tmp_path / "run",
            settings=PolicyTrainingSettings(fit=quick_fit()),
            eyes=ToyEyes(),
            stop=lambda: True,
        )
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="shift_ms"):
        PolicyTrainingSettings(shift_ms=-5.0)


def test_looking_is_told_over_all_recordings_and_never_goes_back(tmp_path):
    paths = [toy_recording(tmp_path / f"{seed}.h5", seed=seed, ticks=60) for seed in range(3)]
    told = []
    train_policy(
        paths,
        profile=PROFILE,
        detector=tiny_detector(PROFILE),
        out=tmp_path / "run",
        settings=PolicyTrainingSettings(fit=quick_fit(steps=5), shift_ms=150.0),
        eyes=ToyEyes(),
        on_progress=lambda now: told.append(now.done) if now.phase == "seeing" else None,
    )
    assert told == sorted(told)
    assert len(told) >= 3
    assert told[0] <= 1 / 3
    assert told[-1] == 1.0


def test_a_policy_of_maps_only_is_told_of_no_object(tmp_path):
    path = toy_recording(tmp_path / "toy.h5", ticks=100)
    demonstration = load_demonstration(path, PROFILE, ToyEyes(), folder=tmp_path)
    fitted = fit_policy(
        [demonstration], [], PROFILE, quick_fit(boxes=False, features=True, steps=5), shift_ms=150
    )
    policy, tokenizer = fitted.policy, Tokenizer(PROFILE, PROFILE.capture.size)
    assert (policy.settings.tokens, policy.settings.layout) == (0, None)
    (passage,) = passages_of(
        [(demonstration, labelled(demonstration, PROFILE, shift_ms=150))], tokenizer
    )
    features = torch.from_numpy(passage.features(0, len(passage)))[None]
    rows = passage.rows(0, len(passage))
    tokens = torch.from_numpy(tokenizer.describe(rows))[None]
    with torch.no_grad():
        seen, blind = (policy(shown, features, None)[0] for shown in (tokens, tokens * 0))
    assert torch.equal(seen["movement"], blind["movement"])


@pytest.mark.parametrize("other", ["--boxes-only", "--previous-keys"])
def test_maps_only_goes_with_nothing_that_needs_boxes(tmp_path, run, other):
    toy_recording(tmp_path / "toy.h5", ticks=30)
    words = ["--recordings", "toy.h5", "--out", "p", "--maps-only", other]
    status, _, said = run("train", "policy", *words)
    assert status == 2
    assert f"can't go with {other}" in said
    assert not (tmp_path / "p").exists()

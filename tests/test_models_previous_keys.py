import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from data.errors import UnderstudyError
from data.keys import KeyEvent
from models.decisions import logits_of, no_offsets
from models.demonstrations import Demonstration, labelled
from models.engine import PolicyRunner
from models.evaluation import evaluate_policy
from models.policy import Policy, PolicySettings
from models.policy_batches import Streams
from models.policy_fitting import fit_policy
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from models.policy_store import Passage, passages_of
from models.previous_keys import PreviousKeys, PreviousKeySettings
from models.tokens import Tokenizer
from tests.factories import TICK_NS, practice_profile
from tests.toy_play import ARROWS, ToyEyes, ToyGame, quick_fit, toy_demonstration, toy_picture

PROFILE = practice_profile()
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)
HEADS = tuple((head.name, len(head.names)) for head in PROFILE.heads)
PREVIOUS = PreviousKeys(HEADS)


def passages(ticks: int = 300) -> list[Passage]:
    demonstration = toy_demonstration(ticks=ticks)
    return passages_of([(demonstration, labelled(demonstration, PROFILE, shift_ms=150))], TOKENIZER)


def shown(settings: PreviousKeySettings | None, *, windows: int = 1, mirror: bool = False):
    streams = Streams(
        passages(),
        TOKENIZER,
        PROFILE,
        streams=6,
        window=16,
        windows_in_stretch=3,
        mirror=mirror,
        use_features=False,
        seed=0,
        previous_keys=settings,
    )
    return [streams.next() for _ in range(windows)]


def test_a_class_is_one_hot_and_what_is_untold_is_nothing():
    numbers = PREVIOUS.describe(
        {"movement": np.array([2, -1]), "action": np.array([0, -1]), "sprint": np.array([1, -1])}
    )
    assert numbers.shape == (2, PREVIOUS.length)
    assert np.flatnonzero(numbers[0]).tolist() == [2, 9, 9 + 5 + 1]
    assert not numbers[1].any()


@pytest.mark.parametrize(
    "held",
    [
        {"movement": np.array([0]), "action": np.array([0])},
        {"movement": np.array([9]), "action": np.array([0]), "sprint": np.array([0])},
    ],
)
def test_what_cannot_have_been_held_is_refused(held):
    with pytest.raises(UnderstudyError, match="held before"):
        PREVIOUS.describe(held)


def test_before_a_tick_is_the_label_of_the_tick_before():
    (passage,) = passages()
    movement = passage.classes["movement"]
    assert PREVIOUS.before(passage, 10, 30)["movement"].tolist() == movement[9:29].tolist()
    first = PREVIOUS.before(passage, 0, 20)["movement"]
    assert first.tolist() == [-1, *movement[:19].tolist()]


def test_what_the_agent_held_is_not_told_as_the_person_s():
    (passage,) = passages()
    weights = passage.weights.copy()
    weights[100:110] = 0.0
    told = PREVIOUS.before(replace(passage, weights=weights), 95, 115)["movement"]
    assert (told[6:16] == -1).all()
    assert (np.delete(told, slice(6, 16)) >= 0).all()


def test_without_them_the_tokens_end_where_the_tokenizer_does():
    assert shown(None)[0].tokens.shape[-1] == TOKENIZER.length


def test_unhidden_previous_keys_are_the_labels_one_tick_late():
    for batch in shown(PreviousKeySettings(hide_stretch=0.0, hide_tick=0.0), windows=4):
        told = batch.tokens[..., TOKENIZER.length :]
        for row in range(len(told)):
            ticks = int((batch.weights[row] > 0).sum())
            movement = told[row, 1:ticks, :9].argmax(dim=-1)
            assert movement.tolist() == batch.classes["movement"][row, : ticks - 1].tolist()


def test_a_mirrored_stretch_is_told_mirrored_keys():
    settings = PreviousKeySettings(hide_stretch=0.0, hide_tick=0.0)
    for batch in shown(settings, windows=4, mirror=True):
        told = batch.tokens[..., TOKENIZER.length :]
        for row in range(len(told)):
            ticks = int((batch.weights[row] > 0).sum())
            movement = told[row, 1:ticks, :9].argmax(dim=-1)
            assert movement.tolist() == batch.classes["movement"][row, : ticks - 1].tolist()


def test_stretches_and_ticks_are_hidden_as_often_as_asked():
    batches = shown(PreviousKeySettings(hide_stretch=0.5, hide_tick=0.2), windows=120)
    told = torch.stack([batch.tokens[..., TOKENIZER.length :].any(dim=-1) for batch in batches])
    counted = torch.stack([batch.weights > 0 for batch in batches])
    whole = counted.all(dim=-1)
    hidden = ~told.any(dim=-1)
    assert float(hidden[whole].float().mean()) == pytest.approx(0.5, abs=0.12)
    of_others = told[whole & ~hidden]
    assert float(of_others.float().mean()) == pytest.approx(0.8, abs=0.05)


def test_what_is_hidden_follows_from_the_seed():
    settings = PreviousKeySettings()
    for one, other in zip(shown(settings, windows=5), shown(settings, windows=5), strict=True):
        torch.testing.assert_close(one.tokens, other.tokens)


@pytest.mark.parametrize("name", ["hide_stretch", "hide_tick"])
def test_a_share_outside_its_range_is_refused(name):
    with pytest.raises(ValueError, match=name):
        PreviousKeySettings(**{name: 1.2})


@pytest.mark.parametrize("previous_keys", [None, PreviousKeySettings(hide_stretch=0.3)])
def test_a_run_says_whether_its_policy_was_told_them(previous_keys):
    settings = PolicyTrainingSettings(fit=FitSettings(previous_keys=previous_keys))
    assert PolicyTrainingSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def small_policy(*, previous_keys: bool) -> Policy:
    torch.manual_seed(0)
    told = PREVIOUS.length if previous_keys else 0
    return Policy(
        PolicySettings(
            HEADS, TOKENIZER.length + told, embed=16, hidden=16, previous_keys=previous_keys
        )
    )


def runner(*, previous_keys: bool) -> PolicyRunner:
    policy = small_policy(previous_keys=previous_keys)
    return PolicyRunner(PROFILE, policy, no_offsets(PROFILE), ToyEyes())


def pictures(count: int):
    return [toy_picture(seen) for seen in ToyGame(0, count).sights()]


def test_play_that_tells_nothing_is_stopped_with_what_to_do():
    plays = runner(previous_keys=True)
    first, second = pictures(2)
    plays.step(first)  # nothing was held before it
    with pytest.raises(UnderstudyError, match=r"calls note\(\)"):
        plays.step(second)
    plays.reset()
    plays.step(first)


def test_a_policy_without_them_needs_not_be_told():
    plays = runner(previous_keys=False)
    first, second = pictures(2)
    plays.step(first)
    before = plays.step(second).probabilities["movement"]
    plays.reset()
    plays.step(first)
    plays.note(frozenset({"left"}))
    np.testing.assert_array_equal(plays.step(second).probabilities["movement"], before)


def test_what_is_held_changes_what_is_decided_next():
    first, second = pictures(2)
    found = []
    for held in (frozenset(), frozenset({"left"})):
        plays = runner(previous_keys=True)
        plays.step(first)
        plays.note(held)
        found.append(plays.step(second).probabilities["movement"])
    assert not np.allclose(found[0], found[1], atol=1e-4)


def test_live_play_is_told_what_evaluation_tells_a_policy_on_its_own():
    plays = runner(previous_keys=True)
    eyes, images = ToyEyes(), pictures(30)
    rows = TOKENIZER.rows([eyes.see(image) for image in images])
    (passage,) = passages(30)
    as_seen = _Shown(passage, rows)
    logits = logits_of(small_policy(previous_keys=True), [as_seen], TOKENIZER)
    for tick, image in enumerate(images):
        decision = plays.step(image)
        held: frozenset[str] = frozenset()
        for head in PROFILE.heads:
            probabilities = decision.probabilities[head.name]
            expected = torch.softmax(logits[head.name][0][tick], dim=0).numpy()
            np.testing.assert_allclose(probabilities, expected, atol=1e-4)
            held |= head.chords[int(probabilities.argmax())]
        plays.note(held)


class _Shown(Passage):
    """A passage with rows from elsewhere."""

    def __init__(self, passage: Passage, rows: np.ndarray) -> None:
        fields = {name: getattr(passage, name) for name in Passage.__dataclass_fields__}
        super().__init__(**fields)
        object.__setattr__(self, "_seen", rows)

    def rows(self, start: int, stop: int, version: int = 0) -> np.ndarray:
        return self._seen[start:stop]


def whims(seed: int, ticks: int = 400) -> Demonstration:
    """Somebody changes direction every half second or so, for no reason in the picture."""
    rng = np.random.default_rng(seed)
    events: list[KeyEvent] = []
    at = 0
    while at < ticks:
        key, until = str(rng.choice(ARROWS)), at + int(rng.integers(5, 16))
        events += [KeyEvent(at * TICK_NS, key, True), KeyEvent(until * TICK_NS, key, False)]
        at = until
    return replace(toy_demonstration(seed, ticks), events=tuple(events))


def test_a_policy_that_can_only_copy_is_found_out_when_it_plays_on_its_own():
    fitted = fit_policy(
        [whims(seed) for seed in range(3)],
        [whims(3)],
        PROFILE,
        quick_fit(passes=40.0, previous_keys=PreviousKeySettings(hide_stretch=0.0, hide_tick=0.0)),
        shift_ms=0,
    )
    found = evaluate_policy(
        fitted.policy, fitted.offsets, fitted.held_out, PROFILE, neighbours=None
    ).heads["movement"]
    assert found.told is not None
    assert found.told.macro_f1 > 0.7  # told what was held, it looks like a player,
    assert found.told.changed_accuracy < 0.2  # though it is wrong whenever it matters,
    assert found.score.macro_f1 < 0.4  # and on its own it knows nothing

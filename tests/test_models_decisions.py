from dataclasses import replace

import numpy as np
import pytest
import torch

from models.decisions import decided, logits_of, no_offsets, tune, tuned_offsets, without_unlearned
from models.demonstrations import labelled
from models.policy import Policy, PolicySettings
from models.policy_metrics import score_head
from models.policy_store import Passage, passages_of
from models.previous_keys import PreviousKeys
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import toy_demonstration

PROFILE = practice_profile()
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)
HEADS = tuple((head.name, len(head.names)) for head in PROFILE.heads)
RATE_HZ = PROFILE.capture.rate_hz


def passages(*ticks: int) -> list[Passage]:
    demonstrations = [toy_demonstration(seed, count) for seed, count in enumerate(ticks)]
    return passages_of(
        [(one, labelled(one, PROFILE, shift_ms=150)) for one in demonstrations], TOKENIZER
    )


def untrained(*, previous_keys: bool = False, seed: int = 0) -> Policy:
    torch.manual_seed(seed)
    told = PreviousKeys(HEADS).length if previous_keys else 0
    return Policy(
        PolicySettings(
            HEADS, TOKENIZER.length + told, embed=16, hidden=16, previous_keys=previous_keys
        )
    )


def test_a_long_passage_is_read_in_parts_with_its_state_carried_on():
    (passage,) = passages(1100)
    policy = untrained()
    found = logits_of(policy, [passage], TOKENIZER)
    tokens = torch.from_numpy(TOKENIZER.describe(passage.rows(0, 1100)))[None]
    with torch.inference_mode():
        whole, _ = policy(tokens, None, None)
    for name, of_head in whole.items():
        torch.testing.assert_close(found[name][0], of_head[0], rtol=1e-4, atol=1e-5)


def test_on_its_own_a_policy_is_told_what_it_decided_itself():
    (passage,) = passages(40)
    policy, previous = untrained(previous_keys=True), PreviousKeys(HEADS)
    found = logits_of(policy, [passage], TOKENIZER)
    numbers = TOKENIZER.describe(passage.rows(0, 40))
    state, held = None, previous.untold(1)
    for tick in range(40):
        tokens = np.concatenate([numbers[tick : tick + 1], previous.describe(held)], axis=1)
        with torch.inference_mode():
            logits, state = policy.step(torch.from_numpy(tokens), None, state)
        for name, of_head in logits.items():
            torch.testing.assert_close(found[name][0][tick], of_head[0], rtol=1e-4, atol=1e-5)
        held = {name: of_head.argmax(dim=-1).numpy() for name, of_head in logits.items()}


def test_offsets_change_what_a_policy_on_its_own_is_told():
    (passage,) = passages(40)
    policy = untrained(previous_keys=True)
    offsets = no_offsets(PROFILE)
    offsets["action"][1] = 10.0  # now it always decides to shoot
    plain = logits_of(policy, [passage], TOKENIZER)["movement"][0]
    shooting = logits_of(policy, [passage], TOKENIZER, offsets=offsets)["movement"][0]
    torch.testing.assert_close(plain[0], shooting[0])
    assert not torch.allclose(plain[1:], shooting[1:], atol=1e-4)


def test_told_a_policy_hears_what_the_person_held():
    (passage,) = passages(40)
    policy, previous = untrained(previous_keys=True), PreviousKeys(HEADS)
    found = logits_of(policy, [passage], TOKENIZER, told=True)
    held = previous.describe(previous.before(passage, 0, 40))
    tokens = np.concatenate([TOKENIZER.describe(passage.rows(0, 40)), held], axis=1)
    with torch.inference_mode():
        whole, _ = policy(torch.from_numpy(tokens)[None], None, None)
    torch.testing.assert_close(found["movement"][0], whole["movement"][0])


def test_passages_side_by_side_don_t_touch_each_other():
    long, short = passages(60, 25)
    policy = untrained(previous_keys=True)
    together = logits_of(policy, [long, short], TOKENIZER)
    for index, passage in enumerate((long, short)):
        alone = logits_of(policy, [passage], TOKENIZER)
        for name, _ in HEADS:
            assert len(together[name][index]) == len(passage)
            torch.testing.assert_close(together[name][index], alone[name][0], rtol=1e-4, atol=1e-5)


def test_no_passages_have_no_logits():
    for previous_keys in (False, True):
        found = logits_of(untrained(previous_keys=previous_keys), [], TOKENIZER)
        assert found == {name: [] for name, _ in HEADS}


ACTION = PROFILE.heads[1]
SHOOT = 1


def shooting(ticks: int = 600) -> Passage:
    """A passage in which the person shoots for three of every 20 ticks."""
    (passage,) = passages(ticks)
    action = np.where(np.arange(ticks) % 20 < 3, SHOOT, ACTION.none_index).astype(np.int8)
    return replace(
        passage,
        held={**passage.held, ACTION.name: action},
        weights=np.ones(ticks, dtype=np.float32),
    )


def doubtful(passage: Passage, *, until: int | None = None) -> torch.Tensor:
    """Logits of the action that are right, but that its shots up to a tick fall short by 0.3."""
    logits = right(passage)[ACTION.name][0]
    shots = np.flatnonzero(passage.classes[ACTION.name][:until] == SHOOT)
    logits[shots, ACTION.none_index] = logits[shots, SHOOT] + 0.3
    return logits


def right(passage: Passage) -> dict[str, list[torch.Tensor]]:
    return {
        name: [
            4.0 * torch.nn.functional.one_hot(torch.from_numpy(passage.classes[name]), size).float()
        ]
        for name, size in HEADS
    }


def scores(of_passages, logits, offsets) -> dict[str, float]:
    found = {}
    for head in PROFILE.heads:
        runs = decided(head, of_passages, logits[head.name], offsets[head.name])
        score = score_head(head, runs, rate_hz=RATE_HZ)
        found[head.name] = (score.macro_f1 or 0.0) + (score.onset_f1 or 0.0)
    return found


def test_a_class_that_falls_short_everywhere_is_raised():
    passage = shooting()
    logits = right(passage) | {"action": [doubtful(passage)]}
    offsets = tuned_offsets(PROFILE, [passage], logits)
    assert float(offsets["action"][SHOOT]) == 0.5
    before = scores([passage], logits, no_offsets(PROFILE))
    assert scores([passage], logits, offsets)["action"] > before["action"] + 0.5


def test_what_is_right_is_left_alone():
    passage = shooting()
    offsets = tuned_offsets(PROFILE, [passage], right(passage))
    assert all(not of_head.any() for of_head in offsets.values())


def test_a_class_seen_for_a_moment_is_left_alone():
    passage = shooting(120)  # 18 ticks
    offsets = tuned_offsets(PROFILE, [passage], right(passage) | {"action": [doubtful(passage)]})
    assert float(offsets["action"][SHOOT]) == 0.0


def test_an_offset_that_helps_one_half_and_hurts_the_other_is_refused():
    passage = shooting()
    action = doubtful(passage, until=300)
    # In the second half no shot is missed, and a raise would shoot out of nowhere, now and then.
    elsewhere = np.arange(310, 600, 60)
    action[elsewhere, SHOOT] = action[elsewhere, ACTION.none_index] - 0.2
    tuned = tuned_offsets(PROFILE, [passage], right(passage) | {"action": [action]})
    assert float(tuned["action"][SHOOT]) == 0.0
    whole = [
        scores([passage], right(passage) | {"action": [action]}, offsets)["action"]
        for offsets in (tuned, tuned | {"action": torch.eye(5)[SHOOT] * 0.5})
    ]
    assert whole[1] > whole[0]  # though it would help on the whole


@pytest.mark.parametrize("seed", range(5))
def test_tuning_never_lowers_the_held_out_score(seed):
    of_passages = passages(400, 300)
    logits = logits_of(untrained(seed=seed), of_passages, TOKENIZER)
    offsets = tuned_offsets(PROFILE, of_passages, logits)
    before = scores(of_passages, logits, no_offsets(PROFILE))
    after = scores(of_passages, logits, offsets)
    assert all(after[name] >= before[name] for name in before)


@pytest.mark.parametrize("seed", range(3))
def test_a_policy_told_its_own_keys_keeps_offsets_only_if_they_still_help(seed):
    of_passages = passages(300)
    policy = untrained(previous_keys=True, seed=seed)
    offsets, logits = tune(policy, of_passages, TOKENIZER, PROFILE)
    plain = logits_of(policy, of_passages, TOKENIZER)
    before = scores(of_passages, plain, no_offsets(PROFILE))
    after = scores(of_passages, logits, offsets)
    assert sum(after.values()) >= sum(before.values())
    again = logits_of(policy, of_passages, TOKENIZER, offsets=offsets)
    torch.testing.assert_close(again["movement"][0], logits["movement"][0])


def test_what_nobody_ever_pressed_is_not_even_drawn_by_chance():
    offsets = {"movement": torch.tensor([0.0, 0.5, -1.0]), "action": torch.zeros(2)}
    counts = {"movement": torch.tensor([90.0, 0.0, 3.0]), "action": torch.tensor([1.0, 1.0])}
    kept = without_unlearned(offsets, counts)
    assert kept["movement"][[0, 2]].tolist() == [0.0, -1.0]
    assert torch.softmax(torch.tensor([0.0, 8.0, 0.0]) + kept["movement"], 0)[1] < 1e-5
    assert kept["action"].tolist() == [0.0, 0.0]
    assert offsets["movement"].tolist() == [0.0, 0.5, -1.0]

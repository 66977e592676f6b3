import pytest
import torch

from models.policy import Policy, PolicySettings, restarted


def small(**changes) -> Policy:
    torch.manual_seed(0)
    values = {"heads": (("move", 3), ("act", 2)), "tokens": 5, "embed": 16, "hidden": 8}
    return Policy(PolicySettings(**(values | changes))).eval()


@torch.inference_mode()
def test_steps_that_carry_the_state_equal_a_whole_sequence():
    policy = small(features=4)
    tokens, features = torch.randn(2, 7, 5), torch.randn(2, 7, 4)
    whole, _ = policy(tokens, features, None)
    state = None
    for tick in range(7):
        logits, state = policy.step(tokens[:, tick], features[:, tick], state)
        for name, of_head in logits.items():
            torch.testing.assert_close(of_head, whole[name][:, tick], atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_the_past_matters_until_the_state_is_dropped():
    policy = small()
    now = torch.randn(1, 5)
    fresh, _ = policy.step(now, None, None)
    _, state = policy.step(torch.randn(1, 5), None, None)
    remembering, _ = policy.step(now, None, state)
    assert not torch.allclose(fresh["move"], remembering["move"])


@torch.inference_mode()
def test_only_the_streams_that_begin_anew_forget():
    policy = small()
    _, state = policy(torch.randn(2, 3, 5), None, None)
    after = restarted(state, torch.tensor([True, False]))
    for name, (hidden, cell) in after.items():
        assert float(hidden[:, 0].abs().max()) == float(cell[:, 0].abs().max()) == 0
        torch.testing.assert_close(hidden[:, 1], state[name][0][:, 1])


def test_each_head_has_a_memory_of_its_own():
    policy = small()
    logits, _ = policy(torch.randn(1, 4, 5), None, None)
    logits["move"].sum().backward()
    gradients = {name: p.grad for name, p in policy.named_parameters()}
    assert all(g is None for name, g in gradients.items() if name.startswith("memory.act"))
    assert all(g is not None for name, g in gradients.items() if name.startswith("memory.move"))


def test_a_head_with_one_class_is_refused():
    with pytest.raises(ValueError, match="two classes"):
        PolicySettings(heads=(("move", 1),), tokens=5)

import pytest
import torch

from models.policy_losses import class_weights, policy_loss


def test_rare_classes_weigh_more_but_never_beyond_the_cap():
    weights = class_weights(torch.tensor([9000.0, 900.0, 5.0, 0.0]), beta=0.9999, cap=8.0)
    assert weights[0] < weights[1] < weights[2]
    assert float(weights.max() / weights.min()) == pytest.approx(8.0)


def test_the_average_tick_weighs_one():
    counts = torch.tensor([700.0, 200.0, 100.0])
    weights = class_weights(counts, beta=0.999, cap=10.0)
    assert float((weights * counts).sum() / counts.sum()) == pytest.approx(1.0, abs=1e-5)


def test_without_balance_all_classes_weigh_alike():
    weights = class_weights(torch.tensor([900.0, 10.0]), beta=0.0, cap=8.0)
    torch.testing.assert_close(weights, torch.ones(2))


def test_masked_ticks_change_nothing():
    logits = {"move": torch.randn(2, 4, 3)}
    labels = torch.randint(0, 3, (2, 4))
    mask = torch.ones(2, 4, dtype=torch.bool)
    mask[1, 2:] = False
    weights = {"move": torch.ones(3)}
    before = policy_loss(logits, {"move": labels}, mask, weights=weights)
    logits["move"][1, 2:] += 5.0
    labels[1, 2:] = 0
    after = policy_loss(logits, {"move": labels}, mask, weights=weights)
    torch.testing.assert_close(before, after)


def test_a_batch_without_a_tick_that_counts_costs_nothing():
    loss = policy_loss(
        {"move": torch.randn(1, 2, 3)},
        {"move": torch.zeros(1, 2, dtype=torch.long)},
        torch.zeros(1, 2, dtype=torch.bool),
        weights={"move": torch.ones(3)},
    )
    assert float(loss) == 0.0


def test_heads_add_up():
    logits, labels = torch.randn(1, 3, 2), torch.tensor([[0, 1, 1]])
    mask, weights = torch.ones(1, 3, dtype=torch.bool), torch.ones(2)
    one = policy_loss({"a": logits}, {"a": labels}, mask, weights={"a": weights})
    both = policy_loss(
        {"a": logits, "b": logits},
        {"a": labels, "b": labels},
        mask,
        weights={"a": weights, "b": weights},
    )
    assert float(both) == pytest.approx(2 * float(one))

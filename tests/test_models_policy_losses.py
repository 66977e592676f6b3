import pytest
import torch

from models.policy_losses import class_weights, logit_adjustment, policy_loss


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


def test_an_adjustment_is_the_logarithm_of_the_share_beside_the_commonest():
    found = logit_adjustment(torch.tensor([800.0, 200.0]), tau=0.5, cap=100.0)
    torch.testing.assert_close(found, 0.5 * torch.tensor([1.0, 0.25]).log())


def test_an_adjustment_makes_up_for_rarity_up_to_the_cap_and_not_for_what_never_occurs():
    found = logit_adjustment(torch.tensor([9000.0, 5.0, 0.0]), tau=1.0, cap=8.0)
    torch.testing.assert_close(found, torch.tensor([1.0, 1 / 8, 1.0]).log())


def test_an_adjustment_of_no_strength_changes_nothing():
    found = logit_adjustment(torch.tensor([9000.0, 5.0, 0.0]), tau=0.0, cap=8.0)
    torch.testing.assert_close(found, torch.zeros(3))


@pytest.mark.parametrize("way", ["weights", "adjustment"])
def test_weights_and_adjustment_lead_to_the_same_balanced_logits(way):
    # Nothing tells the ticks apart, so the best logits are the log of the shares, balanced: alike.
    counts = torch.tensor([80.0, 20.0])
    labels = {"act": torch.cat([torch.zeros(80), torch.ones(20)]).long()[None]}
    adjustment = {"act": logit_adjustment(counts, tau=1.0, cap=100.0)}
    weights = {"act": 1.0 / counts}
    bias = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.LBFGS([bias], max_iter=100)

    def closure() -> float:
        optimizer.zero_grad()
        loss = policy_loss(
            {"act": bias.expand(1, 100, 2)},
            labels,
            torch.ones(1, 100),
            class_weights=weights if way == "weights" else {"act": torch.ones(2)},
            adjustment=adjustment if way == "adjustment" else None,
        )
        loss.backward()
        return float(loss.detach())

    optimizer.step(closure)
    first, second = bias.tolist()
    assert first == pytest.approx(second, abs=1e-3)


def test_ticks_that_weigh_nothing_change_nothing():
    logits = {"move": torch.randn(2, 4, 3)}
    labels = torch.randint(0, 3, (2, 4))
    weights = torch.ones(2, 4)
    weights[1, 2:] = 0.0
    even = {"move": torch.ones(3)}
    before = policy_loss(logits, {"move": labels}, weights, class_weights=even)
    logits["move"][1, 2:] = float("inf")
    labels[1, 2:] = -1
    after = policy_loss(logits, {"move": labels}, weights, class_weights=even)
    torch.testing.assert_close(before, after)


def test_a_tick_of_weight_three_counts_as_three():
    logits, labels = torch.randn(1, 2, 3), torch.tensor([[0, 1]])
    even = {"move": torch.ones(3)}
    weighed = policy_loss(
        {"move": logits}, {"move": labels}, torch.tensor([[3.0, 1.0]]), class_weights=even
    )
    repeated = policy_loss(
        {"move": logits[:, [0, 0, 0, 1]]},
        {"move": labels[:, [0, 0, 0, 1]]},
        torch.ones(1, 4),
        class_weights=even,
    )
    torch.testing.assert_close(weighed, repeated)


def test_shares_of_a_batch_divided_by_its_total_add_up_to_the_whole():
    logits, labels = torch.randn(2, 5, 3), torch.randint(0, 3, (2, 5))
    weights = torch.rand(2, 5)
    even = {"move": torch.ones(3)}
    whole = policy_loss({"move": logits}, {"move": labels}, weights, class_weights=even)
    parts = [
        policy_loss(
            {"move": logits[part]},
            {"move": labels[part]},
            weights[part],
            class_weights=even,
            total=weights.sum(),
        )
        for part in (slice(0, 1), slice(1, 2))
    ]
    torch.testing.assert_close(parts[0] + parts[1], whole)


def test_a_batch_without_a_tick_that_counts_costs_nothing():
    logits = torch.randn(1, 2, 3, requires_grad=True)
    loss = policy_loss(
        {"move": logits},
        {"move": torch.zeros(1, 2, dtype=torch.long)},
        torch.zeros(1, 2),
        class_weights={"move": torch.ones(3)},
    )
    loss.backward()
    assert float(loss.detach()) == 0.0
    torch.testing.assert_close(logits.grad, torch.zeros(1, 2, 3))


def test_heads_add_up():
    logits, labels = torch.randn(1, 3, 2), torch.tensor([[0, 1, 1]])
    ticks, even = torch.ones(1, 3), torch.ones(2)
    one = policy_loss({"a": logits}, {"a": labels}, ticks, class_weights={"a": even})
    both = policy_loss(
        {"a": logits, "b": logits},
        {"a": labels, "b": labels},
        ticks,
        class_weights={"a": even, "b": even},
    )
    assert float(both) == pytest.approx(2 * float(one))

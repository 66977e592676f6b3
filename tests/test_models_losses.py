import pytest
import torch
from torch.nn import functional

from models.losses import IGNORED_LABEL, focal_loss, hard_negatives, multibox_loss


def logits_of(background: list[float]) -> torch.Tensor:
    """One picture, two classes; the object's logit is 0, the background's as given."""
    return torch.stack([torch.tensor(background), torch.zeros(len(background))], dim=1)[None]


def test_three_negatives_to_each_positive_the_hardest_first() -> None:
    logits = logits_of([0.0, 5, -1, 4, -3, 6, -2, 7])
    labels = torch.tensor([[1, 0, 0, 0, 0, 0, 0, 0]])
    chosen = hard_negatives(logits, labels)
    assert chosen[0].nonzero().flatten().tolist() == [2, 4, 6]


def test_ignored_and_positive_anchors_are_never_negatives() -> None:
    logits = logits_of([-9.0, -8, 1, 2, 3])
    labels = torch.tensor([[1, IGNORED_LABEL, 0, 0, 0]])
    assert hard_negatives(logits, labels)[0].tolist() == [False, False, True, True, True]


def test_each_picture_has_its_own_quota() -> None:
    logits = logits_of([0.0] * 10).expand(2, -1, -1)
    labels = torch.zeros(2, 10, dtype=torch.long)
    labels[0, :2] = 1
    assert hard_negatives(logits, labels).sum(dim=1).tolist() == [6, 3]  # no positive counts as one


def test_fewer_negatives_than_the_quota_are_all_taken() -> None:
    labels = torch.tensor([[1, 1, 0]])
    assert hard_negatives(logits_of([0.0] * 3), labels)[0].tolist() == [False, False, True]


def test_loss_is_cross_entropy_and_smooth_l1_over_positives() -> None:
    logits = torch.tensor([[[2.0, 0, 1], [0, 1, 0], [1, 0, 0]]])
    deltas = torch.tensor([[[0.5, 0, 0, 3.0], [9, 9, 9, 9], [9, 9, 9, 9]]])
    labels = torch.tensor([[2, 0, IGNORED_LABEL]])
    loss = multibox_loss(logits, deltas, labels, torch.zeros(1, 4))
    expected = functional.cross_entropy(logits[0, :2], labels[0, :2], reduction="sum")
    assert float(loss.classification) == pytest.approx(float(expected))
    assert float(loss.localisation.detach()) == pytest.approx(0.125 + 2.5)
    assert float(loss.total) == pytest.approx(float(expected) + 2.625)


def test_a_batch_without_objects_still_teaches_the_background() -> None:
    logits = torch.zeros(2, 8, 3, requires_grad=True)
    deltas = torch.zeros(2, 8, 4, requires_grad=True)
    labels = torch.zeros(2, 8, dtype=torch.long)
    loss = multibox_loss(logits, deltas, labels, torch.zeros(0, 4))
    loss.total.backward()
    assert logits.grad is not None
    assert (logits.grad[..., 0] < 0).sum() == 6
    assert float(loss.localisation.detach()) == 0


def test_focal_loss_is_the_papers_formula() -> None:
    logits = torch.tensor([[2.0, 0, 1], [0, 1, 0]])
    labels = torch.tensor([0, 1])
    p = torch.softmax(logits, dim=1)[[0, 1], labels]
    expected = -torch.tensor([0.75, 0.25]) * (1 - p) ** 2 * torch.log(p)
    assert float(focal_loss(logits, labels)) == pytest.approx(float(expected.sum()))


def test_focal_loss_counts_every_anchor_but_the_ignored() -> None:
    logits = torch.randn(1, 40, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.zeros(1, 40, dtype=torch.long)
    labels[0, 0], labels[0, 1] = 1, IGNORED_LABEL
    kept = torch.ones(40, dtype=torch.bool)
    kept[1] = False
    loss = multibox_loss(logits, torch.zeros(1, 40, 4), labels, torch.zeros(1, 4), focal=True)
    assert float(loss.classification) == pytest.approx(
        float(focal_loss(logits[0, kept], labels[0, kept]))
    )


def test_focal_loss_has_gradients_where_all_is_sure() -> None:
    logits = torch.tensor([[80.0, -80.0]], requires_grad=True)
    focal_loss(logits, torch.tensor([0])).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_shares_of_a_batch_add_up_to_its_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 30, 3, generator=generator)
    deltas = torch.randn(4, 30, 4, generator=generator)
    labels = torch.randint(-1, 3, (4, 30), generator=generator)
    targets = torch.randn(int((labels > 0).sum()), 4, generator=generator)
    whole = multibox_loss(logits, deltas, labels, targets).total
    cut = int((labels[:2] > 0).sum())
    parts = [
        multibox_loss(logits[rows], deltas[rows], labels[rows], mine, positives=len(targets)).total
        for rows, mine in ((slice(0, 2), targets[:cut]), (slice(2, 4), targets[cut:]))
    ]
    assert float(sum(parts)) == pytest.approx(float(whole))

"""The detector's loss: SSD's multibox loss with hard-negative mining (Liu et al. 2016, 2.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

IGNORED_LABEL = -1


@dataclass(frozen=True, slots=True)
class MultiboxLoss:
    """The two parts, each summed over the batch and divided by its positive anchors."""

    classification: Tensor
    localisation: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised: the two in equal parts, as in SSD's equation 1."""
        return self.classification + self.localisation


def hard_negatives(logits: Tensor, labels: Tensor, *, ratio: float = 3.0) -> Tensor:
    """Choose the background anchors that look least like background: `(B, A)` bool.

    Args:
        logits: `(B, A, C + 1)`, the background first.
        labels: `(B, A)` 0 background, above an object's class, `IGNORED_LABEL` neither.
        ratio: How many are chosen for each of a picture's positives; a picture without
            positives counts as if it had one, so that empty pictures also teach.
    """
    with torch.no_grad():
        surprise = torch.logsumexp(logits, dim=2) - logits[:, :, 0]
        surprise = surprise.masked_fill(labels != 0, -1.0)
        wanted = ((labels > 0).sum(dim=1).clamp(min=1) * ratio).long()
        most = min(int(wanted.max()), labels.shape[1])
        values, indices = surprise.topk(most, dim=1)
        ranks = torch.arange(most, device=labels.device)
        chosen = (ranks[None] < wanted[:, None]) & (values >= 0)
        return torch.zeros_like(labels, dtype=torch.bool).scatter_(1, indices, chosen)


def multibox_loss(
    logits: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor, *, ratio: float = 3.0
) -> MultiboxLoss:
    """Compare a batch with its matched boxes.

    Args:
        logits: `(B, A, C + 1)`, the background first.
        deltas: `(B, A, 4)` coded boxes.
        labels: `(B, A)` 0 background, above an object's class, `IGNORED_LABEL` neither.
        targets: `(P, 4)` coded boxes of the positive anchors, in the order of `labels > 0`.
        ratio: Background anchors that count for each positive.
    """
    positive = labels > 0
    count = max(1, len(targets))
    counted = positive | hard_negatives(logits, labels, ratio=ratio)
    classification = functional.cross_entropy(logits[counted], labels[counted], reduction="sum")
    localisation = functional.smooth_l1_loss(deltas[positive], targets, reduction="sum")
    return MultiboxLoss(classification / count, localisation / count)

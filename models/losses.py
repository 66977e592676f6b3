"""The detector's loss: SSD's multibox loss (Liu et al. 2016, 2.2), with mining or focal."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

IGNORED_LABEL = -1
# Lin et al. 2017 (RetinaNet), section 5.1: what suited COCO best.
_FOCAL_GAMMA, _FOCAL_ALPHA = 2.0, 0.25


@dataclass(frozen=True, slots=True)
class MultiboxLoss:
    """The two parts, each summed over what is given and divided by the batch's positive anchors."""

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


def focal_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum cross-entropy over all anchors, the easy ones damped (Lin et al. 2017, equation 5).

    Theirs is on a sigmoid for each class; here the probability is the softmax's of the true class,
    so that detections are decoded alike however they were learned.

    Args:
        logits: `(n, C + 1)`, the background first.
        labels: `(n,)` 0 background, above an object's class.
    """
    surprise = functional.cross_entropy(logits, labels, reduction="none")
    alpha = torch.where(labels > 0, _FOCAL_ALPHA, 1 - _FOCAL_ALPHA)
    return (alpha * (1 - torch.exp(-surprise)).clamp(min=0) ** _FOCAL_GAMMA * surprise).sum()


def multibox_loss(
    logits: Tensor,
    deltas: Tensor,
    labels: Tensor,
    targets: Tensor,
    *,
    ratio: float = 3.0,
    focal: bool = False,
    positives: float | None = None,
) -> MultiboxLoss:
    """Compare a batch, or a process's share of one, with its matched boxes.

    Args:
        logits: `(B, A, C + 1)`, the background first.
        deltas: `(B, A, 4)` coded boxes.
        labels: `(B, A)` 0 background, above an object's class, `IGNORED_LABEL` neither.
        targets: `(P, 4)` coded boxes of the positive anchors, in the order of `labels > 0`.
        ratio: Background anchors that count for each positive, without focal loss.
        focal: Count every anchor by focal loss instead.
        positives: Positive anchors of the whole batch; by default those given.
    """
    positive = labels > 0
    count = max(1, len(targets) if positives is None else positives)
    if focal:
        counted = labels != IGNORED_LABEL
        classification = focal_loss(logits[counted], labels[counted])
    else:
        counted = positive | hard_negatives(logits, labels, ratio=ratio)
        classification = functional.cross_entropy(logits[counted], labels[counted], reduction="sum")
    localisation = functional.smooth_l1_loss(deltas[positive], targets, reduction="sum")
    return MultiboxLoss(classification / count, localisation / count)

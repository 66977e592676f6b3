"""The policy's loss: cross-entropy in which rare classes count, and masked ticks don't."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional


def class_weights(counts: Tensor, *, beta: float, cap: float) -> Tensor:
    """Weigh classes by the inverse of their effective number of samples.

    Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019), eq. 4:
    `(1 - beta) / (1 - beta ** n)`. Here the weights are scaled so that the average tick weighs 1
    and no class weighs more than `cap` times the commonest, since a class of five ticks would
    otherwise steer the whole policy.

    Args:
        counts: Ticks of each class, `(classes,)`.
        beta: 0 weighs all classes alike; towards 1 it weighs them by 1 / count.
        cap: Largest ratio between two weights.

    Returns:
        Weights `(classes,)`; a class that never occurs gets the largest.
    """
    n = counts.to(torch.float64).clamp(min=1.0)
    weights = (1.0 - beta) / (1.0 - beta**n) if beta > 0 else torch.ones_like(n)
    weights = torch.minimum(weights, weights.min() * cap)
    average = (weights * counts).sum() / counts.sum().clamp(min=1)
    return (weights / average.clamp(min=1e-12)).to(torch.float32)


def policy_loss(
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    mask: Tensor,
    *,
    weights: Mapping[str, Tensor],
    smoothing: float = 0.0,
) -> Tensor:
    """Average the weighted cross-entropy over the ticks that count, summed over the heads.

    Args:
        logits: For each head `(B, T, classes)`.
        labels: For each head class indices `(B, T)`; what they hold at masked ticks is ignored.
        mask: True where a tick counts, `(B, T)`.
        weights: For each head `(classes,)`.
        smoothing: Share of the label spread over all classes.
    """
    flat = mask.reshape(-1)
    total = torch.zeros(())
    if not bool(flat.any()):
        return total
    for name, of_head in logits.items():
        chosen = of_head.reshape(-1, of_head.shape[-1])[flat]
        wanted = labels[name].reshape(-1)[flat]
        losses = functional.cross_entropy(
            chosen, wanted, weight=weights[name], reduction="none", label_smoothing=smoothing
        )
        total = total + losses.mean()
    return total

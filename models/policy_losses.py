"""The policy's loss: cross-entropy in which rare classes and corrections have their due."""

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


def logit_adjustment(counts: Tensor, *, tau: float, cap: float) -> Tensor:
    """Return what to add to the logits in the loss, so that without it all classes start alike.

    Menon et al., "Long-tail learning via logit adjustment" (ICLR 2021), eq. 10: `tau` times the
    logarithm of each class's share. With `tau` 1 the unadjusted logits, which play uses, estimate
    the balanced posterior. Class weights aim at the same place by another road: a tick of class y
    weighing `w[y]` has the very optimum that adding `-log w[y]` in the loss has. Whoever applies
    both in full corrects for rarity twice, and rare keys are pressed too often: so either one, or
    a part of each whose strengths add up to one.

    Args:
        counts: Ticks of each class, `(classes,)`.
        tau: Strength; 0 adjusts nothing.
        cap: Largest ratio between two shares that is made up for. Label smoothing holds every
            class above a floor, so that one rarer than that would win ties everywhere.

    Returns:
        Adjustments `(classes,)`, 0 for the commonest; a class that never occurs gets 0 as well,
        since nothing says when it would be right.
    """
    n = counts.to(torch.float64)
    share = (n / n.max().clamp(min=1.0)).clamp(min=1.0 / cap)
    return (tau * torch.where(n > 0, share, 1.0).log()).to(torch.float32)


def policy_loss(
    logits: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    weights: Tensor,
    *,
    class_weights: Mapping[str, Tensor],
    smoothing: float = 0.0,
    adjustment: Mapping[str, Tensor] | None = None,
    total: Tensor | float | None = None,
) -> Tensor:
    """Average the weighted cross-entropy over the ticks that count, summed over the heads.

    Args:
        logits: For each head `(B, T, classes)`.
        labels: For each head class indices `(B, T)`; what they hold at ticks that weigh nothing
            is ignored.
        weights: How much each tick counts, `(B, T)`; 0 where it is padded or not to be learned.
        class_weights: For each head `(classes,)`.
        smoothing: Share of the label spread over all classes.
        adjustment: For each head `(classes,)`, see `logit_adjustment`; None for none.
        total: What the sum is divided by: the weights of all processes that share a batch. None
            for the sum of `weights`.

    Returns:
        A scalar; 0, with gradients that are all 0, when no tick counts.
    """
    flat = weights.reshape(-1)
    counted = flat > 0
    flat = flat[counted]
    divisor = torch.as_tensor(flat.sum() if total is None else total, device=flat.device)
    divisor = divisor.clamp(min=torch.finfo(torch.float32).tiny)
    loss = torch.zeros((), device=flat.device)
    for name, of_head in logits.items():
        chosen = of_head.reshape(-1, of_head.shape[-1])[counted].float()
        if adjustment is not None:
            chosen = chosen + adjustment[name]
        losses = functional.cross_entropy(
            chosen,
            labels[name].reshape(-1)[counted],
            weight=class_weights[name],
            reduction="none",
            label_smoothing=smoothing,
        )
        loss = loss + (losses * flat).sum() / divisor
    return loss

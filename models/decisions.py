"""From logits to decisions: offsets that give rare classes their due, tuned on held-out play."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from data.profile import GameProfile, Head
from models.policy import Policy, one_thread
from models.policy_batches import Passage
from models.policy_metrics import Run, score_head
from models.tokens import Tokenizer

Offsets = dict[str, Tensor]
"""For each head what is added to its logits, `(classes,)`."""

_TRIED = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
_LEAST_SUPPORT = 20  # ticks; with fewer, an offset is tuned to accidents
_LEAST_GAIN = 0.003  # of the score; less is noise


def no_offsets(profile: GameProfile) -> Offsets:
    """Return offsets that change nothing."""
    return {head.name: torch.zeros(len(head.names)) for head in profile.heads}


@torch.inference_mode()
def logits_of(
    policy: Policy, passages: Sequence[Passage], tokenizer: Tokenizer
) -> dict[str, list[Tensor]]:
    """Run a policy through whole passages: for each head one `(n, classes)` per passage."""
    found: dict[str, list[Tensor]] = {name: [] for name, _ in policy.settings.heads}
    policy.eval()
    for passage in passages:
        tokens = torch.from_numpy(tokenizer.describe(passage.versions[0]))[None]
        features = None
        if policy.settings.features:
            features = torch.from_numpy(passage.features.astype(np.float32))[None]
        with one_thread():
            logits, _ = policy(tokens, features, None)
        for name, of_head in logits.items():
            found[name].append(of_head[0])
    return found


def decided(
    head: Head, passages: Sequence[Passage], logits: Sequence[Tensor], offset: Tensor
) -> list[Run]:
    """Put the likeliest class of every tick beside the person's."""
    return [
        Run(
            passage.classes[head.name],
            (of_passage + offset).argmax(dim=-1).numpy(),
            passage.counts,
        )
        for passage, of_passage in zip(passages, logits, strict=True)
    ]


def tuned_offsets(
    profile: GameProfile, passages: Sequence[Passage], logits: Mapping[str, Sequence[Tensor]]
) -> Offsets:
    """Find, class by class, the offsets with the best macro-F1 and onset F1 on held-out play."""
    offsets = no_offsets(profile)
    rate_hz = profile.capture.rate_hz
    for head in profile.heads:

        def value(offset: Tensor, head: Head = head) -> float:
            runs = decided(head, passages, logits[head.name], offset)
            score = score_head(head, runs, rate_hz=rate_hz)
            return (score.macro_f1 or 0.0) + (score.onset_f1 or 0.0)

        support = np.zeros(len(head.names), dtype=np.int64)
        for passage in passages:
            chosen = passage.classes[head.name][passage.counts]
            support += np.bincount(chosen, minlength=len(head.names))
        best = value(offsets[head.name])
        for index in np.argsort(support).tolist():
            if index == head.none_index or support[index] < _LEAST_SUPPORT:
                continue
            for tried in _TRIED:
                offset = offsets[head.name].clone()
                offset[index] = tried
                reached = value(offset)
                if reached > best + _LEAST_GAIN:
                    best, offsets[head.name] = reached, offset
    return offsets

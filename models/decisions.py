"""From logits to decisions: offsets that give rare classes their due, tuned on held-out play."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from data.profile import GameProfile, Head
from models.key_presses import onsets, paired
from models.policy import Policy, PolicyState, one_thread
from models.policy_metrics import ONSET_TOLERANCE_S, Run, confusion_of, holding
from models.policy_store import CHUNK, Passage
from models.previous_keys import PreviousKeys
from models.tokens import Array, Tokenizer

Offsets = dict[str, Tensor]
"""For each head what is added to its logits, `(classes,)`."""
Logits = dict[str, list[Tensor]]
"""For each head one `(n, classes)` per passage."""

_TRIED = (-1.0, -0.5, 0.5, 1.0, 1.5)
_LEAST_SUPPORT = 20  # ticks; with fewer, an offset is tuned to accidents
_LEAST_GAIN = 0.003  # of the score; less is noise
_NEVER = -20.0  # one chance in half a billion, beside a class of the same logit


def no_offsets(profile: GameProfile) -> Offsets:
    """Return offsets that change nothing."""
    return {head.name: torch.zeros(len(head.names)) for head in profile.heads}


def without_unlearned(offsets: Offsets, counts: dict[str, Tensor]) -> Offsets:
    """Put the classes out of reach of which there was nothing to learn from.

    What a policy says of these is what label smoothing left them: keys drawn by chance would be
    theirs now and then.

    Args:
        offsets: For each head `(classes,)`.
        counts: For each head the ticks learned from, `(classes,)`.
    """
    return {
        name: torch.where(counts[name] > 0, offset, torch.full_like(offset, _NEVER))
        for name, offset in offsets.items()
    }


@torch.inference_mode()
def logits_of(
    policy: Policy,
    passages: Sequence[Passage],
    tokenizer: Tokenizer,
    *,
    told: bool = False,
    offsets: Offsets | None = None,
) -> Logits:
    """Run a policy through whole passages, the state carried from their beginning to their end.

    Args:
        policy: On whatever device.
        passages: What it is shown.
        tokenizer: Describes their rows.
        told: Of a policy that takes the previous keys: tell it what the person held, which no play
            can. Else it is told what it decided itself, tick by tick, as in play.
        offsets: Added before it decides what it is told next; None for none.
    """
    policy.eval()
    with one_thread():
        if policy.settings.previous_keys and not told:
            found = _on_its_own(policy, passages, tokenizer, offsets or {})
        else:
            found = [_as_recorded(policy, passage, tokenizer) for passage in passages]
    return {name: [one[name] for one in found] for name, _ in policy.settings.heads}


def _as_recorded(policy: Policy, passage: Passage, tokenizer: Tokenizer) -> dict[str, Tensor]:
    parts: list[dict[str, Tensor]] = []
    state: PolicyState | None = None
    device = _device(policy)
    previous = PreviousKeys(policy.settings.heads)
    for start, stop in passage.chunks():
        numbers, features = _shown(policy, passage, tokenizer, start, stop)
        if policy.settings.previous_keys:
            held = previous.describe(previous.before(passage, start, stop))
            numbers = np.concatenate([numbers, held], axis=1)
        logits, state = policy(
            torch.from_numpy(numbers)[None].to(device),
            None if features is None else torch.from_numpy(features)[None].to(device),
            state,
        )
        parts.append({name: of_head[0].float().cpu() for name, of_head in logits.items()})
    return {
        name: torch.cat([torch.zeros(0, size), *(part[name] for part in parts)])
        for name, size in policy.settings.heads
    }


def _on_its_own(
    policy: Policy, passages: Sequence[Passage], tokenizer: Tokenizer, offsets: Offsets
) -> list[dict[str, Tensor]]:
    """Go through all passages side by side, tick by tick; what lies past an end is cut off."""
    heads = policy.settings.heads
    device = _device(policy)
    previous = PreviousKeys(heads)
    held = previous.describe(previous.untold(len(passages)))
    state: PolicyState | None = None
    found: dict[str, list[Tensor]] = {name: [] for name, _ in heads}
    longest = max((len(passage) for passage in passages), default=0)
    for start in range(0, longest, CHUNK):
        stop = min(start + CHUNK, longest)
        numbers, features = _side_by_side(policy, passages, tokenizer, start, stop)
        for tick in range(stop - start):
            tokens = np.concatenate([numbers[:, tick], held], axis=1)
            seen = None if features is None else torch.from_numpy(features[:, tick]).to(device)
            logits, state = policy.step(torch.from_numpy(tokens).to(device), seen, state)
            decided_now = {}
            for name, of_head in logits.items():
                found[name].append(of_head.float().cpu())
                shifted = found[name][-1] + offsets.get(name, 0.0)
                decided_now[name] = shifted.argmax(dim=-1).numpy()
            held = previous.describe(decided_now)
    return [
        {
            name: torch.cat(
                [torch.zeros(0, size), *(one[index, None] for one in found[name][: len(passage)])]
            )
            for name, size in heads
        }
        for index, passage in enumerate(passages)
    ]


def _shown(
    policy: Policy, passage: Passage, tokenizer: Tokenizer, start: int, stop: int
) -> tuple[Array, Array | None]:
    numbers = tokenizer.describe(passage.rows(start, stop))
    return numbers, passage.features(start, stop) if policy.settings.features else None


def _side_by_side(
    policy: Policy, passages: Sequence[Passage], tokenizer: Tokenizer, start: int, stop: int
) -> tuple[Array, Array | None]:
    numbers = np.zeros((len(passages), stop - start, tokenizer.length), dtype=np.float32)
    width = policy.settings.features
    features = np.zeros((len(passages), stop - start, width), dtype=np.float32) if width else None
    for index, passage in enumerate(passages):
        inside = min(stop, len(passage)) - start
        if inside > 0:
            tokens, pooled = _shown(policy, passage, tokenizer, start, start + inside)
            numbers[index, :inside] = tokens
            if features is not None and pooled is not None:
                features[index, :inside] = pooled
    return numbers, features


def _device(policy: Policy) -> torch.device:
    return next(policy.parameters()).device


def decided(
    head: Head, passages: Sequence[Passage], logits: Sequence[Tensor], offset: Tensor
) -> list[Run]:
    """Put the likeliest class of every tick beside the person's.

    Args:
        head: Whose classes.
        passages: What the person did.
        logits: For each passage `(ticks, classes)`.
        offset: Added to them, `(classes,)`.
    """
    return [
        Run(
            passage.classes[head.name],
            (of_passage + offset).argmax(dim=-1).numpy(),
            passage.counts,
        )
        for passage, of_passage in zip(passages, logits, strict=True)
    ]


def tune(
    policy: Policy, passages: Sequence[Passage], tokenizer: Tokenizer, profile: GameProfile
) -> tuple[Offsets, Logits]:
    """Find a policy's offsets, and its logits on held-out play when it uses them.

    One that takes the previous keys answers otherwise once it decides otherwise: it is asked again,
    and goes without offsets if they then do it no good.
    """
    logits = logits_of(policy, passages, tokenizer)
    offsets = tuned_offsets(profile, passages, logits)
    if not policy.settings.previous_keys:
        return offsets, logits
    again = logits_of(policy, passages, tokenizer, offsets=offsets)
    before, after = (
        sum(
            _score(_tallies(head, passages, of_all[head.name], added[head.name], profile))
            for head in profile.heads
        )
        for of_all, added in ((logits, no_offsets(profile)), (again, offsets))
    )
    return (offsets, again) if after > before else (no_offsets(profile), logits)


def tuned_offsets(
    profile: GameProfile, passages: Sequence[Passage], logits: Mapping[str, Sequence[Tensor]]
) -> Offsets:
    """Find, class by class, the offsets with the best macro-F1 and onset F1 on held-out play.

    An offset is taken only if it helps on the whole and hurts in neither half of the play, so that
    a few lucky presses don't decide. `logits` are for each head and passage `(ticks, classes)`.
    """
    offsets = no_offsets(profile)
    for head in profile.heads:
        support = np.zeros(len(head.names), dtype=np.int64)
        for passage in passages:
            chosen = passage.classes[head.name][passage.counts]
            support += np.bincount(chosen, minlength=len(head.names))
        best = _tallies(head, passages, logits[head.name], offsets[head.name], profile)
        for index in np.argsort(support, kind="stable").tolist():
            if index == head.none_index or support[index] < _LEAST_SUPPORT:
                continue
            before = offsets[head.name]
            for tried in _TRIED:
                offset = before.clone()
                offset[index] = tried
                reached = _tallies(head, passages, logits[head.name], offset, profile)
                if _better(reached, best):
                    best, offsets[head.name] = reached, offset
    return offsets


@dataclass(frozen=True, slots=True)
class _Tally:
    """What a score of one head is made of."""

    table: npt.NDArray[np.int64]
    """Ticks by true class (row) and decided class (column)."""
    hits: int
    presses: int
    """The person's and the policy's together."""


def _score(tallies: Sequence[_Tally]) -> float:
    """Return macro-F1 over the classes that the person used, plus onset F1: 0 to 2."""
    table = np.sum([tally.table for tally in tallies], axis=0)
    support, answered = table.sum(axis=1), table.sum(axis=0)
    used = support > 0
    f1 = 2 * np.diag(table)[used] / (support + answered)[used]
    presses = sum(tally.presses for tally in tallies)
    onset = 2 * sum(tally.hits for tally in tallies) / presses if presses else 0.0
    return (float(f1.mean()) if len(f1) else 0.0) + onset


def _better(reached: Sequence[_Tally], best: Sequence[_Tally]) -> bool:
    return _score(reached) > _score(best) + _LEAST_GAIN and all(
        _score([new]) >= _score([old]) for new, old in zip(reached, best, strict=True)
    )


def _tallies(
    head: Head,
    passages: Sequence[Passage],
    logits: Sequence[Tensor],
    offset: Tensor,
    profile: GameProfile,
) -> tuple[_Tally, _Tally]:
    """Count hits and misses in the first and the second half of every passage."""
    tolerance = max(1, int(ONSET_TOLERANCE_S * profile.capture.rate_hz + 1e-6))
    halves: tuple[list[Run], list[Run]] = ([], [])
    for run in decided(head, passages, logits, offset):
        middle = len(run.truth) // 2
        for half, part in zip(halves, (slice(0, middle), slice(middle, None)), strict=True):
            half.append(Run(run.truth[part], run.decided[part], run.counts[part]))
    first, second = (_tally(head, half, tolerance) for half in halves)
    return first, second


def _tally(head: Head, runs: Sequence[Run], tolerance: int) -> _Tally:
    hits = presses = 0
    for run in runs:
        for key in head.keys:
            wanted = onsets(holding(head, key, run.truth), run.counts)
            found = onsets(holding(head, key, run.decided), run.counts)
            hits += len(paired(wanted, found, tolerance=tolerance))
            presses += len(wanted) + len(found)
    return _Tally(confusion_of(head, runs), hits, presses)

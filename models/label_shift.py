"""Find how long after a frame the key that answers it goes down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from data.errors import RecordingError
from data.profile import GameProfile
from models.decisions import logits_of
from models.demonstrations import Demonstration, labelled, teaches
from models.features import Stopped
from models.policy_fitting import fit_policy
from models.policy_metrics import changed_ticks
from models.policy_recipe import FitSettings
from models.policy_store import passages_of
from models.tokens import Tokenizer

CANDIDATES_MS = (0.0, 50.0, 100.0, 150.0, 200.0, 250.0)


@dataclass(frozen=True, slots=True)
class ShiftChoice:
    """Which shift was chosen, and why."""

    shift_ms: float
    surprise: dict[float, float]
    """For each shift tried, the mean of -ln p of the person's class where it changes."""


def choose_shift(
    demonstrations: Sequence[Demonstration],
    profile: GameProfile,
    settings: FitSettings,
    *,
    candidates_ms: Sequence[float] = CANDIDATES_MS,
    stop: Callable[[], bool] = lambda: False,
) -> ShiftChoice:
    """Fit small policies for each shift and judge them where the keys change.

    Judged on all ticks, a wrong shift hides: most ticks repeat the one before. Each half of the
    recordings is judged by a policy that learned from the other half; a single recording by one
    that learned from itself. Recordings without play, or shorter than a shift, are left out.

    Raises:
        RecordingError: All of them are.
        Stopped: `stop` said so: a shift chosen from fewer would be another one.
    """
    longest_ms = max(candidates_ms)
    usable = [one for one in demonstrations if teaches(one, profile, shift_ms=longest_ms)]
    if not usable:
        raise RecordingError(
            f"no recording has {longest_ms:g} ms of a person's play in one piece, so the reaction "
            "can't be measured. Record longer stretches, or give --shift-ms 150."
        )
    small = _small(settings)
    halves = (usable[::2], usable[1::2])
    pairs = [halves, halves[::-1]] if halves[1] else [(halves[0], halves[0])]
    found: dict[float, float] = {}
    for shift_ms in candidates_ms:
        surprises = []
        for learned, judged in pairs:
            if stop():
                raise Stopped("stopped while the reaction was measured.")
            fitted = fit_policy(learned, [], profile, small, shift_ms=shift_ms)
            tokenizer = Tokenizer(profile, profile.capture.size)
            passages = passages_of(
                [(one, labelled(one, profile, shift_ms=shift_ms)) for one in judged], tokenizer
            )
            for name, of_head in logits_of(fitted.policy, passages, tokenizer).items():
                for passage, logits in zip(passages, of_head, strict=True):
                    truth = passage.classes[name]
                    ticks = torch.from_numpy(changed_ticks(truth) & passage.counts)
                    chances = torch.log_softmax(logits, dim=-1)[ticks]
                    wanted = torch.from_numpy(truth)[ticks]
                    surprises.append(-chances.gather(1, wanted[:, None])[:, 0])
        every = torch.cat(surprises)
        found[shift_ms] = float(every.mean()) if len(every) else 0.0
    return ShiftChoice(min(found, key=lambda shift_ms: found[shift_ms]), found)


def _small(settings: FitSettings) -> FitSettings:
    return replace(
        settings,
        embed=96,
        hidden=64,
        layers=1,
        features=not settings.boxes,
        copies=1,
        passes=min(settings.passes, 12.0),
        steps=None,
        previous_keys=None,
        balance_beta=0.0,  # weighed classes would make the probabilities wrong
        adjustment=0.0,
        tune_offsets=False,
    )

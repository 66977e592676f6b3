"""Fit a policy to demonstrations: windows in, the best weights out."""

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from data.profile import GameProfile
from models.augmentation import AugmentationSettings
from models.decisions import Offsets, decided, logits_of, no_offsets, tuned_offsets
from models.demonstrations import Demonstration, labelled
from models.policy import Policy, PolicySettings, PolicyState, detached, one_thread, restarted
from models.policy_batches import Passage, Streams, passages_of
from models.policy_losses import class_weights, policy_loss
from models.policy_metrics import HeadScore, score_head
from models.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a policy is fitted."""

    embed: int = 192
    """Width of the encoder."""
    hidden: int = 128
    """Width of the LSTMs."""
    layers: int = 2
    """Layers of each LSTM."""
    features: bool = True
    """Whether the detector's pooled features are shown to the policy beside its boxes."""
    streams: int = 16
    """Sequences learned from at once."""
    window: int = 64
    """Ticks that a gradient reaches back."""
    windows_in_stretch: int = 3
    """Windows for which a stream carries its state on."""
    passes: float = 40.0
    """How often each tick is seen, about; the work grows with it, play after 40 no longer does."""
    least_steps: int = 300
    """Steps taken at least, however little there is to see."""
    most_seconds: float | None = None
    """End early after so long; None doesn't."""
    learning_rate: float = 2e-3
    """Of AdamW, at its height."""
    weight_decay: float = 0.02
    """Of AdamW."""
    clip: float = 1.0
    """Largest norm of a gradient."""
    average: float = 0.98
    """Decay of the weights' moving average, which is what is kept."""
    balance_beta: float = 0.999
    """How strongly rare classes count, see `class_weights`."""
    balance_cap: float = 8.0
    """Largest ratio between two class weights."""
    smoothing: float = 0.02
    """Share of each label spread over all classes."""
    mirror: bool = True
    """Whether to learn from flipped play as well, where the profile has a mirror rule."""
    copies: int = 3
    """Worsened versions of each recording, beside the one as seen."""
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    """How they are made worse."""
    tune_offsets: bool = True
    """Whether rare classes get a better chance where validation says so."""
    checks: int = 8
    """How often validation is looked at."""
    patience: int = 4
    """Looks without improvement after which training ends."""
    seed: int = 0
    """Of all that is left to chance."""


@dataclass(frozen=True, slots=True)
class FitProgress:
    """Where a fit stands."""

    step: int
    steps: int
    left_s: float
    loss: float
    """Average since the report before."""
    score: float | None
    """Validation score, at the looks only."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A policy and how it came out."""

    policy: Policy
    offsets: Offsets
    best_step: int
    steps: int
    seconds: float
    ticks: int
    """Ticks learned from."""
    history: tuple[FitProgress, ...]
    scores: dict[str, HeadScore]
    """Per head on the validation recordings; empty without."""


def policy_settings(
    profile: GameProfile, tokenizer: Tokenizer, settings: FitSettings, *, features: int
) -> PolicySettings:
    """Return the shape of a policy for a profile."""
    return PolicySettings(
        heads=tuple((head.name, len(head.names)) for head in profile.heads),
        tokens=tokenizer.length,
        features=features if settings.features else 0,
        embed=settings.embed,
        hidden=settings.hidden,
        layers=settings.layers,
    )


def fit_policy(
    training: Sequence[Demonstration],
    validation: Sequence[Demonstration],
    profile: GameProfile,
    settings: FitSettings,
    *,
    shift_ms: float,
    on_progress: Callable[[FitProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    now_s: Callable[[], float] = time.monotonic,
) -> Fitted:
    """Train until the passes are done, validation stops improving, or `stop` says so."""
    with one_thread():
        return _Fit(training, validation, profile, settings, shift_ms=shift_ms, now_s=now_s).run(
            on_progress, stop
        )


class _Fit:
    def __init__(
        self,
        training: Sequence[Demonstration],
        validation: Sequence[Demonstration],
        profile: GameProfile,
        settings: FitSettings,
        *,
        shift_ms: float,
        now_s: Callable[[], float],
    ) -> None:
        torch.manual_seed(settings.seed)
        self._now_s, self._began_s = now_s, now_s()
        self._profile, self._settings = profile, settings
        self._tokenizer = Tokenizer(profile, profile.capture.size)
        learned = passages_of(
            [(one, labelled(one, profile, shift_ms=shift_ms)) for one in training],
            self._tokenizer,
            copies=settings.copies,
            augmentation=settings.augmentation,
            seed=settings.seed,
        )
        self._held_out = passages_of(
            [(one, labelled(one, profile, shift_ms=shift_ms)) for one in validation],
            self._tokenizer,
        )
        self._ticks = sum(int(passage.counts.sum()) for passage in learned)
        shape = policy_settings(
            profile, self._tokenizer, settings, features=training[0].seen.features.shape[1]
        )
        self._policy = Policy(shape)
        self._average = copy.deepcopy(self._policy).eval()
        self._weights = _head_weights(learned, profile, settings)
        self._streams = Streams(
            learned,
            self._tokenizer,
            profile,
            streams=settings.streams,
            window=settings.window,
            windows_in_stretch=settings.windows_in_stretch,
            mirror=settings.mirror,
            use_features=shape.features > 0,
            seed=settings.seed,
        )
        all_ticks = sum(len(passage) for passage in learned)
        self._steps = max(
            settings.least_steps,
            math.ceil(settings.passes * all_ticks / (settings.streams * settings.window)),
        )
        self._optimizer = torch.optim.AdamW(
            self._policy.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self._state: PolicyState | None = None
        self._history: list[FitProgress] = []

    def run(self, on_progress: Callable[[FitProgress], None], stop: Callable[[], bool]) -> Fitted:
        best: tuple[float, int, dict[str, Tensor]] | None = None
        every = max(1, self._steps // self._settings.checks)
        losses: list[float] = []
        step = 0
        while step < self._steps and not stop():
            share = self._share(step)
            if share >= 1.0:
                break
            losses.append(self._learn(share))
            step += 1
            if step % every and step != self._steps:
                continue
            score = self._score() if self._held_out else None
            report = FitProgress(
                step, self._steps, self._left_s(step), sum(losses) / len(losses), score
            )
            losses = []
            self._history.append(report)
            on_progress(report)
            if score is not None and (best is None or score > best[0]):
                best = (score, step, copy.deepcopy(self._average.state_dict()))
            if best is not None and step - best[1] >= self._settings.patience * every:
                break
        if best is not None:
            self._average.load_state_dict(best[2])
        return self._result(best[1] if best else step, step)

    def _share(self, step: int) -> float:
        """Return how much of the training is done, by steps or by time."""
        share = step / self._steps
        if self._settings.most_seconds is not None:
            share = max(share, (self._now_s() - self._began_s) / self._settings.most_seconds)
        return share

    def _left_s(self, step: int) -> float:
        spent = self._now_s() - self._began_s
        left = spent / step * (self._steps - step)
        most = self._settings.most_seconds
        return left if most is None else max(0.0, min(left, most - spent))

    def _learn(self, share: float) -> float:
        """Take one step of gradient descent; the rate warms up, then falls as a cosine."""
        settings = self._settings
        rate = settings.learning_rate * min(1.0, share / 0.05 + 0.05)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * (0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * share)))
        batch = self._streams.next()
        self._policy.train()
        state = None if self._state is None else restarted(self._state, batch.fresh)
        logits, after = self._policy(batch.tokens, batch.features, state)
        self._state = detached(after)
        loss = policy_loss(
            logits,
            batch.classes,
            batch.counts,
            weights=self._weights,
            smoothing=settings.smoothing,
        )
        if loss.requires_grad:
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._policy.parameters(), settings.clip)
            self._optimizer.step()
            self._follow(share)
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self, share: float) -> None:
        keep = min(self._settings.average, share * 20)  # at first the average is the weights
        for kept, new in zip(self._average.parameters(), self._policy.parameters(), strict=True):
            kept.lerp_(new, 1.0 - keep)

    def _score(self) -> float:
        """Score the averaged weights on what was held out, as `validation_score` says."""
        logits = logits_of(self._average, self._held_out, self._tokenizer)
        return validation_score(self._head_scores(logits, no_offsets(self._profile)))

    def _head_scores(
        self, logits: Mapping[str, Sequence[Tensor]], offsets: Offsets
    ) -> dict[str, HeadScore]:
        rate_hz = self._profile.capture.rate_hz
        return {
            head.name: score_head(
                head,
                decided(head, self._held_out, logits[head.name], offsets[head.name]),
                rate_hz=rate_hz,
            )
            for head in self._profile.heads
        }

    def _result(self, best_step: int, steps: int) -> Fitted:
        offsets, scores = no_offsets(self._profile), {}
        if self._held_out:
            logits = logits_of(self._average, self._held_out, self._tokenizer)
            if self._settings.tune_offsets:
                offsets = tuned_offsets(self._profile, self._held_out, logits)
            scores = self._head_scores(logits, offsets)
        return Fitted(
            policy=self._average,
            offsets=offsets,
            best_step=best_step,
            steps=steps,
            seconds=self._now_s() - self._began_s,
            ticks=self._ticks,
            history=tuple(self._history),
            scores=scores,
        )


def validation_score(scores: Mapping[str, HeadScore]) -> float:
    """Average macro-F1 and onset F1 over the heads; what is undefined is left out."""
    values = [value for score in scores.values() for value in (score.macro_f1, score.onset_f1)]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def _head_weights(
    passages: Sequence[Passage], profile: GameProfile, settings: FitSettings
) -> dict[str, Tensor]:
    weights = {}
    for head in profile.heads:
        counts = torch.zeros(len(head.names), dtype=torch.float64)
        for passage in passages:
            chosen = torch.from_numpy(passage.classes[head.name][passage.counts])
            counts += torch.bincount(chosen, minlength=len(head.names))
        weights[head.name] = class_weights(
            counts, beta=settings.balance_beta, cap=settings.balance_cap
        )
    return weights

"""Fit a policy to demonstrations: windows in, the best weights out."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor

from data.errors import CheckpointError
from data.profile import GameProfile
from models.decisions import Offsets, logits_of, no_offsets, tune, without_unlearned
from models.demonstrations import Demonstration
from models.distributed import World
from models.encoder import Encoder
from models.end_to_end import EndToEnd, begun, seen_through
from models.pictures import Pictures
from models.policy import Policy, threads
from models.policy_batches import Batch, Streams
from models.policy_learning import PolicyLearner, learning_rate
from models.policy_losses import class_weights, logit_adjustment
from models.policy_material import gather
from models.policy_metrics import HeadScore, validation_score
from models.policy_recipe import FitProgress, FitSettings
from models.policy_run import SAVE_EVERY_S, FitState, PolicyRun
from models.policy_store import Passage

_TOLD_EVERY = 10  # steps; about twice a second on two cores


@dataclass(frozen=True, slots=True)
class Fitted:
    """A policy and how it came out."""

    policy: Policy
    """On the CPU, in evaluation mode."""
    encoder: Encoder | None
    """What its features come from, on the CPU; None for the detector."""
    offsets: Offsets
    best_step: int
    steps: int
    seconds: float
    """Over all sittings."""
    ticks: int
    """Ticks learned from."""
    history: tuple[FitProgress, ...]
    """The looks at the validation recordings."""
    scores: dict[str, HeadScore]
    """Per head on the validation recordings; empty without, and in all processes but the first."""
    learned: tuple[Passage, ...]
    """What it learned from."""
    held_out: tuple[Passage, ...]
    """What it was scored on, with the features that it was shown."""
    stopped: bool
    """Whether a person stopped it early."""
    mirrored: bool
    """Whether it learned from flipped play as well."""


def fit_policy(
    training: Sequence[Demonstration],
    validation: Sequence[Demonstration],
    profile: GameProfile,
    settings: FitSettings,
    *,
    shift_ms: float,
    end_to_end: EndToEnd | None = None,
    world: World | None = None,
    dtype: torch.dtype | None = None,
    run: PolicyRun | None = None,
    resumed: tuple[FitState, dict[str, Tensor]] | None = None,
    on_progress: Callable[[FitProgress], None] = lambda progress: None,
    stop: Callable[[], bool] = lambda: False,
    now_s: Callable[[], float] = time.monotonic,
) -> Fitted:
    """Train until the steps are done, validation stops improving, or `stop` says so.

    Args:
        training: What is learned from.
        validation: What chooses the best weights; may be empty.
        profile: Of the game.
        settings: How to train.
        shift_ms: How much later the keys answer a picture.
        end_to_end: What settings that ask for it need; None for others.
        world: The processes that train as one, and their device; this process's CPU by default.
        dtype: Half precision, as `precision` returns it.
        run: The first process's run folder, where state and curves are kept; None keeps none.
        resumed: Where a training of the same settings was cut short; None begins anew.
        on_progress: Told about twice a second, and at each look.
        stop: Asked after every step; what was learned until then is kept.
        now_s: Clock of the durations.

    Raises:
        CheckpointError: What is resumed learned from something else.
        UnderstudyError: The loss is no number any more.
        ValueError: An encoder is to be trained and `end_to_end` is None, or the other way round.
    """
    if settings.end_to_end != (end_to_end is not None):
        raise ValueError("an encoder is given when, and only when, it is to be trained")
    with threads(end_to_end.threads if end_to_end else 1):
        fit = _Fit(
            training, validation, profile, settings,
            shift_ms=shift_ms, end_to_end=end_to_end, world=world or World(), dtype=dtype,
            run=run, now_s=now_s,
        )  # fmt: skip
        if resumed is not None:
            fit.restore(*resumed)
        return fit.run(on_progress, stop)


@dataclass(frozen=True, slots=True)
class _Best:
    score: float
    step: int
    weights: dict[str, Tensor]


class _Fit:
    def __init__(
        self,
        training: Sequence[Demonstration],
        validation: Sequence[Demonstration],
        profile: GameProfile,
        settings: FitSettings,
        *,
        shift_ms: float,
        end_to_end: EndToEnd | None,
        world: World,
        dtype: torch.dtype | None,
        run: PolicyRun | None,
        now_s: Callable[[], float],
    ) -> None:
        torch.manual_seed(settings.seed)
        self._now_s, self._began_s = now_s, now_s()
        self._settings, self._world, self._run = settings, world, run
        self._material = material = world.first_then_all(
            lambda: gather(training, validation, profile, settings, shift_ms=shift_ms)
        )
        shape = material.shape(settings)
        self._end_to_end = end_to_end
        self._pictures = Pictures(profile.capture.size)
        encoder = None
        if end_to_end is not None:
            encoder = begun(end_to_end.encoder, material.learned, self._pictures)
        # Nobody knows the mirror image of a map, but that of a picture.
        mirrored = settings.mirror and (settings.boxes or settings.end_to_end)
        self._mirrored = mirrored and profile.mirror is not None
        self._streams = Streams(
            material.learned,
            material.tokenizer,
            profile,
            streams=settings.streams,
            window=settings.window,
            windows_in_stretch=settings.windows_in_stretch,
            mirror=self._mirrored,
            use_features=shape.features > 0 and not settings.end_to_end,
            seed=settings.seed,
            idle_share=settings.idle_share,
            most_shift_px=settings.most_shift_px,
            previous_keys=settings.previous_keys,
            pictures=self._pictures if end_to_end else None,
            world=world,
        )
        counts = material.class_counts(mirrored=self._mirrored)
        self._learner = PolicyLearner(
            Policy(shape),
            settings,
            world,
            mine=self._streams.mine,
            class_weights={
                name: class_weights(n, beta=settings.balance_beta, cap=settings.balance_cap)
                for name, n in counts.items()
            },
            adjustment={
                name: logit_adjustment(n, tau=settings.adjustment, cap=settings.balance_cap)
                for name, n in counts.items()
            },
            encoder=encoder,
            dtype=dtype,
        )
        self._steps = settings.steps_for(sum(len(passage) for passage in material.learned))
        self._every = max(1, self._steps // settings.checks)
        self._step = 0
        self._losses: list[float] = []
        self._history: list[FitProgress] = []
        self._best: _Best | None = None
        self._saved_s = self._began_s

    def restore(self, state: FitState, tensors: Mapping[str, Tensor]) -> None:
        """Go on where a fit was cut short.

        Raises:
            CheckpointError: It learned from something else, or is of another policy.
        """
        if state.data != self._material.fingerprint:
            raise CheckpointError(
                "the training to resume was begun with other recordings, another detector or other "
                "code. Give the same files, or begin anew without --resume."
            )
        self._learner.restore(tensors, source="the training to resume")
        self._streams.skip(state.step)
        self._step, self._losses = state.step, list(state.losses)
        self._history = list(state.history)
        if state.best_score is not None and self._world.first:
            weights = {
                name.removeprefix("best."): tensor
                for name, tensor in tensors.items()
                if name.startswith("best.")
            }
            self._best = _Best(state.best_score, state.best_step, weights)
        self._began_s = self._now_s() - state.seconds

    def run(self, on_progress: Callable[[FitProgress], None], stop: Callable[[], bool]) -> Fitted:
        stopped = False
        left = self._steps - self._step
        with self._pictures, closing(self._streams.ahead(left)) as batches:
            for batch in batches:
                stopped = self._world.any(stop())
                share = self._share()
                if stopped or share >= 1.0 or self._is_stale():
                    break
                self._learn(batch, share)
                looked = self._step % self._every == 0 or self._step == self._steps
                if looked:
                    self._look(on_progress)
                elif self._step % _TOLD_EVERY == 0:
                    on_progress(self._progress(None))
                self._save(due=looked)
        self._save(due=stopped)  # before a look that an uninterrupted training would not take
        if self._losses:
            self._look(on_progress)
        return self._result(stopped=stopped)

    def _learn(self, batch: Batch, share: float) -> None:
        loss = self._learner.learn(self._step, share, batch)
        self._step += 1
        self._losses.append(loss)
        if self._run is not None:
            self._run.log(self._step, loss, learning_rate(self._settings, share))

    def _look(self, on_progress: Callable[[FitProgress], None]) -> None:
        """Score the averaged weights on what was held out; keep them if they are the best."""
        score = None
        material = self._material
        if material.held_out and self._world.first:
            logits = logits_of(self._learner.average, self._held_out(), material.tokenizer)
            score = validation_score(material.scores(logits, no_offsets(material.profile)))
            if self._best is None or score > self._best.score:
                self._best = _Best(score, self._step, self._learner.averaged())
        seen = self._progress(score)
        self._losses = []
        self._history.append(seen)
        if self._run is not None:
            self._run.look(seen)
        on_progress(seen)

    def _held_out(self) -> tuple[Passage, ...]:
        """Return what is scored, with the features of the averaged weights."""
        encoder, passages = self._learner.encoder_average, self._material.held_out
        if encoder is None or self._end_to_end is None:
            return passages
        with Pictures(self._material.profile.capture.size) as pictures:
            return seen_through(encoder, passages, pictures, self._end_to_end.folder)

    def _progress(self, score: float | None) -> FitProgress:
        loss = sum(self._losses) / len(self._losses)
        return FitProgress(self._step, self._steps, loss, score)

    def _save(self, *, due: bool) -> None:
        """Save what a training goes on from, when it is due or the last time is long ago."""
        due = due or self._now_s() - self._saved_s >= SAVE_EVERY_S
        if not self._world.any(self._run is not None and due):
            return
        tensors = self._learner.state()
        if self._run is None:
            return
        best = self._best
        tensors |= {f"best.{name}": w for name, w in (best.weights if best else {}).items()}
        state = FitState(
            self._step,
            self._seconds(),
            tuple(self._losses),
            tuple(self._history),
            best.score if best else None,
            best.step if best else 0,
            self._material.fingerprint,
        )
        self._run.save(state, tensors)
        self._saved_s = self._now_s()

    def _seconds(self) -> float:
        return self._now_s() - self._began_s

    def _share(self) -> float:
        """Return how much of the training is done: by steps, or by time where that is limited."""
        share = self._step / self._steps
        most = self._settings.most_seconds
        if most is None:
            return share
        spent = self._seconds() / most if self._world.first else 0.0
        return max(share, self._world.total(spent))

    def _is_stale(self) -> bool:
        wait = self._settings.patience * self._every
        return self._world.any(self._best is not None and self._step - self._best.step >= wait)

    def _result(self, *, stopped: bool) -> Fitted:
        if self._best is not None:
            self._learner.go_back(self._best.weights)
        material = self._material
        held_out = self._held_out() if self._world.first else material.held_out
        policy, encoder = self._learner.average.cpu(), self._learner.encoder_average
        offsets, logits = no_offsets(material.profile), None
        if held_out and self._world.first:
            if self._settings.tune_offsets:
                offsets, logits = tune(policy, held_out, material.tokenizer, material.profile)
            else:
                logits = logits_of(policy, held_out, material.tokenizer)
        offsets = without_unlearned(offsets, material.class_counts(mirrored=self._mirrored))
        return Fitted(
            policy=policy,
            encoder=None if encoder is None else encoder.cpu(),
            offsets=offsets,
            best_step=self._best.step if self._best else self._step,
            steps=self._step,
            seconds=self._seconds(),
            ticks=sum(int(passage.counts.sum()) for passage in material.learned),
            history=tuple(self._history),
            scores={} if logits is None else material.scores(logits, offsets),
            learned=material.learned,
            held_out=held_out,
            stopped=stopped,
            mirrored=self._mirrored,
        )

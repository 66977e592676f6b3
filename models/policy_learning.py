"""One step of a policy's training: windows in, gradients, optimiser, averaged weights."""

import copy
import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from data.errors import UnderstudyError
from models.checkpoint import select_weights
from models.distributed import World
from models.encoder import Encoder
from models.end_to_end import encoded
from models.policy import Drop, Policy, PolicyState, detached, restarted
from models.policy_batches import Batch
from models.policy_losses import policy_loss
from models.policy_recipe import FitSettings
from models.training_state import learned_tensors, restore_tensors

_WARM_UP = 0.05  # share of the training over which the learning rate rises
_LEAST_RATE = 0.02  # share of the height at the end
_ENCODER = "encoder."


def learning_rate(settings: FitSettings, share: float) -> float:
    """Return the learning rate after a share of the training: a linear rise, then half a cosine.

    Goyal et al. (2017), section 2.2; Loshchilov and Hutter (2017).
    """
    rise = min(1.0, share / _WARM_UP + 0.05)
    fall = _LEAST_RATE + (1.0 - _LEAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))
    return settings.learning_rate * rise * fall


class PolicyLearner:
    """A policy, its optimiser, its averaged weights, and what each stream remembers."""

    def __init__(
        self,
        policy: Policy,
        settings: FitSettings,
        world: World,
        *,
        mine: tuple[int, ...],
        class_weights: Mapping[str, Tensor],
        adjustment: Mapping[str, Tensor] | None = None,
        encoder: Encoder | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        """Take over a policy, on the world's device.

        Args:
            policy: What learns.
            settings: How.
            world: The processes that learn as one.
            mine: Which of all streams this process reads.
            class_weights: For each head `(classes,)`.
            adjustment: For each head `(classes,)`, see `logit_adjustment`; None for none.
            encoder: What the features are taken from, and what learns as well; None has them read.
            dtype: Half precision as `precision` returns it.
        """
        self.settings, self.world, self.dtype = settings, world, dtype
        self.policy = policy.to(world.device).train()
        self.encoder = encoder
        if encoder is not None:
            encoder.to(world.device)
            encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            world.copy_first(encoder.buffers())
        world.copy_first([p for learned in self._learned() for p in learned])
        self.average = copy.deepcopy(self.policy).eval()
        self.encoder_average = copy.deepcopy(self.encoder)
        self._mine = list(mine)
        self._class_weights = {name: w.to(world.device) for name, w in class_weights.items()}
        self._adjustment = {name: a.to(world.device) for name, a in (adjustment or {}).items()}
        self._memory: PolicyState | None = None
        shares = (1.0, settings.encoder_rate)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": learned, "share": share}
                for learned, share in zip(self._learned(), shares, strict=False)
            ],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.scaler = torch.amp.GradScaler(world.device.type, enabled=dtype is torch.float16)

    def learn(self, step: int, share: float, batch: Batch) -> float:
        """Take one step on this process's share of a batch; return the whole batch's loss.

        The gradient reaches back to the beginning of the window, what is remembered further
        (truncated back-propagation through time, Williams and Peng 1990).

        Args:
            step: Its number; dropout follows from it.
            share: How much of the training is done.
            batch: The next window of every stream of this process.

        Raises:
            UnderstudyError: The loss is no number any more.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, share) * group["share"]
        total = self.world.total(float(batch.weights.sum()))
        loss = self._loss(step, batch, total)
        value = self.world.total(float(loss.detach()))
        if not math.isfinite(value):
            raise UnderstudyError(
                f"the loss is {value} at step {step + 1}: training came apart. "
                "Begin anew with a lower --learning-rate, or with --amp off."
            )
        if total > 0:
            self._improve(loss, share)
        return value

    def _loss(self, step: int, batch: Batch, total: float) -> Tensor:
        device = self.world.device
        memory = self._memory
        if memory is not None:
            memory = restarted(memory, batch.fresh.to(device))
        with torch.autocast(device.type, dtype=self.dtype, enabled=self.dtype is not None):
            logits, after = self.policy(
                batch.tokens.to(device),
                self._features(batch),
                memory,
                drop=self._drop(step),
            )
        self._memory = {
            name: (hidden.float(), cell.float()) for name, (hidden, cell) in detached(after).items()
        }
        return policy_loss(
            {name: of_head.float() for name, of_head in logits.items()},
            {name: labels.to(device) for name, labels in batch.classes.items()},
            batch.weights.to(device),
            class_weights=self._class_weights,
            smoothing=self.settings.smoothing,
            adjustment=self._adjustment or None,
            total=total,
        )

    def _features(self, batch: Batch) -> Tensor | None:
        if self.encoder is not None and batch.pictures is not None:
            return encoded(self.encoder, batch.pictures.to(self.world.device), batch.colours)
        return None if batch.features is None else batch.features.to(self.world.device)

    def _improve(self, loss: Tensor, share: float) -> None:
        self.optimiser.zero_grad()
        torch.autograd.backward(self.scaler.scale(loss))
        self.world.sum_gradients(p for learned in self._learned() for p in learned)
        self.scaler.unscale_(self.optimiser)
        for learned in self._learned():
            nn.utils.clip_grad_norm_(learned, self.settings.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        keep = min(self.settings.average, share * 20)  # at first the average is the weights
        with torch.no_grad():
            for average, network in self._pairs():
                for kept, new in zip(average.parameters(), network.parameters(), strict=True):
                    kept.lerp_(new, 1.0 - keep)

    def _drop(self, step: int) -> Drop:
        """Return a step's dropout: masks of all streams, of which this process takes its own."""
        seed = np.random.SeedSequence((self.settings.seed, step)).generate_state(1, np.uint64)[0]
        randoms = torch.Generator(self.world.device)
        randoms.manual_seed(int(seed >> np.uint64(1)))

        def drop(numbers: Tensor, share: float) -> Tensor:
            if share <= 0:
                return numbers
            shape = (self.settings.streams, *numbers.shape[1:])
            chance = torch.rand(shape, generator=randoms, device=numbers.device)[self._mine]
            return numbers * (chance >= share).to(numbers.dtype) / (1.0 - share)

        return drop

    def averaged(self) -> dict[str, Tensor]:
        """Return a copy of the averaged weights on the CPU; the encoder's begin with `encoder.`."""
        found = dict(self.average.state_dict())
        if self.encoder_average is not None:
            weights = self.encoder_average.state_dict()
            found |= {f"{_ENCODER}{name}": tensor for name, tensor in weights.items()}
        return {name: tensor.cpu().clone() for name, tensor in found.items()}

    def go_back(self, averaged: Mapping[str, Tensor]) -> None:
        """Take back averaged weights, as `averaged` returned them."""
        policy = {name: w for name, w in averaged.items() if not name.startswith(_ENCODER)}
        self.average.load_state_dict(policy)
        if self.encoder_average is not None:
            self.encoder_average.load_state_dict(select_weights(averaged, _ENCODER))

    def state(self) -> dict[str, Tensor]:
        """Return all that `restore` needs, as named tensors; every process must ask."""
        found = learned_tensors(self._modules(), self.optimiser, self.scaler)
        for name, parts in (self._memory or {}).items():
            for what, part in zip(("hidden", "cell"), parts, strict=True):
                shape = (part.shape[0], self.settings.streams, part.shape[2])
                whole = torch.zeros(shape, device=part.device)
                whole[:, self._mine] = part
                found[f"memory.{what}.{name}"] = self.world.summed(whole)
        return found

    def restore(self, state: Mapping[str, Tensor], *, source: str) -> None:
        """Go on where `state` was taken, by however many processes.

        Raises:
            CheckpointError: It is of another policy.
        """
        restore_tensors(state, self._modules(), self.optimiser, self.scaler, source=source)
        device = self.world.device
        memory = {}
        for name, _ in self.policy.settings.heads:
            if f"memory.hidden.{name}" in state:
                hidden, cell = (
                    state[f"memory.{what}.{name}"][:, self._mine].to(device)
                    for what in ("hidden", "cell")
                )
                memory[name] = (hidden, cell)
        self._memory = memory or None

    def _learned(self) -> list[list[nn.Parameter]]:
        """List what learns: the policy's parameters, then the encoder's if there is one."""
        networks = filter(None, (self.policy, self.encoder))
        return [[p for p in network.parameters() if p.requires_grad] for network in networks]

    def _pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """List averaged networks, each with the one that learns."""
        pairs: list[tuple[nn.Module, nn.Module]] = [(self.average, self.policy)]
        if self.encoder is not None and self.encoder_average is not None:
            pairs.append((self.encoder_average, self.encoder))
        return pairs

    def _modules(self) -> dict[str, nn.Module]:
        names = (("average", "policy"), ("encoder_average", "encoder"))
        return {
            name: network
            for of_pair, pair in zip(names, self._pairs(), strict=False)
            for name, network in zip(of_pair, pair, strict=True)
        }

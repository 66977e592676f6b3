"""One step of a detector's training: forward, loss, gradients, optimiser, averaged weights."""

from copy import deepcopy
from math import cos, isfinite, pi
from typing import Any

import torch
from torch import Tensor, nn

from data.errors import UnderstudyError
from models.detector_data import Batch
from models.detector_recipe import DetectorTrainingSettings
from models.distributed import World
from models.losses import multibox_loss
from models.ssd import Detector
from models.training_state import learned_tensors, restore_tensors

_WARM_UP = 0.05  # share of the steps over which the learning rate rises
_CLIP_NORM = 5.0
_NORM_MOMENTUM = 0.05  # torchvision's 0.01 suits training that is a hundred times as long


def schedule(step: int, steps: int) -> float:
    """Learning rate as a share of its peak: a linear rise, half a cosine to 0.01."""
    rise = max(1, round(_WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.01 + 0.99 * (1 + cos(pi * (step - rise) / max(1, steps - rise))) / 2


class Learner:
    """The detector, its optimiser and its averaged weights."""

    def __init__(
        self,
        detector: Detector,
        settings: DetectorTrainingSettings,
        world: World,
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        """Take over a detector, on the world's device; `dtype` as `precision` returns it."""
        self.settings, self.world, self.dtype = settings, world, dtype
        self.detector = detector.train()
        self.detector.to(world.device)
        self.detector.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for module in detector.modules():
            if isinstance(module, nn.BatchNorm2d):
                _prepare_norm(module, frozen=settings.freeze_norm)
        world.copy_first([*detector.parameters(), *detector.buffers()])
        self.average = deepcopy(self.detector)
        learned = [p for p in detector.parameters() if p.requires_grad]
        groups: list[dict[str, Any]] = [
            {"params": [p for p in learned if p.ndim > 1]},
            {"params": [p for p in learned if p.ndim == 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        self.scaler = torch.amp.GradScaler(world.device.type, enabled=dtype is torch.float16)

    def learn(self, step: int, batch: Batch) -> float:
        """Take one step on this process's share of a batch; return the whole batch's loss.

        Raises:
            UnderstudyError: The loss is no number any more.
        """
        rate = self.settings.learning_rate * schedule(step, self.settings.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._loss(batch)
        value = self.world.total(float(loss.detach()))
        if not isfinite(value):
            raise UnderstudyError(
                f"the loss is {value} at step {step + 1}: training came apart. "
                "Begin anew with a lower --learning-rate, or with --amp off."
            )
        self.optimiser.zero_grad()
        torch.autograd.backward(self.scaler.scale(loss))
        self.world.sum_gradients(self.detector.parameters())
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.detector.parameters(), _CLIP_NORM)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self._update_average(step)
        return value

    def _loss(self, batch: Batch) -> Tensor:
        device = self.world.device
        images = batch.images.to(device, non_blocking=True)
        with torch.autocast(device.type, dtype=self.dtype, enabled=self.dtype is not None):
            output = self.detector(images)
        return multibox_loss(
            output.logits.float(),
            output.deltas.float(),
            batch.labels.to(device),
            batch.targets.to(device),
            focal=self.settings.loss == "focal",
            positives=self.world.total(len(batch.targets)),
        ).total

    def _update_average(self, step: int) -> None:
        decay = min(self.settings.ema_decay, (1 + step) / (10 + step))  # young averages move fast
        mine, theirs = self.average.state_dict(), self.detector.state_dict()
        with torch.no_grad():
            for name, tensor in mine.items():
                if tensor.is_floating_point():
                    tensor.lerp_(theirs[name], 1 - decay)
                else:
                    tensor.copy_(theirs[name])

    def state(self) -> dict[str, Tensor]:
        """Return all that `restore` needs, as named tensors."""
        return learned_tensors(self._modules(), self.optimiser, self.scaler)

    def restore(self, state: dict[str, Tensor], *, source: str) -> None:
        """Go on where `state` was taken.

        Raises:
            CheckpointError: It is of another detector.
        """
        restore_tensors(state, self._modules(), self.optimiser, self.scaler, source=source)

    def _modules(self) -> dict[str, nn.Module]:
        return {"detector": self.detector, "average": self.average}


def _prepare_norm(module: nn.BatchNorm2d, *, frozen: bool) -> None:
    module.momentum = 0.0 if frozen else _NORM_MOMENTUM
    if frozen:
        module.eval()
        for parameter in module.parameters():
            parameter.requires_grad_(False)

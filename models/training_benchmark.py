"""How fast a policy learns, beside a bare PyTorch loop over one batch that lies in memory."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from data.keys import KeyEvent
from data.machine import machine
from data.profile import GameProfile
from models.demonstrations import Demonstration
from models.distributed import World
from models.encoder import GRID
from models.features import keep_sights
from models.perception import Sight
from models.policy import Policy, PolicySettings
from models.policy_fitting import fit_policy
from models.policy_material import gather
from models.policy_recipe import FitSettings
from models.ssd import Detector

PIECE = 20  # steps that one way takes before the other has its turn: noise meets both alike
_TICKS = 2000  # made up where nothing is given
_REACTION_MS = 150.0
_WITHOUT_END = 10**7  # steps; the time ends it


def bench_train(
    demonstrations: Sequence[Demonstration],
    profile: GameProfile,
    *,
    seconds: float,
    device: torch.device,
    show: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Mapping[str, Any]:
    """Train as `train policy` does, feeding and all, in turns with a bare loop, in full precision.

    The bare loop is forward, cross-entropy, backward and AdamW, on the same network and a batch of
    the same shape: no feeding, no dropout, no memory, no averaged weights.

    Args:
        demonstrations: What is learned from.
        profile: Of the game.
        seconds: How long to measure.
        device: Where both learn.
        show: Told the share done, from 0 to 1.
        stop: Asked between steps.

    Returns:
        What `understudy bench train --json` prints; empty when stopped.

    Raises:
        RecordingError: There is no room on the disk.
    """
    fit = replace(FitSettings(), steps=_WITHOUT_END)
    shape = gather(demonstrations, (), profile, fit, shift_ms=_REACTION_MS).shape(fit)
    turns = _Turns(_Bare(shape, fit, device), seconds=seconds, show=show, stop=stop)
    fit_policy(
        demonstrations,
        (),
        profile,
        fit,
        shift_ms=_REACTION_MS,
        world=World(device=device),
        stop=turns,
    )
    if not turns.done:
        return {}
    ours, bare = turns.rates()
    ticks = fit.streams * fit.window
    return {
        "ours": {"steps_per_s": round(ours, 2), "ticks_per_s": round(ours * ticks)},
        "reference": {"name": "bare PyTorch", "steps_per_s": round(bare, 2)},
        "ratio": round(ours / bare, 3),
        "recordings": [one.name for one in demonstrations],
        "batch": {"streams": fit.streams, "window": fit.window, "tokens": shape.tokens},
        "steps": turns.steps,
        "machine": machine(device=device.type, torch=torch.__version__),
    }


class _Bare:
    """One step of a loop as a tutorial would write it."""

    def __init__(self, shape: PolicySettings, fit: FitSettings, device: torch.device) -> None:
        self._policy = Policy(shape).to(device).train()
        self._optimiser = torch.optim.AdamW(self._policy.parameters(), lr=1e-6)
        size = (fit.streams, fit.window)
        self._tokens = torch.randn(*size, shape.tokens, device=device)
        self._features = torch.randn(*size, shape.features, device=device)
        self._labels = {n: torch.randint(c, size, device=device) for n, c in shape.heads}

    def __call__(self) -> None:
        logits, _ = self._policy(self._tokens, self._features, None)
        losses = [
            nn.functional.cross_entropy(of_head.flatten(0, 1), self._labels[name].flatten())
            for name, of_head in logits.items()
        ]
        loss = torch.stack(losses).sum()
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()
        loss.item()  # as a loop that tells its loss does; ours looks at it on every step, too


class _Turns:
    """Asked before each step of ours whether to stop; lets the bare loop take its turns."""

    def __init__(
        self,
        bare: Callable[[], None],
        *,
        seconds: float,
        show: Callable[[float], None],
        stop: Callable[[], bool],
    ) -> None:
        self._bare, self._seconds, self._show, self._stop = bare, seconds, show, stop
        self._asked = 0
        self._since_s = 0.0
        self._spent_s = [0.0, 0.0]
        self.steps = 0
        """Steps of each way that were measured; the first turn of each only warms up."""
        self.done = False

    def __call__(self) -> bool:
        if self._asked % PIECE == 0:
            ours_s = time.perf_counter() - self._since_s
            began_s = time.perf_counter()
            for _ in range(PIECE):
                self._bare()
            if self._asked > PIECE:
                self._spent_s[0] += ours_s
                self._spent_s[1] += time.perf_counter() - began_s
                self.steps += PIECE
                self._show(min(1.0, sum(self._spent_s) / self._seconds))
            self._since_s = time.perf_counter()
        self._asked += 1
        self.done = sum(self._spent_s) >= self._seconds
        return self.done or self._stop()

    def rates(self) -> tuple[float, float]:
        """Return steps a second, of ours and of the bare loop."""
        ours_s, bare_s = self._spent_s
        return self.steps / ours_s, self.steps / bare_s


def made_up(profile: GameProfile, detector: Detector, folder: Path) -> Demonstration:
    """Make up a demonstration of the shape that a recording of the profile's game has.

    Args:
        profile: Of the game.
        detector: Whose features it has the number of.
        folder: Where what is seen is written.
    """
    rng = np.random.default_rng(0)
    tick_ns = round(1e9 / profile.capture.rate_hz)
    keys = [key for head in profile.heads for chord in head.chords for key in chord]
    events = []
    for number, at in enumerate(range(0, _TICKS, 10)):
        key = keys[number % len(keys)]
        events += [KeyEvent(at * tick_ns, key, True), KeyEvent((at + 5) * tick_ns, key, False)]
    seen = keep_sights(
        _sights(profile, detector.settings.width * GRID[0] * GRID[1], rng),
        source=Path("made up.h5"),
        frames=np.arange(_TICKS, dtype=np.int64),
        folder=folder,
        key="made-up",
    )
    return Demonstration(
        name="made up",
        seen=seen,
        times_ns=np.arange(_TICKS, dtype=np.int64) * tick_ns,
        events=tuple(events),
        counts=np.ones(_TICKS, dtype=np.bool_),
        segments=((0, _TICKS),),
    )


def _sights(profile: GameProfile, features: int, rng: np.random.Generator) -> Iterator[Sight]:
    """Let as many objects as the profile tells of wander about."""
    kinds = np.repeat(np.arange(len(profile.objects)), [kind.most for kind in profile.objects])
    width, height = profile.capture.width_px, profile.capture.height_px
    corners = rng.uniform((0, 0), (width - 16, height - 16), (len(kinds), 2))
    for _ in range(_TICKS):
        corners = np.clip(corners + rng.normal(0, 2, corners.shape), 0, (width - 16, height - 16))
        boxes = np.concatenate([corners, corners + 16], axis=1).astype(np.float32)
        scores = np.full(len(kinds), 0.9, dtype=np.float32)
        yield Sight(boxes, kinds, scores, rng.normal(size=features).astype(np.float32))

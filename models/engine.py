"""Play a run: one frame in, one decision out, the LSTM's state carried from tick to tick."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from data.errors import CheckpointError
from data.frames import FrameSize, Image
from data.profile import GameProfile
from models.checkpoint import RunFiles, load_run, require_profile, select_weights
from models.decisions import Offsets
from models.features import Eyes
from models.perception import GRAPH_NAME, Engine, Perception, Sight, build_detector
from models.policy import Policy, PolicySettings, PolicyState
from models.tokens import Tokenizer, TokenState


@dataclass(frozen=True, slots=True)
class TickDecision:
    """What a policy says about one frame."""

    probabilities: dict[str, npt.NDArray[np.float32]]
    """For each head `(classes,)`, thresholds for rare classes already applied."""
    sight: Sight
    """What was seen."""
    encode_ns: int
    """Time spent seeing."""
    decide_ns: int
    """Time spent deciding."""


class PolicyRunner:
    """A policy at play. It belongs to one thread."""

    def __init__(
        self,
        profile: GameProfile,
        policy: Policy,
        offsets: Offsets,
        eyes: Eyes,
        *,
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.profile = profile
        self._policy = policy.eval()
        self._offsets = offsets
        self._eyes = eyes
        self._now_ns = now_ns
        self._tokenizer = Tokenizer(profile, profile.capture.size)
        self._seen: TokenState | None = None
        self._state: PolicyState | None = None

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        profile: GameProfile | None = None,
        engine: Engine = "auto",
        threads: int = 1,
    ) -> "PolicyRunner":
        """Rebuild a policy and its detector from a run folder.

        Args:
            folder: The run folder.
            profile: Of the game to be played, which the run must fit; None for the run's own.
            engine: What runs the detector; `auto` prefers ONNX Runtime.
            threads: CPU threads of the detector. At 20 frames a second two took a third longer
                than one (4.0 beside 3.0 ms): waking the second costs more than it does.

        Raises:
            CheckpointError: The folder holds no policy, it is damaged, or doesn't fit the profile.
        """
        run = load_run(folder, kind="policy")
        if profile is not None:
            require_profile(run.config, profile, source=str(folder))
        policy, offsets = policy_of(run)
        eyes = perception_of(run, folder, engine=engine, threads=threads)
        if eyes.engine == "onnx":
            # PyTorch is left with the policy, 0.6 ms on one thread. Two threads, with the game
            # beside them, wait for each other: up to 200 ms.
            torch.set_num_threads(1)
        return cls(run.profile, policy, offsets, eyes)

    @property
    def rate_hz(self) -> float:
        """The rate it was trained at, and is played at."""
        return self.profile.capture.rate_hz

    @property
    def size(self) -> FrameSize:
        """The size of the frames it sees."""
        return self.profile.capture.size

    def reset(self) -> None:
        """Forget what has been seen, as before a new match."""
        self._seen = None
        self._state = None

    def step(self, image: Image) -> TickDecision:
        """Take in the next frame, BGR, fitted to `size`."""
        began_ns = self._now_ns()
        sight = self._eyes.see(image)
        seen_ns = self._now_ns()
        probabilities = self._decide(sight)
        return TickDecision(probabilities, sight, seen_ns - began_ns, self._now_ns() - seen_ns)

    @torch.inference_mode()
    def _decide(self, sight: Sight) -> dict[str, npt.NDArray[np.float32]]:
        vector, self._seen = self._tokenizer.step(sight, self._seen)
        features = None
        if self._policy.settings.features:
            # float16, as the policy learned them from the cache
            pooled = sight.features.astype(np.float16).astype(np.float32)
            features = torch.from_numpy(pooled)[None]
        logits, self._state = self._policy.step(
            torch.from_numpy(vector)[None], features, self._state
        )
        return {
            name: torch.softmax(of_head[0] + self._offsets[name], dim=0).numpy()
            for name, of_head in logits.items()
        }


def policy_of(run: RunFiles) -> tuple[Policy, Offsets]:
    """Rebuild a run's policy and its offsets.

    Raises:
        CheckpointError: The run is damaged.
    """
    try:
        values = dict(run.config["settings"]["policy"])
        values["heads"] = tuple((str(name), int(size)) for name, size in values["heads"])
        policy = Policy(PolicySettings(**values))
        policy.load_state_dict(select_weights(run.weights, "policy."))
        offsets = {
            name: torch.tensor(run.config["offsets"][name], dtype=torch.float32)
            for name, _ in policy.settings.heads
        }
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{run.source}: its policy can't be rebuilt ({_first_line(error)}). Train it again."
        ) from error
    return policy.eval(), offsets


def perception_of(run: RunFiles, folder: Path, *, engine: Engine, threads: int) -> Perception:
    """Rebuild a run's eyes; the exported graph is kept in the folder.

    Raises:
        CheckpointError: The run is damaged.
    """
    settings = run.config["settings"].get("detector")
    if not isinstance(settings, dict):
        raise CheckpointError(f"{run.source}: it holds no detector's settings. Train it again.")
    detector = build_detector(settings, select_weights(run.weights, "detector."), source=run.source)
    return Perception(detector, engine=engine, threads=threads, cache=folder / GRAPH_NAME)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

"""Play a run: one frame in, one decision out, the LSTM's state carried from tick to tick."""

import copy
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from data.errors import CheckpointError, UnderstudyError
from data.frames import FrameSize, Image
from data.keys import class_of
from data.profile import GameProfile
from models.checkpoint import (
    RunFiles,
    RunIdentity,
    load_run,
    require_profile,
    run_fingerprint,
    select_weights,
)
from models.decisions import Offsets
from models.encoder import build_encoder
from models.engines import Choice, Device, Engine, choose
from models.features import Eyes
from models.object_encoder import TokenLayout
from models.perception import GRAPH_NAME, Perception, Sight, build_detector
from models.policy import Policy, PolicySettings
from models.policy_graph import POLICY_GRAPH_NAME, PolicyStep
from models.previous_keys import Classes, PreviousKeys
from models.rebuilding import rebuilt
from models.tokens import Array, Tokenizer, TokenState

_PLAIN = Choice("torch", "cpu")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TickDecision:
    """What a policy says about one frame."""

    probabilities: dict[str, npt.NDArray[np.float32]]
    """For each head `(classes,)`, thresholds for rare classes already applied."""
    sight: Sight
    """What was seen."""
    encode_ns: int
    """Time spent seeing; the rest of the step was spent deciding."""


class PolicyRunner:
    """A policy at play. It belongs to one thread."""

    def __init__(
        self,
        profile: GameProfile,
        policy: Policy,
        offsets: Offsets,
        eyes: Eyes,
        *,
        identity: RunIdentity | None = None,
        choice: Choice = _PLAIN,
        cache: Path | None = None,
        now_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Prepare a policy.

        Args:
            profile: Names heads and objects.
            policy: Decides.
            offsets: Added to its logits.
            eyes: What sees.
            identity: Of its run; None for one that was never saved.
            choice: What runs the policy.
            cache: Where its exported graph is kept, see `PolicyStep`.
            now_ns: Tells how long things take.
        """
        self.profile = profile
        self.identity = identity
        self._shape = policy.settings
        self._policy = PolicyStep(policy.eval(), offsets, choice=choice, cache=cache)
        self._eyes = eyes
        self._now_ns = now_ns
        self._tokenizer = Tokenizer(profile, profile.capture.size)
        self._previous = PreviousKeys(policy.settings.heads)
        self.reset()

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        profile: GameProfile | None = None,
        engine: Engine = "auto",
        device: Device = "auto",
        threads: int = 1,
    ) -> "PolicyRunner":
        """Rebuild a policy and its detector from a run folder.

        Args:
            folder: The run folder.
            profile: Of the game to be played, which the run must fit; None for the run's own.
            engine: What runs detector and policy; `auto` prefers PyTorch on a GPU that it reaches
                through CUDA, else ONNX Runtime.
            device: Where they run; `auto` for the best there is.
            threads: CPU threads of the detector. At 20 frames a second two took a third longer
                than one (4.0 beside 3.0 ms): waking the second costs more than it does.

        Raises:
            CheckpointError: The folder holds no policy, it is damaged, or doesn't fit the profile.
            UnderstudyError: The engine or device that was asked for is not there.
        """
        run = load_run(folder, kind="policy")
        if profile is not None:
            require_profile(run.config, profile, source=str(folder))
        choice = choose(engine, device)
        try:
            return cls._started(run, folder, choice, threads)
        except RuntimeError as error:  # such as a GPU whose memory the game has taken
            if not choice.is_pytorch_on_gpu:
                raise
            reason = f"PyTorch's CUDA engine does not start ({_first_line(error).rstrip('.')})"
            if engine != "auto" or device != "auto":
                raise UnderstudyError(f"{reason}. Leave out --engine and --device.") from error
            _log.warning("%s. Played without it.", reason)
            return cls._started(run, folder, choose("auto", "cpu"), threads)

    @classmethod
    def _started(cls, run: RunFiles, folder: Path, choice: Choice, threads: int) -> "PolicyRunner":
        policy, offsets = policy_of(run)
        eyes = perception_of(
            run, folder, engine=choice.engine, device=choice.device, threads=threads
        )
        identity = RunIdentity(
            folder.resolve(),
            run_fingerprint(run),
            str(run.config.get("revision", "")),
            eyes.described,
        )
        return cls(
            run.profile,
            policy,
            offsets,
            eyes,
            identity=identity,
            choice=choice,
            cache=folder / POLICY_GRAPH_NAME,
        )

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
        self._seen: TokenState | None = None
        self._memory: Array | None = None
        self._held: Classes | None = self._previous.untold(1)

    def note(self, held: frozenset[str]) -> None:
        """Tell which keys are held since the last frame was decided on.

        A policy trained without previous keys takes no notice.
        """
        self._held = {head.name: np.array([class_of(head, held)]) for head in self.profile.heads}

    def step(self, image: Image) -> TickDecision:
        """Take in the next frame, BGR, fitted to `size`."""
        began_ns = self._now_ns()
        sight = self._eyes.see(image)
        encode_ns = self._now_ns() - began_ns
        return TickDecision(self.decide(sight), sight, encode_ns)

    def see(self, image: Image) -> Sight:
        """Look at a frame, BGR, fitted to `size`, and remember nothing of it."""
        return self._eyes.see(image)

    def fork(self) -> "PolicyRunner":
        """Return one that remembers the same, and from here on goes its own way."""
        return copy.copy(self)  # what is remembered is replaced on every step, never changed

    def decide(self, sight: Sight) -> dict[str, npt.NDArray[np.float32]]:
        """Take in what was seen next: for each head the probabilities `(classes,)`."""
        vector, self._seen = self._tokenizer.step(sight, self._seen)
        told = [vector] if self._shape.tokens else []
        if self._shape.previous_keys:
            told.append(self._told())
        if self._shape.features:
            # float16, as the policy learned them from the cache
            told.append(sight.features.astype(np.float16).astype(np.float32))
        probabilities, self._memory = self._policy(told, self._memory)
        return probabilities

    def _told(self) -> Array:
        """Use up what `note` told."""
        held, self._held = self._held, None
        if held is None:
            raise UnderstudyError(
                f"the policy for {self.profile.name} was trained with the keys of the tick before "
                "and isn't told them. Whoever plays it calls note() after each decision."
            )
        numbers: Array = self._previous.describe(held)[0]
        return numbers


def policy_of(run: RunFiles) -> tuple[Policy, Offsets]:
    """Rebuild a run's policy and its offsets.

    Raises:
        CheckpointError: The run is damaged.
    """
    try:
        values = dict(run.config["settings"]["policy"])
        values["heads"] = tuple((str(name), int(size)) for name, size in values["heads"])
        if values["layout"] is not None:
            values["layout"] = TokenLayout(**values["layout"])
        settings = PolicySettings(**values)
        _require_shape(settings, run.profile)
        policy = rebuilt(lambda: Policy(settings), select_weights(run.weights, "policy."))
        offsets = {
            name: torch.tensor(run.config["offsets"][name], dtype=torch.float32)
            for name, _ in settings.heads
        }
        for name, size in settings.heads:
            if offsets[name].shape != (size,):
                raise ValueError(f"head {name} has {size} classes, and other offsets")
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise CheckpointError(
            f"{run.source}: its policy can't be rebuilt ({_first_line(error)}). Train it again."
        ) from error
    return policy, offsets


def _require_shape(settings: PolicySettings, profile: GameProfile) -> None:
    """Check that a policy takes what its profile has to tell, and decides what it has to decide."""
    heads = tuple((head.name, len(head.names)) for head in profile.heads)
    tokenizer = Tokenizer(profile, profile.capture.size)
    told = PreviousKeys(heads).length if settings.previous_keys else 0
    wanted = (heads, tokenizer.length + told if settings.tokens else 0)
    if (settings.heads, settings.tokens) != wanted:
        raise ValueError(f"its profile makes (heads, tokens) {wanted}")
    if settings.layout not in (None, tokenizer.layout):
        raise ValueError(f"its profile lays tokens out as {tokenizer.layout}")


def perception_of(
    run: RunFiles, folder: Path, *, engine: Engine, threads: int, device: Device = "cpu"
) -> Perception:
    """Rebuild a run's eyes; the exported graph is kept in the folder.

    Raises:
        CheckpointError: The run is damaged.
    """
    settings = run.config["settings"].get("detector")
    if not isinstance(settings, dict):
        raise CheckpointError(f"{run.source}: it holds no detector's settings. Train it again.")
    detector = build_detector(settings, select_weights(run.weights, "detector."), source=run.source)
    frame, names = run.profile.capture.size, run.profile.object_names
    if detector.settings.size != (frame.height_px, frame.width_px):
        raise CheckpointError(f"{run.source}: its detector sees other frames than its profile's.")
    if detector.settings.class_names != names:
        raise CheckpointError(f"{run.source}: its detector sees other objects than its profile's.")
    encoder = build_encoder(
        detector.settings, select_weights(run.weights, "encoder."), source=run.source
    )
    return Perception(
        detector,
        encoder=encoder,
        engine=engine,
        device=device,
        threads=threads,
        cache=folder / GRAPH_NAME,
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

"""One step of a policy as play needs it: one vector in, probabilities and a memory out.

Measured on one core of two (embed 192, hidden 128, two layers, three heads): 0.14 ms in ONNX
Runtime, 1.0 ms in eager PyTorch. Cells written out as matrix products took 0.13 ms: not worth a
second way to compute an LSTM.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from data.errors import UnderstudyError
from models.decisions import Offsets
from models.engines import Choice, onnxruntime
from models.onnx_engine import open_cached, to_onnx
from models.policy import Policy, PolicyState
from models.torch_engine import TorchEngine

Array = npt.NDArray[np.float32]
POLICY_GRAPH_NAME = "policy.onnx"
_FORM = 1  # of the graph; graphs of another form are made again


class PolicyGraph(nn.Module):
    """A policy with its offsets, from one vector to two.

    Args:
        policy: Used as it is, not copied.
        offsets: Added to the logits.
    """

    offsets: Tensor

    def __init__(self, policy: Policy, offsets: Offsets) -> None:
        super().__init__()
        self.policy = policy
        shape = policy.settings
        added = [offsets[name] for name, _ in shape.heads]
        self.register_buffer("offsets", torch.cat(added), persistent=False)
        self.seen = shape.tokens + shape.features
        """Numbers of a frame."""
        self.remembered = len(shape.heads) * 2 * shape.layers * shape.hidden
        """Numbers of a memory."""
        self.eval()

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        """Map tokens, features and memory, end to end `(N,)`, to probabilities and memory.

        The probabilities of all heads follow one another, as do the memories; a fresh memory is
        all zeros.
        """
        shape = self.policy.settings
        tokens, features = given[: shape.tokens], given[shape.tokens : self.seen]
        logits, after = self.policy.step(
            tokens[None], features[None] if shape.features else None, self._state(given)
        )
        chances, start = [], 0
        for name, size in shape.heads:
            chances.append(torch.softmax(logits[name][0] + self.offsets[start : start + size], 0))
            start += size
        memory = [part.flatten() for state in after.values() for part in state]
        return torch.cat(chances), torch.cat(memory)

    def _state(self, given: Tensor) -> PolicyState:
        shape = self.policy.settings
        of_heads = given[self.seen :].view(len(shape.heads), 2, shape.layers, 1, shape.hidden)
        return {name: (of_heads[i, 0], of_heads[i, 1]) for i, (name, _) in enumerate(shape.heads)}


class PolicyStep:
    """A policy made ready for one frame at a time; not thread-safe.

    On ONNX Runtime it stays on the processor, whatever runs the detector: it is so small that the
    way to another device and back would take longer. One thread: waking a second costs more.

    Args:
        policy: Copied, or used as it is by PyTorch.
        offsets: Added to its logits.
        choice: What runs it.
        cache: Where an exported graph is kept; None keeps it in memory only.
    """

    def __init__(
        self, policy: Policy, offsets: Offsets, *, choice: Choice, cache: Path | None = None
    ) -> None:
        graph = PolicyGraph(policy, offsets)
        self._heads = policy.settings.heads
        self._ends = np.cumsum([size for _, size in self._heads])[:-1].tolist()
        self._fresh = np.zeros(graph.remembered, dtype=np.float32)
        self._run = _engine(graph, choice, cache)

    def __call__(
        self, seen: Sequence[Array], memory: Array | None
    ) -> tuple[dict[str, Array], Array]:
        """Decide on one frame.

        Args:
            seen: Tokens `(tokens,)`, then features `(features,)` if the policy takes them.
            memory: What the step before returned; None is fresh.

        Returns:
            For each head the probabilities `(classes,)`, and a new memory.
        """
        given = np.concatenate([*seen, self._fresh if memory is None else memory])
        chances, after = self._run(given)
        parts = np.split(chances, self._ends)
        return {name: part for (name, _), part in zip(self._heads, parts, strict=True)}, after


def export_for_play(
    policy: Policy, offsets: Offsets, folder: Path, *, warn: Callable[[str], None]
) -> None:
    """Put the graph that ONNX Runtime plays beside a run's checkpoint, where that is installed.

    Args:
        policy: The run's.
        offsets: The run's.
        folder: The run folder.
        warn: Told why it can't be made; the first play then tries again.
    """
    if onnxruntime(required=False) is None:
        return
    try:
        cache = folder / POLICY_GRAPH_NAME
        PolicyStep(policy, offsets, choice=Choice("onnx", "cpu"), cache=cache)
    except (UnderstudyError, RuntimeError, ImportError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        warn(f"The policy is not ready for ONNX Runtime yet, the first play tries again: {reason}")


def _engine(
    graph: PolicyGraph, choice: Choice, cache: Path | None
) -> Callable[[Array], Sequence[Array]]:
    example = torch.zeros(graph.seen + graph.remembered)
    if choice.engine == "torch":
        return TorchEngine(graph, example, device=choice.device)
    mark = _fingerprint(graph)

    def export() -> bytes:
        found = ("probabilities", "after")
        return to_onnx(graph, example, given="given", found=found, mark=mark)

    caches = [] if cache is None else [cache]
    session = open_cached(export, mark, threads=1, device="cpu", caches=caches)
    return lambda given: session.run(None, {"given": given})


def _fingerprint(graph: PolicyGraph) -> str:
    """Name a policy by form, settings, offsets and weights: 16 hexadecimal digits."""
    told = json.dumps([_FORM, asdict(graph.policy.settings), graph.offsets.tolist()])
    digest = hashlib.sha256(told.encode())
    for name, tensor in sorted(graph.policy.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]

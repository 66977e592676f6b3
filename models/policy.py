"""From what is seen to what is pressed: an encoder, then one LSTM for each head."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

HeadState = tuple[Tensor, Tensor]
"""Hidden and cell state of one LSTM, each `(layers, B, hidden)`."""
PolicyState = dict[str, HeadState]
"""The recurrent state by head; None in its place is a fresh start."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The shape of a policy."""

    heads: tuple[tuple[str, int], ...]
    """Name of each head and how many classes it has."""
    tokens: int
    """Numbers that the tokenizer gives for a frame."""
    features: int = 0
    """Pooled picture features of a frame; 0 leaves them out."""
    embed: int = 192
    """Width of the encoder."""
    hidden: int = 128
    """Width of the LSTMs."""
    layers: int = 2
    """Layers of each LSTM."""
    bottleneck: int = 24
    """What the pooled features are squeezed into; more invites learning frames by heart."""
    dropout: float = 0.1
    """Of the encoder's output and between LSTM layers, while training."""
    feature_dropout: float = 0.5
    """Of the pooled features, while training."""

    def __post_init__(self) -> None:
        if not self.heads or any(classes < 2 for _, classes in self.heads):
            raise ValueError(f"every head needs two classes or more, got {self.heads}")
        if self.tokens + self.features < 1:
            raise ValueError("a policy needs tokens or features to look at")


class Policy(nn.Module):
    """Decide on each frame of a sequence.

    As in the bot this project began with, movement and action are read by networks of their own:
    they share what is seen, not what is remembered.
    """

    def __init__(self, settings: PolicySettings) -> None:
        super().__init__()
        self.settings = settings
        s = settings
        self.embed = nn.Sequential(
            nn.Linear(s.tokens, s.embed),
            nn.LayerNorm(s.embed),
            nn.ReLU(),
            nn.Linear(s.embed, s.embed),
            nn.ReLU(),
            nn.Dropout(s.dropout),
        )
        width = s.embed
        self.squeeze: nn.Sequential | None = None
        if s.features:
            self.squeeze = nn.Sequential(
                nn.Dropout(s.feature_dropout), nn.Linear(s.features, s.bottleneck), nn.Tanh()
            )
            width += s.bottleneck
        between = s.dropout if s.layers > 1 else 0.0
        self.memory = nn.ModuleDict(
            {
                name: nn.LSTM(width, s.hidden, s.layers, batch_first=True, dropout=between)
                for name, _ in s.heads
            }
        )
        self.decide = nn.ModuleDict(
            {name: nn.Linear(s.hidden + width, classes) for name, classes in s.heads}
        )

    def forward(
        self, tokens: Tensor, features: Tensor | None, state: PolicyState | None
    ) -> tuple[dict[str, Tensor], PolicyState]:
        """Decide on sequences.

        Args:
            tokens: `(B, T, tokens)`.
            features: `(B, T, features)`; None when the settings leave them out.
            state: What the sequences before left; None starts afresh.

        Returns:
            For each head logits `(B, T, classes)`, and the state after the last frame.
        """
        seen = self.embed(tokens)
        if self.squeeze is not None:
            seen = torch.cat([seen, self.squeeze(features)], dim=-1)
        logits, after = {}, {}
        for name, _ in self.settings.heads:
            remembered, after[name] = self.memory[name](
                seen, None if state is None else state[name]
            )
            logits[name] = self.decide[name](torch.cat([remembered, seen], dim=-1))
        return logits, after

    def step(
        self, tokens: Tensor, features: Tensor | None, state: PolicyState | None
    ) -> tuple[dict[str, Tensor], PolicyState]:
        """Decide on one frame `(B, tokens)`, `(B, features)`; logits are `(B, classes)`."""
        later = None if features is None else features[:, None]
        logits, after = self(tokens[:, None], later, state)
        return {name: of_head[:, 0] for name, of_head in logits.items()}, after


def restarted(state: PolicyState, fresh: Tensor) -> PolicyState:
    """Forget the past of those sequences `(B,)` that begin anew."""
    keep = (~fresh).to(torch.float32)[None, :, None]
    return {name: (h * keep, c * keep) for name, (h, c) in state.items()}


def detached(state: PolicyState) -> PolicyState:
    """Cut the gradient between two windows (truncated back-propagation through time)."""
    return {name: (h.detach(), c.detach()) for name, (h, c) in state.items()}


@contextmanager
def one_thread() -> Iterator[None]:
    """Run PyTorch on one thread for a while.

    The LSTMs' matrices are small: a second thread gains little on an idle machine, and on a busy
    one waiting for it made each step ten times slower.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

"""From what is seen to what is pressed: an encoder, then one LSTM for each head."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.object_encoder import ObjectEncoder, TokenLayout

MOST_LAYERS = 16  # each is built in a loop, and a config may be a stranger's
HeadState = tuple[Tensor, Tensor]
"""Hidden and cell state of one LSTM, each `(layers, B, hidden)`."""
PolicyState = dict[str, HeadState]
"""The recurrent state by head; None in its place is a fresh start."""
Drop = Callable[[Tensor, float], Tensor]
"""Put out a share of some numbers `(B, T, width)` at random, and scale up the others.

Given from outside, so that whoever trains decides where chance comes from: the same masks in
whatever process, and after whatever interruption.
"""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The shape of a policy."""

    heads: tuple[tuple[str, int], ...]
    """Name of each head and how many classes it has."""
    tokens: int
    """Numbers that a frame is told in: the tokenizer's, then the previous keys if there are any; 0
    leaves them out."""
    features: int = 0
    """Pooled picture features of a frame; 0 leaves them out."""
    layout: TokenLayout | None = None
    """Which of the tokens are objects; None takes them as one vector."""
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
    previous_keys: bool = False
    """Whether the last of the tokens say what was held at the tick before, see `PreviousKeys`."""

    def __post_init__(self) -> None:
        if not self.heads or any(classes < 2 for _, classes in self.heads):
            raise ValueError(f"every head needs two classes or more, got {self.heads}")
        if self.tokens + self.features < 1:
            raise ValueError("a policy needs tokens or features to look at")
        if not 1 <= self.layers <= MOST_LAYERS:
            raise ValueError(f"an LSTM has 1 to {MOST_LAYERS} layers here, got {self.layers}")


class Policy(nn.Module):
    """Decide on each frame of a sequence.

    As in the bot this project began with, movement and action are read by networks of their own:
    they share what is seen, not what is remembered.
    """

    def __init__(self, settings: PolicySettings) -> None:
        super().__init__()
        self.settings = settings
        s = settings
        width = s.embed if s.tokens else 0
        self.embed: nn.Module | None = None
        if s.layout is not None:
            self.embed = ObjectEncoder(s.layout, tokens=s.tokens, embed=s.embed)
        elif s.tokens:
            self.embed = nn.Sequential(
                nn.Linear(s.tokens, s.embed),
                nn.LayerNorm(s.embed),
                nn.ReLU(),
                nn.Linear(s.embed, s.embed),
                nn.ReLU(),
            )
        self.squeeze: nn.Sequential | None = None
        if s.features:
            self.squeeze = nn.Sequential(nn.Linear(s.features, s.bottleneck), nn.Tanh())
            width += s.bottleneck
        self.memory = nn.ModuleDict(
            {name: Memory(width, s.hidden, s.layers, s.dropout) for name, _ in s.heads}
        )
        self.decide = nn.ModuleDict(
            {name: nn.Linear(s.hidden + width, classes) for name, classes in s.heads}
        )

    def forward(
        self,
        tokens: Tensor,
        features: Tensor | None,
        state: PolicyState | None,
        *,
        drop: Drop | None = None,
    ) -> tuple[dict[str, Tensor], PolicyState]:
        """Decide on sequences.

        Args:
            tokens: `(B, T, tokens)`.
            features: `(B, T, features)`; None when the settings leave them out.
            state: What the sequences before left; None starts afresh.
            drop: Dropout, called in the same order each time; None for none.

        Returns:
            For each head logits `(B, T, classes)`, and the state after the last frame.
        """
        drop = drop or _keep
        parts = []
        if self.embed is not None:
            parts.append(drop(self.embed(tokens), self.settings.dropout))
        if self.squeeze is not None and features is not None:
            parts.append(self.squeeze(drop(features, self.settings.feature_dropout)))
        seen = torch.cat(parts, dim=-1)
        logits, after = {}, {}
        for name, _ in self.settings.heads:
            remembered, after[name] = self.memory[name](
                seen, None if state is None else state[name], drop
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


class Memory(nn.Module):
    """A stack of LSTM layers with dropout between them."""

    def __init__(self, width: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.layers = nn.ModuleList(
            nn.LSTM(hidden if layer else width, hidden, batch_first=True) for layer in range(layers)
        )

    def forward(
        self, seen: Tensor, state: HeadState | None, drop: Drop
    ) -> tuple[Tensor, HeadState]:
        """Map `(B, T, width)` to `(B, T, hidden)` and the state of all layers."""
        after = []
        for index, layer in enumerate(self.layers):
            of_layer = None if state is None else (state[0][index, None], state[1][index, None])
            seen, (hidden, cell) = layer(drop(seen, self.dropout) if index else seen, of_layer)
            after.append((hidden, cell))
        return seen, (torch.cat([h for h, _ in after]), torch.cat([c for _, c in after]))


def _keep(numbers: Tensor, share: float) -> Tensor:
    return numbers


def restarted(state: PolicyState, fresh: Tensor) -> PolicyState:
    """Forget the past of those sequences `(B,)` that begin anew."""
    keep = (~fresh).to(torch.float32)[None, :, None]
    return {name: (h * keep, c * keep) for name, (h, c) in state.items()}


def detached(state: PolicyState) -> PolicyState:
    """Cut the gradient between two windows (truncated back-propagation through time)."""
    return {name: (h.detach(), c.detach()) for name, (h, c) in state.items()}


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run PyTorch on so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_thread() -> AbstractContextManager[None]:
    """Run PyTorch on one thread for a while.

    The LSTMs' matrices are small: a second thread gains little on an idle machine, and on a busy
    one waiting for it made each step ten times slower.
    """
    return threads(1)

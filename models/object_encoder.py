"""Objects of one class are alike: what is learned about one of them holds for all.

Every slot goes through the same small network; a few questions, which depend on the whole
situation, then gather answers from them (attention, Vaswani et al. 2017, section 3.2; sets, Lee et
al. 2019, "Set Transformer"). Beside it stands the plain vector, in which the nearest come first.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

QUESTIONS = 6
ANSWER = 16  # numbers that come back from each


@dataclass(frozen=True, slots=True)
class TokenLayout:
    """How a vector of tokens is made up, see `models.tokens`."""

    own: int
    """Numbers about what the person controls, which come first."""
    slots: int
    """Objects; the first number of each says whether there is one."""
    numbers: int
    """Numbers of each."""

    @property
    def stop(self) -> int:
        """Where the slots end; what comes behind them belongs to no object."""
        return self.own + self.slots * self.numbers


class ObjectEncoder(nn.Module):
    """Map tokens `(B, T, tokens)` to `(B, T, embed)`."""

    def __init__(self, layout: TokenLayout, *, tokens: int, embed: int, width: int = 64) -> None:
        super().__init__()
        self.layout = layout
        self.slot = nn.Linear(layout.numbers, width)
        self.own = nn.Linear(layout.own, width)
        self.place = nn.Parameter(torch.randn(layout.slots, width) * 0.1)
        """What distinguishes the slots: their class, and how near they are among it."""
        self.each = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        asked = QUESTIONS * ANSWER
        self.questions = nn.Sequential(nn.Linear(tokens, width), nn.ReLU(), nn.Linear(width, asked))
        self.keys, self.answers = nn.Linear(width, asked), nn.Linear(width, asked)
        self.join = nn.Sequential(
            nn.Linear(asked + width + tokens, embed),
            nn.LayerNorm(embed),
            nn.ReLU(),
            nn.Linear(embed, embed),
            nn.ReLU(),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map token vectors `(B, T, length)` to `(B, T, embed)`, each frame for itself."""
        layout = self.layout
        slots = tokens[..., layout.own : layout.stop]
        slots = slots.reshape(*slots.shape[:-1], layout.slots, layout.numbers)
        absent = (slots[..., 0] <= 0).unsqueeze(-1)  # (B, T, slots, 1)
        own = self.own(tokens[..., : layout.own]).unsqueeze(-2)
        each = self.each(self.slot(slots) + own + self.place)
        questions = _split(self.questions(tokens))
        keys, answers = _split(self.keys(each)), _split(self.answers(each))
        scores = torch.einsum("...qa,...sqa->...sq", questions, keys) / ANSWER**0.5
        shares = torch.softmax(scores.masked_fill(absent, -1e4), dim=-2)
        heard = torch.einsum("...sq,...sqa->...qa", shares, answers).flatten(-2)
        most = each.masked_fill(absent, 0.0).amax(-2)
        joined: Tensor = self.join(torch.cat([heard, most, tokens], dim=-1))
        return joined


def _split(numbers: Tensor) -> Tensor:
    return numbers.reshape(*numbers.shape[:-1], QUESTIONS, ANSWER)

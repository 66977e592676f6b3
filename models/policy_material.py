"""What a policy is made from: passages to learn from, passages to be scored on, and its shape."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from data.profile import GameProfile
from models.decisions import Logits, Offsets, decided
from models.demonstrations import Demonstration, Labelled, labelled
from models.policy import PolicySettings
from models.policy_metrics import HeadScore, score_head
from models.policy_recipe import FitSettings
from models.policy_store import Passage, fingerprint, passages_of
from models.previous_keys import PreviousKeys
from models.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class Material:
    """Demonstrations, labelled and tracked."""

    profile: GameProfile
    tokenizer: Tokenizer
    learned: tuple[Passage, ...]
    """What is learned from."""
    held_out: tuple[Passage, ...]
    """What is only scored."""

    @property
    def fingerprint(self) -> str:
        """Changes when there is something else to learn or to be scored on."""
        return fingerprint([*self.learned, *self.held_out])

    def class_counts(self, *, mirrored: bool) -> dict[str, Tensor]:
        """Count the ticks that count to learn from: for each head `(classes,)`.

        Args:
            mirrored: Half of them are learned from flipped, as their mirror image's class.
        """
        found = {}
        for head in self.profile.heads:
            counts = torch.zeros(len(head.names), dtype=torch.float64)
            for passage in self.learned:
                chosen = torch.from_numpy(passage.classes[head.name][passage.counts])
                counts += torch.bincount(chosen, minlength=len(head.names))
            if mirrored:
                counts = (counts + counts[list(self.profile.mirrored_classes(head))]) / 2
            found[head.name] = counts
        return found

    def shape(self, settings: FitSettings) -> PolicySettings:
        """Return the shape of a policy for it."""
        heads = tuple((head.name, len(head.names)) for head in self.profile.heads)
        told = 0 if settings.previous_keys is None else PreviousKeys(heads).length
        return PolicySettings(
            heads=heads,
            tokens=self.tokenizer.length + told if settings.boxes else 0,
            features=self.learned[0].pooled.shape[1] if settings.features else 0,
            # With no class but the reference there is nothing to ask.
            layout=self.tokenizer.layout
            if settings.boxes and self.tokenizer.layout.slots
            else None,
            embed=settings.embed,
            hidden=settings.hidden,
            layers=settings.layers,
            previous_keys=settings.previous_keys is not None,
        )

    def scores(self, logits: Logits, offsets: Offsets) -> dict[str, HeadScore]:
        """Score what was decided on the held-out passages, by head."""
        rate_hz = self.profile.capture.rate_hz
        return {
            head.name: score_head(
                head,
                decided(head, self.held_out, logits[head.name], offsets[head.name]),
                rate_hz=rate_hz,
            )
            for head in self.profile.heads
        }


def gather(
    training: Sequence[Demonstration],
    validation: Sequence[Demonstration],
    profile: GameProfile,
    settings: FitSettings,
    *,
    shift_ms: float,
) -> Material:
    """Label and track demonstrations; those to learn from in worsened versions as well."""
    tokenizer = Tokenizer(profile, profile.capture.size)

    def pairs(of: Sequence[Demonstration], weight: float) -> list[tuple[Demonstration, Labelled]]:
        return [
            (one, labelled(one, profile, shift_ms=shift_ms, correction_weight=weight)) for one in of
        ]

    learned = passages_of(
        pairs(training, settings.correction_weight),
        tokenizer,
        copies=settings.copies,
        augmentation=settings.augmentation,
        seed=settings.seed,
    )
    held_out = passages_of(pairs(validation, 1.0), tokenizer)
    return Material(profile, tokenizer, tuple(learned), tuple(held_out))

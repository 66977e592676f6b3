"""Who wears what: kits told apart at a glance, and faces that differ."""

import random
from dataclasses import dataclass
from typing import Literal

Pattern = Literal["plain", "stripes", "hoops", "sash", "sleeves"]


@dataclass(frozen=True, slots=True)
class Kit:
    """The colours of one kit, as `#rrggbb`."""

    shirt: str
    trim: str
    """The pattern's second colour, and the collar's."""
    shorts: str
    socks: str
    number: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Look:
    """One person on the pitch."""

    kit: Kit
    skin: str
    hair: str
    bald: bool
    number: int


# Ours are always warm, theirs always cold: whoever plays must never have to look twice.
OURS = (
    Kit("#e3202c", "#ffffff", "#ffffff", "#e3202c", "#ffffff", "plain"),
    Kit("#e3202c", "#ffffff", "#f7f7f7", "#e3202c", "#2a0d10", "stripes"),
    Kit("#d81b2a", "#ffffff", "#c41524", "#ffffff", "#ffffff", "sash"),
    Kit("#ea2f2f", "#ffffff", "#ffffff", "#ffffff", "#ffffff", "sleeves"),
)
THEIRS = (
    Kit("#1f5fe0", "#0b2c7a", "#0b2c7a", "#1f5fe0", "#ffffff", "plain"),
    Kit("#2a6cf0", "#8fc4ff", "#12307d", "#2a6cf0", "#ffffff", "hoops"),
    Kit("#1a4fc4", "#59b7ff", "#1a4fc4", "#0c225e", "#ffffff", "sash"),
    Kit("#2463dd", "#101c46", "#101c46", "#101c46", "#ffffff", "sleeves"),
)
OUR_KEEPER = Kit("#ffc81e", "#7a4d00", "#26221c", "#ffc81e", "#3a2a00", "sleeves")
THEIR_KEEPER = Kit("#12b5b0", "#0a4d5c", "#0a3a46", "#12b5b0", "#ffffff", "sleeves")

_SKINS = ("#f6d3b3", "#eabf98", "#d9a577", "#b57b4d", "#8a5732", "#5f3a22")
_HAIRS = ("#1d1713", "#33241a", "#5a3a20", "#8a5a2b", "#c99a4a", "#7a2f18")


def look_of(*, seed: int, ours: bool, keeper: bool, number: int) -> Look:
    """Dress one player; the same arguments give the same look."""
    kit_dice = random.Random(seed * 2 + ours)
    kits = OURS if ours else THEIRS
    kit = kits[kit_dice.randrange(len(kits))] if seed else kits[0]
    if keeper:
        kit = OUR_KEEPER if ours else THEIR_KEEPER
    face_dice = random.Random((seed * 2 + ours) * 100 + number)
    return Look(
        kit=kit,
        skin=face_dice.choice(_SKINS),
        hair=face_dice.choice(_HAIRS),
        bald=face_dice.random() < 0.1,
        number=number,
    )

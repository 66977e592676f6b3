"""Who wears what: kits told apart at a glance, and faces that differ."""

import colorsys
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
_WARM, _COLD = (-22.0, 14.0), (196.0, 246.0)  # hues in degrees
_PATTERNS: tuple[Pattern, ...] = ("plain", "stripes", "hoops", "sash", "sleeves")


def _new_kit(dice: random.Random, *, ours: bool) -> Kit:
    """Make up a kit: any pattern, in a warm colour for us and a cold one for them."""
    hue = dice.uniform(*(_WARM if ours else _COLD)) % 360 / 360
    saturation = dice.uniform(0.7, 0.95)

    def colour(lightness: float) -> str:
        rgb = colorsys.hls_to_rgb(hue, lightness, saturation)
        return "#" + "".join(f"{round(255 * value):02x}" for value in rgb)

    shirt, dark, pale = colour(dice.uniform(0.42, 0.58)), colour(0.22), colour(0.82)
    second = ("#ffffff", "#f2f2f2", dark, pale)
    return Kit(
        shirt=shirt,
        trim=dice.choice(second),
        shorts=dice.choice(("#ffffff", shirt, dark, "#20242e")),
        socks=dice.choice((shirt, dark, "#ffffff")),
        number="#ffffff",
        pattern=dice.choice(_PATTERNS),
    )


def look_of(*, seed: int, ours: bool, keeper: bool, number: int, kits: int | None = None) -> Look:
    """Dress one player; the same arguments give the same look.

    The seed chooses faces and one of the four kits of a team, unless `kits` numbers others.
    """
    kit_dice = random.Random(seed * 2 + ours)
    known = OURS if ours else THEIRS
    kit = known[kit_dice.randrange(len(known))] if seed else known[0]
    if kits is not None:
        kit = _new_kit(random.Random(kits * 2 + ours), ours=ours)
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

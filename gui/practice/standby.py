"""The coach behind a bot that plays: he takes the keys from it, or says what he would press."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from data.keys import KeyEvent
from gui.practice.coach import ARROWS, EIGHTH, Coach
from gui.practice.control import CROSS, PASS, SHOOT, THROUGH
from gui.practice.players import Look, changes
from gui.practice.scene import Scene, understand

KICKS = frozenset({SHOOT, PASS, THROUGH, CROSS})
NOTHING: frozenset[str] = frozenset()
FORGIVEN = 0.5
"""Agreeing makes up for so much of a disagreement as long: he forgives slower than he minds."""
WISH_S = 1.0
"""A kick that was wished for longer ago than this is forgotten."""
FREE_NS = 170_000_000
"""A key that the bot held is pressed this long after it let go, or the press is taken for its own
(`agent.guard.ECHO_NS`), and a step of the match more."""


@dataclass(frozen=True, slots=True)
class Temper:
    """When a person takes over, and for how long."""

    patience_s: tuple[float, float] = (0.4, 0.8)
    """How long something wrong is watched: drawn anew each time, from and to."""
    stay_s: tuple[float, float] = (1.0, 2.0)
    """He plays at least so long: drawn anew each time, from and to."""
    most_s: float = 4.0
    """He plays at most so long, even if the ball isn't won by then."""
    quiet_s: float = 1.0
    """How long the keys must be left alone before the bot resumes; see `PlaySettings`."""


class TakingOver:
    """The coach who watches a bot, takes over when it does wrong, and lets go when all is well."""

    def __init__(
        self,
        seed: int,
        size: tuple[int, int],
        bot_holds: Callable[[], frozenset[str]],
        *,
        temper: Temper | None = None,
    ) -> None:
        """Seat the coach behind a bot.

        Args:
            seed: Of his patience and his own errors.
            size: Width and height of the pictures.
            bot_holds: Tells the keys that the bot holds.
            temper: When he takes over; a person's unless given.
        """
        self._coach = Coach(seed)
        self._dice = Random(seed)
        self._size = size
        self._bot_holds = bot_holds
        self._temper = temper or Temper()
        self._fingers = NOTHING
        self._bots: dict[str, int] = {}  # when the bot was last seen to hold each key
        self._playing_since_ns: int | None = None
        self._watch_from_ns = 0
        self._seen_ns = 0
        self._dissent_s = 0.0
        self._kick_since_ns: int | None = None
        self._kick_ns = 0
        self._patience_s = self._dice.uniform(*self._temper.patience_s)
        self._stay_s = 0.0

    def act(self, now_ns: int, look: Look) -> list[KeyEvent]:
        """Watch, or play."""
        seen = look()
        self._coach.observe(now_ns / 1e9, seen, self._size)
        wanted = self._coach.keys(now_ns / 1e9)
        held = self._bot_holds()
        self._bots |= dict.fromkeys(held, now_ns)
        if self._playing_since_ns is None:
            self._watch(now_ns, wanted, held)
        elif self._may_let_go(
            (now_ns - self._playing_since_ns) / 1e9, wanted, understand(seen, self._size)
        ):
            self._playing_since_ns = None
            self._watch_from_ns = now_ns + round(self._temper.quiet_s * 1e9)
        free = NOTHING
        if self._playing_since_ns is not None:
            free = frozenset(
                key for key in wanted if now_ns - self._bots.get(key, -FREE_NS) >= FREE_NS
            )
        moved = changes(self._fingers, free, at_ns=now_ns)
        self._fingers = free
        return moved

    def _watch(self, now_ns: int, wanted: frozenset[str], held: frozenset[str]) -> None:
        """Grow impatient with what the bot does; take over once a new key would tell it."""
        passed_s, self._seen_ns = (now_ns - self._seen_ns) / 1e9, now_ns
        if now_ns < self._watch_from_ns:
            self._dissent_s, self._kick_since_ns = 0.0, None
            return
        self._dissent_s += passed_s if astray(wanted, held) else -FORGIVEN * passed_s
        self._dissent_s = max(0.0, self._dissent_s)
        late_s = self._kick_is_late_s(now_ns, wanted, held)
        if max(self._dissent_s, late_s) >= self._patience_s and wanted - held:
            self._playing_since_ns = now_ns
            self._stay_s = self._dice.uniform(*self._temper.stay_s)
            self._patience_s = self._dice.uniform(*self._temper.patience_s)

    def _kick_is_late_s(self, now_ns: int, wanted: frozenset[str], held: frozenset[str]) -> float:
        """Return for how long a kick has been wished for that is still wanted; 0 for none."""
        if held & KICKS or now_ns - self._kick_ns > WISH_S * 1e9:
            self._kick_since_ns = None
        if not wanted & KICKS or held & KICKS:
            return 0.0
        self._kick_ns = now_ns
        if self._kick_since_ns is None:
            self._kick_since_ns = now_ns
        return (now_ns - self._kick_since_ns) / 1e9

    def _may_let_go(self, played_s: float, wanted: frozenset[str], scene: Scene | None) -> bool:
        if played_s < self._stay_s or wanted & KICKS:
            return False
        return played_s >= self._temper.most_s or (scene is not None and in_hand(scene))


class Prompting:
    """The coach who touches nothing, and says what he would press: DAgger's expert.

    Source: Ross, Gordon and Bagnell, A Reduction of Imitation Learning and Structured Prediction to
    No-Regret Online Learning (2011), algorithm 3.1.
    """

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        """Seat the coach beside a bot; he never errs, since nothing comes of it to recover from."""
        self._coach = Coach(seed, errs=False)
        self._size = size
        self._told: list[KeyEvent] = []
        self.wanted = NOTHING
        """What he would press now."""

    def act(self, now_ns: int, look: Look) -> list[KeyEvent]:
        """Watch; no key is moved."""
        self._coach.observe(now_ns / 1e9, look(), self._size)
        wanted = self._coach.keys(now_ns / 1e9)
        self._told += changes(self.wanted, wanted, at_ns=now_ns)
        self.wanted = wanted
        return []

    def drain(self) -> list[KeyEvent]:
        """Return the keys that he would have moved since the last call."""
        told, self._told = self._told, []
        return told


def astray(wanted: frozenset[str], held: frozenset[str]) -> bool:
    """Whether a bot runs more than an eighth turn off what is wanted, or stands, or should."""
    ours, theirs = _arrow(wanted), _arrow(held)
    if ours is None or theirs is None:
        return ours is not theirs
    off = abs(ours - theirs) % len(ARROWS)
    return min(off, len(ARROWS) - off) * EIGHTH > EIGHTH + 1e-9


def _arrow(keys: frozenset[str]) -> int | None:
    """Return the index in `ARROWS` of the direction that keys press; None for standing."""
    across = ("right" in keys) - ("left" in keys)
    along = ("down" in keys) - ("up" in keys)
    if not across and not along:
        return None
    return round(math.atan2(along, across) / EIGHTH) % len(ARROWS)


def in_hand(scene: Scene) -> bool:
    """Whether one of ours is nearer to the ball than any opponent."""
    ours = min(map(scene.ball.to, (scene.me, *scene.mates)))
    return ours < min(map(scene.ball.to, scene.rivals), default=math.inf)

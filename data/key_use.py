"""Which keys a game is played with and which are held together: sums only, never what was typed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from data.keys import KeyEvent


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How a game's keys were used; nothing in it tells in which order."""

    presses: Mapping[str, int]
    """Presses of each key; 0 for a key that was only named."""
    chord_ns: Mapping[frozenset[str], int]
    """How long exactly these keys were held."""
    pairs: Mapping[frozenset[str], int]
    """How often two keys came to be held together."""

    @classmethod
    def of(cls, keys: Iterable[str]) -> "KeyUse":
        """Return the use of keys that are known by name alone."""
        return cls(dict.fromkeys(keys, 0), {}, {})

    def held_ns(self, *keys: str) -> int:
        """Say how long all these keys were held at once."""
        return sum(ns for chord, ns in self.chord_ns.items() if chord.issuperset(keys))

    def with_others_ns(self, key: str) -> int:
        """Say how long a key was held while any other was."""
        return sum(ns for chord, ns in self.chord_ns.items() if key in chord and len(chord) > 1)

    def times(self, a: str, b: str) -> int:
        """Say how often two keys came to be held together."""
        return self.pairs.get(frozenset((a, b)), 0)


class KeyTally:
    """Adds up key events as they come."""

    def __init__(self) -> None:
        self._presses: Counter[str] = Counter()
        self._chord_ns: Counter[frozenset[str]] = Counter()
        self._pairs: Counter[frozenset[str]] = Counter()
        self._held: frozenset[str] = frozenset()
        self._since_ns = 0

    @property
    def held(self) -> frozenset[str]:
        """The keys that are down now."""
        return self._held

    def feed(self, event: KeyEvent) -> None:
        """Add the next event, of a keyboard that tells no repeats.

        The release of a key that was not seen going down counts for nothing.
        """
        self._pass(event.at_ns)
        if event.down:
            self._presses[event.key] += 1
            self._pairs.update(frozenset((event.key, other)) for other in self._held)
            self._held |= {event.key}
        else:
            self._held -= {event.key}

    def let_go(self, at_ns: int) -> None:
        """Take all keys for released, as when the game loses the focus."""
        self._pass(at_ns)
        self._held = frozenset()

    def use(self) -> KeyUse:
        """Return the sums so far, up to the last event."""
        return KeyUse(dict(self._presses), dict(self._chord_ns), dict(self._pairs))

    def _pass(self, at_ns: int) -> None:
        if self._held:
            self._chord_ns[self._held] += max(0, at_ns - self._since_ns)
        self._since_ns = at_ns


def held_together(use: KeyUse) -> list[tuple[str, str]]:
    """List the pairs of keys that were held together, the most frequent first."""
    pairs = [pair for pair in combinations(use.presses, 2) if use.times(*pair)]
    return sorted(pairs, key=lambda pair: -use.times(*pair))

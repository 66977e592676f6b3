"""Seeds of matches: those that are learned from and those in which goals are counted never meet."""

TRIAL_SEED = 1000  # far from those that are recorded to train on, which begin at 0

# Of `understudy improve`: each round, and each seed's trials, have a block of their own.
SEEDS_APART = 10_000
_CORRECTED, _TRIED = 700_000, 800_000
_EARLY_ROUNDS = (_TRIED - _CORRECTED) // SEEDS_APART
_CORRECTED_LATER = 200_000_000  # above the trials of every seed, which end at 100,800,000


def corrected_seed(number: int, seed: int) -> int:
    """Return the seed of the first match of a round, from 1 on, that is played to be corrected.

    Args:
        number: Of the round; it has at most `SEEDS_APART` matches.
        seed: Of all matches, below `SEEDS_APART`.
    """
    first = _CORRECTED if number < _EARLY_ROUNDS else _CORRECTED_LATER
    return first + SEEDS_APART * number + seed


def tried_seed(seed: int) -> int:
    """Return the seed of the first match that each bot is tried in; at most `SEEDS_APART`."""
    return _TRIED + SEEDS_APART * seed

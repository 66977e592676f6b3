"""What a bot is trained on after a person has corrected it."""

from collections.abc import Sequence
from pathlib import Path

from data.errors import CheckpointError
from gui.studio import Game
from gui.train.begun import Begun
from gui.train.choices import PolicyChoices


def retraining(run: Path, material: Sequence[Path], game: Game) -> Begun:
    """Return a training like that of a run, on other material.

    Args:
        run: The folder of the run that was corrected. Begun on the command line, it is trained with
            the usual choices.
        material: Its recordings, and the flight logs that hold corrections.
        game: The game at hand.
    """
    try:
        before = Begun.read(run)
    except CheckpointError:
        return Begun("policy", game.source, tuple(material), (), PolicyChoices())
    held_out = tuple(path for path in before.held_out if path in material)
    return Begun("policy", before.profile, tuple(material), held_out, before.choices)

"""What the first page says, and which step comes next: decisions without widgets."""

from enum import StrEnum

from gui.jobs.stock import Stock
from gui.train.words import LEAST_S, enough_play


class Step(StrEnum):
    """A step of the way; the value is the page it is done on."""

    RECORD = "record"
    TRAIN = "train"
    PLAY = "play"


def next_step(stock: Stock, game: str) -> Step:
    """Decide what makes sense next for a game."""
    if stock.policies_of(game):
        return Step.PLAY
    return Step.TRAIN if sum(stock.seconds_of(game)) >= LEAST_S else Step.RECORD


def told_recordings(stock: Stock, game: str) -> str:
    """Say how much of a game has been recorded."""
    lengths = stock.seconds_of(game)
    if not lengths:
        return "Nothing yet. Three minutes make a first bot, ten a good one."
    return f"{_counted(len(lengths), 'recording')}, {told_length(sum(lengths))}."


def told_training(stock: Stock, game: str) -> str:
    """Say what has been trained for a game."""
    bots = len(stock.policies_of(game))
    if bots:
        return f"{_counted(bots, 'trained bot')}."
    lengths = stock.seconds_of(game)
    if not lengths:
        return "Nothing trained yet. Record first."
    return f"Nothing trained yet. {enough_play(sum(lengths))}"


def told_play(stock: Stock, game: str) -> str:
    """Say whether something can play a game."""
    found = stock.policies_of(game)
    if not found:
        return "Nothing to play with yet. Train first."
    return f"Ready: {', '.join(run.folder.name for run in found[:3])}" + (
        " and more." if len(found) > 3 else "."
    )


def told_length(seconds: float) -> str:
    """Say how long something lasts, in words."""
    if seconds < 90:
        return _counted(round(seconds), "second")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _counted(minutes, "minute")
    return f"{minutes // 60} h {minutes % 60} min"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

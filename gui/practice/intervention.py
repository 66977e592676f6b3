"""What the coach does behind a bot that plays."""

from enum import StrEnum


class Intervention(StrEnum):
    """How the coach corrects a bot."""

    TAKE_OVER = "take-over"
    """He takes the keys when the bot does wrong, as a person would, and gives them back."""
    LABEL = "label"
    """The bot plays on; every frame is stored with the keys that he would hold."""

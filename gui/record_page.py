"""Record yourself at play: the screen and the keys of the game."""

from gui.page import Page


class RecordPage(Page):
    """Record yourself at play: the screen and the keys of the game."""

    name = "record"
    title = "Record"
    hint = "Record yourself at play: the screen and the keys of the game."

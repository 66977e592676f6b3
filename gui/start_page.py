"""Choose a game, or make a profile for a new one."""

from gui.page import Page


class StartPage(Page):
    """Choose a game, or make a profile for a new one."""

    name = "start"
    title = "Start"
    hint = "Choose a game, or make a profile for a new one."

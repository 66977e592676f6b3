"""The built-in football game: by hand, by the coach, or by a bot."""

from gui.page import Page


class PracticePage(Page):
    """The built-in football game: by hand, by the coach, or by a bot."""

    name = "practice"
    title = "Practice"
    hint = "The built-in football game: by hand, by the coach, or by a bot."

"""Let a trained policy play, watch it think, and take over when you like."""

from gui.page import Page


class PlayPage(Page):
    """Let a trained policy play, watch it think, and take over when you like."""

    name = "play"
    title = "Play"
    hint = "Let a trained policy play, watch it think, and take over when you like."

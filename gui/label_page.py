"""Draw boxes around what matters on the screen, for the detector to learn from."""

from gui.page import Page


class LabelPage(Page):
    """Draw boxes around what matters on the screen, for the detector to learn from."""

    name = "label"
    title = "Label"
    hint = "Draw boxes around what matters on the screen, for the detector to learn from."

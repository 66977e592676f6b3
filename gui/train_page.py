"""Teach a detector what is where, and a policy what to press."""

from gui.page import Page


class TrainPage(Page):
    """Teach a detector what is where, and a policy what to press."""

    name = "train"
    title = "Train"
    hint = "Teach a detector what is where, and a policy what to press."

"""Look at recordings and flight logs, cut them, mark and export them."""

from gui.page import Page


class LibraryPage(Page):
    """Look at recordings and flight logs, cut them, mark and export them."""

    name = "library"
    title = "Library"
    hint = "Look at recordings and flight logs, cut them, mark and export them."

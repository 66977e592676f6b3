"""The parts of the page Play."""

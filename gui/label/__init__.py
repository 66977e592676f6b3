"""The parts of the page on which boxes are drawn."""

"""The parts of the page Record."""

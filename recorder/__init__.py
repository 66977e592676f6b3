"""From the screen and the keyboard to a recording."""

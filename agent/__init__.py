"""From a trained policy to keys pressed in a game."""

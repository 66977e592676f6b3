"""Parts of the page that a game is chosen on."""

"""Windows of X11, Windows and macOS, behind one contract."""

"""Work of the desktop program that runs in processes of its own; nothing here imports Qt."""

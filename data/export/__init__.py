"""Recordings as films, datasets of other tools, and plain files."""

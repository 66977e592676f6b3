"""Recording beside the bare calls."""

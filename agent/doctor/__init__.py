"""Is this computer fit, and what to do if not."""

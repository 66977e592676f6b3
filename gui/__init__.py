"""Everything that draws: the only package that imports PyQt6."""

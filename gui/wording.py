"""How sentences are shown."""


def capitalised(said: str) -> str:
    """Begin with a capital letter; `str.capitalize` would make all others small."""
    return said[:1].upper() + said[1:]

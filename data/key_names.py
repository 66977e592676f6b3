"""Canonical names of keys: printable characters stand for themselves, the rest have names."""

from data.profile_errors import nearest

NAMED_KEYS = frozenset(
    [
        *("up", "down", "left", "right", "space", "enter", "tab", "esc", "backspace", "delete"),
        *("insert", "home", "end", "page_up", "page_down", "caps_lock"),
        *("shift_l", "shift_r", "ctrl_l", "ctrl_r", "alt_l", "alt_r"),
        *(f"f{number}" for number in range(1, 13)),
    ]
)


def is_key_name(name: str) -> bool:
    """Say whether a name is a key that can be recorded and pressed."""
    return name in NAMED_KEYS or (len(name) == 1 and name.isprintable() and name == name.lower())


def not_a_key(name: str) -> str:
    """Say that a name is no key, and which was probably meant."""
    if meant := nearest(name, NAMED_KEYS) if len(name) > 1 else None:
        return f"{name[:40]!r} is not a key; did you mean {meant!r}?"
    if is_key_name(name.lower()):
        return f"{name!r} is not a key; did you mean {name.lower()!r}?"
    return (
        f"{name[:40]!r} is not a key; use a lower-case character such as 'd', or one of: "
        + ", ".join(sorted(NAMED_KEYS))
    )

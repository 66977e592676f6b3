"""Qt's key codes under the names that profiles use."""

from PyQt6.QtCore import Qt

_NAMED = {
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Space: "space",
    Qt.Key.Key_Return: "enter",
    Qt.Key.Key_Enter: "enter",
    Qt.Key.Key_Tab: "tab",
    Qt.Key.Key_Escape: "esc",
    Qt.Key.Key_Backspace: "backspace",
    Qt.Key.Key_Delete: "delete",
    Qt.Key.Key_Insert: "insert",
    Qt.Key.Key_Home: "home",
    Qt.Key.Key_End: "end",
    Qt.Key.Key_PageUp: "page_up",
    Qt.Key.Key_PageDown: "page_down",
    Qt.Key.Key_Shift: "shift_l",
    Qt.Key.Key_Control: "ctrl_l",
    Qt.Key.Key_Alt: "alt_l",
    Qt.Key.Key_AltGr: "alt_r",
    Qt.Key.Key_CapsLock: "caps_lock",
    **{Qt.Key(Qt.Key.Key_F1 + k): f"f{k + 1}" for k in range(12)},
}
_CODES = {int(key): name for key, name in _NAMED.items()}


def key_name(code: int) -> str | None:
    """Return the canonical name of a Qt key code; None when it has none.

    Qt tells left from right modifier keys only by scan code; they count as left ones here.
    """
    if code in _CODES:
        return _CODES[code]
    if 0x20 < code < 0x100:
        return chr(code).lower()
    return None

"""What the dialogs about profiles share."""

from PyQt6.QtWidgets import QDialog, QDoubleSpinBox, QLineEdit, QPushButton


def title_field(pattern: str) -> QLineEdit:
    """Make the field for the pattern of a window's title."""
    field = QLineEdit(pattern)
    field.setToolTip("A part of the window's title; ^ stands for where it begins")
    return field


def rate_field(rate_hz: float) -> QDoubleSpinBox:
    """Make the field for pictures a second."""
    field = QDoubleSpinBox()
    field.setRange(1, 240)
    field.setDecimals(0)
    field.setValue(rate_hz)
    field.setToolTip("How often the game is looked at; 20 is enough for most games")
    return field


def let_enter_press(dialog: QDialog, main: QPushButton) -> None:
    """Have the Enter key press one button of a dialog, and not the first of them."""
    for each in dialog.findChildren(QPushButton):
        each.setAutoDefault(False)
    main.setDefault(True)

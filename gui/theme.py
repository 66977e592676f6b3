"""Light and dark: Qt's Fusion style with colours of our own."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication

CHECK = (Path(__file__).resolve().parent / "check.svg").as_posix()
"""The tick of a checked box."""


class Mode(StrEnum):
    """Which colours to use."""

    AUTO = "auto"
    """As the system has it."""
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Colours:
    """Named colours, as `#rrggbb`."""

    window: str
    card: str
    sidebar: str
    border: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    danger: str
    good: str
    warning: str
    notice: str
    error: str
    bar: str
    """Of progress, under words in the text's colour."""
    series: tuple[str, ...]
    """Told apart in plots, also by people who don't see all colours (after Okabe and Ito)."""


LIGHT = Colours(
    window="#f4f5f7",
    card="#ffffff",
    sidebar="#e9ebef",
    border="#d3d7de",
    text="#1c2128",
    quiet="#5c6570",
    accent="#1f7a4d",
    on_accent="#ffffff",
    danger="#c0352b",
    good="#1f7a4d",
    warning="#9a6400",
    notice="#e2f1e8",
    error="#fbe3e0",
    bar="#93d3b1",
    series=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#9a7d00", "#56b4e9", "#5c6570"),
)
DARK = Colours(
    window="#1b1e23",
    card="#24282f",
    sidebar="#15181c",
    border="#3a4049",
    text="#e8eaed",
    quiet="#a3acb8",
    accent="#2f9e68",
    on_accent="#ffffff",
    danger="#e0594d",
    good="#4cc38a",
    warning="#e0a83a",
    notice="#1f3a2c",
    error="#4a2522",
    bar="#2a6b49",
    series=("#56b4e9", "#e69f00", "#2fc49a", "#e39ac6", "#f0e442", "#8fb8ff", "#a3acb8"),
)


def colours(application: QApplication | None = None) -> Colours:
    """Return the colours that are in use."""
    found = application or QApplication.instance()
    if isinstance(found, QApplication):
        return DARK if found.property("understudy_dark") else LIGHT
    return LIGHT


def apply_theme(application: QApplication, mode: Mode) -> Colours:
    """Dress the whole program, and return the colours."""
    hints = application.styleHints()
    system_dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
    dark = mode is Mode.DARK or (mode is Mode.AUTO and system_dark)
    chosen = DARK if dark else LIGHT
    application.setProperty("understudy_dark", dark)
    application.setStyle("Fusion")
    application.setPalette(_palette(chosen))
    application.setStyleSheet(_sheet(chosen))
    return chosen


def _palette(colour: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for which, value in (
        (role.Window, colour.window),
        (role.WindowText, colour.text),
        (role.Base, colour.card),
        (role.AlternateBase, colour.window),
        (role.ToolTipBase, colour.card),
        (role.ToolTipText, colour.text),
        (role.Text, colour.text),
        (role.Button, colour.card),
        (role.ButtonText, colour.text),
        (role.BrightText, colour.danger),
        (role.Link, colour.accent),
        (role.Highlight, colour.accent),
        (role.HighlightedText, colour.on_accent),
        (role.PlaceholderText, colour.quiet),
        (role.Mid, colour.border),
        (role.Light, colour.card),
        (role.Dark, colour.border),
    ):
        palette.setColor(which, QColor(value))
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colour.quiet))
    return palette


def _sheet(colour: Colours) -> str:
    return f"""
    QToolTip {{ color: {colour.text}; background: {colour.card}; border: 1px solid {colour.border};
        padding: 4px; }}
    QLabel#heading {{ font-size: 17px; font-weight: 600; }}
    QLabel#title {{ font-size: 24px; font-weight: 600; }}
    QLabel#big {{ font-size: 30px; font-weight: 600; }}
    QLabel#quiet {{ color: {colour.quiet}; }}
    QFrame#card {{ background: {colour.card}; border: 1px solid {colour.border};
        border-radius: 8px; }}
    QFrame#card QLabel {{ background: transparent; }}
    QFrame#notice {{ background: {colour.notice}; border: 1px solid {colour.good};
        border-radius: 6px; }}
    QFrame#notice[error="true"] {{ background: {colour.error}; border-color: {colour.danger}; }}
    QFrame#notice QLabel {{ background: transparent; }}
    QListWidget#pages {{ background: {colour.sidebar}; border: none; outline: none;
        font-size: 15px; padding-top: 8px; }}
    QListWidget#pages::item {{ padding: 10px 14px; border-radius: 6px; margin: 2px 8px;
        color: {colour.text}; }}
    QListWidget#pages[narrow="true"]::item {{ padding: 10px 11px; margin: 2px 6px; }}
    QListWidget#pages::item:selected {{ background: {colour.accent}; color: {colour.on_accent}; }}
    QListWidget#pages::item:hover:!selected {{ background: {colour.border}; }}
    QPushButton {{ padding: 6px 14px; border: 1px solid {colour.border}; border-radius: 6px;
        background: {colour.card}; color: {colour.text}; min-height: 20px; }}
    QPushButton:hover {{ border-color: {colour.accent}; }}
    QPushButton:focus {{ border: 2px solid {colour.accent}; padding: 5px 13px; }}
    QPushButton:disabled {{ color: {colour.quiet}; background: {colour.window}; }}
    QPushButton:checked {{ background: {colour.accent}; color: {colour.on_accent}; }}
    QPushButton#main {{ background: {colour.accent}; color: {colour.on_accent};
        border-color: {colour.accent}; font-weight: 600; padding: 8px 18px; }}
    QPushButton#main:focus {{ border: 2px solid {colour.text}; padding: 7px 17px; }}
    QPushButton#danger {{ background: {colour.danger}; color: #ffffff;
        border-color: {colour.danger}; font-weight: 600; padding: 8px 18px; }}
    QPushButton#danger:focus {{ border: 2px solid {colour.text}; padding: 7px 17px; }}
    QPushButton#main:disabled, QPushButton#danger:disabled {{ background: {colour.border};
        border-color: {colour.border}; color: {colour.quiet}; }}
    QPushButton#flat {{ border: none; background: transparent; color: {colour.accent};
        padding: 4px 8px; }}
    QPushButton#flat:focus {{ border: 1px solid {colour.accent}; padding: 3px 7px; }}
    QProgressBar {{ border: 1px solid {colour.border}; border-radius: 5px; text-align: center;
        background: {colour.window}; min-height: 18px; color: {colour.text}; }}
    QProgressBar::chunk {{ background: {colour.bar}; border-radius: 4px; }}
    QLineEdit, QPlainTextEdit {{ padding: 4px 6px;
        border: 1px solid {colour.border}; border-radius: 5px; background: {colour.card};
        color: {colour.text}; min-height: 20px; }}
    QLineEdit:focus {{ border-color: {colour.accent}; }}
    QTableView, QListView, QTreeView, QTextBrowser {{ border: 1px solid {colour.border};
        border-radius: 6px; background: {colour.card}; gridline-color: {colour.border}; }}
    QHeaderView::section {{ background: {colour.window}; color: {colour.quiet}; border: none;
        padding: 5px 8px; }}
    QTabWidget::pane {{ border: 1px solid {colour.border}; border-radius: 6px; }}
    QRadioButton::indicator, QCheckBox::indicator, QTreeView::indicator {{
        width: 13px; height: 13px; border: 1px solid {colour.quiet}; background: {colour.card}; }}
    QRadioButton::indicator {{ border-radius: 7px; }}
    QCheckBox::indicator, QTreeView::indicator {{ border-radius: 3px; }}
    QRadioButton::indicator:checked {{ width: 7px; height: 7px; border: 4px solid {colour.accent};
        border-radius: 7px; background: {colour.on_accent}; }}
    QCheckBox::indicator:checked, QTreeView::indicator:checked {{
        background: {colour.accent}; border-color: {colour.accent}; image: url({CHECK}); }}
    QRadioButton::indicator:disabled, QCheckBox::indicator:disabled {{
        border-color: {colour.border}; }}
    QRadioButton:focus, QCheckBox:focus {{ color: {colour.accent}; }}
    QStatusBar {{ background: {colour.sidebar}; color: {colour.quiet}; }}
    QScrollArea {{ border: none; background: transparent; }}
    QScrollArea > QWidget > QWidget {{ background: transparent; }}
    """

"""Icons, drawn as lines in the colours in use; no files to lose."""

from PyQt6.QtCore import QByteArray, Qt
from PyQt6.QtGui import QIcon, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from gui.theme import colours

# Each on a field of 24 by 24.
SHAPES = {
    "start": "<path d='M4 11 L12 4 L20 11 V20 H14 V14 H10 V20 H4 Z'/>",
    "record": "<circle cx='12' cy='12' r='8'/><circle cx='12' cy='12' r='3' fill='{0}'/>",
    "library": "<path d='M4 5 H20 V19 H4 Z M4 10 H20 M9 10 V19 M15 10 V19'/>",
    "label": "<path d='M5 5 H14 L20 12 L14 19 H5 Z'/><circle cx='9' cy='12' r='1.5'/>",
    "train": "<path d='M4 20 V4 M4 20 H20 M7 16 L11 11 L14 13 L19 6'/>",
    "play": "<path d='M7 5 L19 12 L7 19 Z'/>",
    "practice": "<circle cx='12' cy='12' r='8'/><path d='M12 8 L16 11 L14.5 15.5 H9.5 L8 11 Z'/>",
    "app": "<circle cx='12' cy='8' r='4'/><path d='M4 21 C5 15 19 15 20 21'/>"
    "<path d='M17 3 L21 5.5 L17 8 Z' fill='{0}'/>",
}
SIZE_PX = 48


def pixmap(name: str, colour: str) -> QPixmap:
    """Draw an icon in a colour, `#rrggbb`."""
    shape = SHAPES[name].format(colour)
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' "
        f"stroke='{colour}' stroke-width='1.8' stroke-linejoin='round' stroke-linecap='round'>"
        f"{shape}</svg>"
    )
    made = QPixmap(SIZE_PX, SIZE_PX)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return made


def page_icon(name: str) -> QIcon:
    """Return a page's icon, in another colour while its page is shown."""
    colour = colours()
    icon = QIcon(pixmap(name, colour.text))
    icon.addPixmap(pixmap(name, colour.on_accent), QIcon.Mode.Selected)
    return icon


def app_icon() -> QIcon:
    """Return the program's icon."""
    return QIcon(pixmap("app", colours().accent))

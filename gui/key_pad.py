"""The keys of a game, which light up while they are held, head by head."""

from collections.abc import Mapping

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from data.profile import GameProfile, Head
from gui.theme import Colours, colours

KEY_PX = 40.0
GAP_PX = 6.0
HEAD_GAP_PX = 26.0
TITLE_PX = 20.0
CAPTION_PX = 18.0
LEAST_PX = 460  # keys that take more are drawn smaller where there is no room for them
ARROWS = {"up": (1, 0), "left": (0, 1), "down": (1, 1), "right": (2, 1)}
SYMBOLS = {"up": "↑", "left": "←", "down": "↓", "right": "→", "space": "␣", "enter": "⏎"}


def key_label(key: str) -> str:
    """Return what is written on a key."""
    return SYMBOLS.get(key, key.replace("_", " ").title() if len(key) > 1 else key.upper())


class KeyPad(QWidget):
    """Draws each key of a profile once; a share of it is filled where a probability is known."""

    def __init__(self, profile: GameProfile) -> None:
        super().__init__()
        self._held: frozenset[str] = frozenset()
        self._chances: Mapping[str, float] = {}
        self._places: dict[str, QRectF] = {}
        self._captions: dict[str, str] = {}
        self._titles: list[tuple[str, float]] = []
        self._size = QSize()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_profile(profile)

    def set_profile(self, profile: GameProfile) -> None:
        """Show the keys of another game."""
        self._held, self._chances = frozenset(), {}
        self._places, self._titles, self._captions = {}, [], {}
        left, bottom = 0.0, 0.0
        for head in profile.heads:
            title_px = float(self.fontMetrics().horizontalAdvance(head.name))
            captions = _captions(head)
            places = _places(head, left, self, captions)
            self._captions |= captions
            self._titles.append((head.name, left))
            self._places |= {key: rect for key, rect in places.items() if key not in self._places}
            right = max([rect.right() for rect in places.values()], default=left)
            bottom = max([bottom, *(rect.bottom() for rect in places.values())])
            left = max(right, left + title_px) + HEAD_GAP_PX
        if self._captions:
            bottom += CAPTION_PX
        self._size = QSize(round(left - HEAD_GAP_PX) + 2, round(bottom) + 2)
        self.updateGeometry()
        self.update()

    @property
    def held(self) -> frozenset[str]:
        """Keys that are lit."""
        return self._held

    @property
    def chances(self) -> Mapping[str, float]:
        """Probability that each key should be held, 0 to 1, where known."""
        return self._chances

    def show_held(self, held: frozenset[str]) -> None:
        """Light these keys."""
        if held != self._held:
            self._held = held
            self.update()

    def show_chances(self, chances: Mapping[str, float]) -> None:
        """Fill each key by the probability that it should be held, 0 to 1."""
        self._chances = chances
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room that all keys take."""
        return self._size

    def minimumSizeHint(self) -> QSize:
        """Return the same, or room for smaller keys: one that can't be seen is of no use."""
        return self._size.boundedTo(QSize(LEAST_PX, self._size.height()))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the keys."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = min(1.0, self.width() / max(1, self._size.width()))
        painter.scale(scale, scale)
        colour = colours()
        painter.setPen(QColor(colour.quiet))
        for name, left in self._titles:
            painter.drawText(QRectF(left, 0, 400, TITLE_PX), Qt.AlignmentFlag.AlignLeft, name)
        for key, rect in self._places.items():
            self._draw_key(painter, colour, key, rect.translated(1, 0))

    def _draw_key(self, painter: QPainter, colour: Colours, key: str, rect: QRectF) -> None:
        held = key in self._held
        painter.setPen(QPen(QColor(colour.accent if held else colour.border), 2 if held else 1))
        painter.setBrush(QColor(colour.accent if held else colour.card))
        painter.drawRoundedRect(rect, 6, 6)
        chance = self._chances.get(key)
        if chance is not None:
            bar = QRectF(rect.left() + 4, rect.bottom() - 7, (rect.width() - 8) * chance, 4)
            painter.fillRect(bar, QColor(colour.on_accent if held else colour.series[1]))
        painter.setPen(QColor(colour.on_accent if held else colour.text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, key_label(key))
        if key in self._captions:
            painter.setPen(QColor(colour.quiet))
            below = QRectF(rect.left() - 10, rect.bottom() + 2, rect.width() + 20, CAPTION_PX)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._captions[key])


def chances_of(head: Head, probabilities: Mapping[str, float]) -> dict[str, float]:
    """Turn the probabilities of a head's classes into those of its keys."""
    found = dict.fromkeys(sorted(head.keys), 0.0)
    for name, chord in head.classes.items():
        for key in chord:
            found[key] += probabilities.get(name, 0.0)
    return found


def _captions(head: Head) -> dict[str, str]:
    """Return what each key does, where one key alone does it and its name says something else."""
    return {
        chord[0]: name.replace("_", " ")
        for name, chord in head.classes.items()
        if len(chord) == 1 and name != chord[0] and name != head.name
    }


def _places(
    head: Head, left: float, widget: QWidget, captions: Mapping[str, str]
) -> dict[str, QRectF]:
    """Place a head's keys: arrows as on a keyboard, others in a row."""
    step = KEY_PX + GAP_PX
    if head.keys and head.keys <= set(ARROWS):
        return {
            key: QRectF(left + across * step, TITLE_PX + down * step, KEY_PX, KEY_PX)
            for key, (across, down) in ARROWS.items()
            if key in head.keys
        }
    places, x = {}, left
    order = [key for chord in head.classes.values() for key in chord]
    for key in dict.fromkeys(order):
        letters, caption = key_label(key), captions.get(key, "")
        across = widget.fontMetrics().horizontalAdvance
        width = max(KEY_PX, across(letters) + 18.0, across(caption) + 6.0)
        places[key] = QRectF(x, TITLE_PX, width, KEY_PX)
        x += width + GAP_PX
    return places

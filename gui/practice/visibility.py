"""How much of each thing can be seen, from the very sprites that a picture is drawn with."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QImage

from gui.practice.pixels import bgrx


class Layer(NamedTuple):
    """A premultiplied sprite and where its top left corner is painted."""

    corner: QPoint
    sprite: QImage


def visible_share(layers: Sequence[Layer], index: int) -> float:
    """Return the share of a layer's ink that no later layer covers; 0 when it has none.

    What lets half of the light through covers half. The picture's edges cover nothing here.
    """
    corner, sprite = layers[index]
    alpha = _alpha(sprite)
    left, top = corner.x(), corner.y()
    height, width = alpha.shape
    through: npt.NDArray[np.float32] | None = None
    for other_corner, other in layers[index + 1 :]:
        dx, dy = other_corner.x() - left, other_corner.y() - top
        x1, y1 = max(dx, 0), max(dy, 0)
        x2, y2 = min(dx + other.width(), width), min(dy + other.height(), height)
        if x2 <= x1 or y2 <= y1:
            continue
        if through is None:
            through = np.ones((height, width), np.float32)
        cover = _alpha(other)[y1 - dy : y2 - dy, x1 - dx : x2 - dx]
        through[y1:y2, x1:x2] *= 1 - cover.astype(np.float32) / 255
    if through is None:
        return 1.0
    ink = float(alpha.sum())
    return float((alpha * through).sum()) / ink if ink else 0.0


def _alpha(sprite: QImage) -> npt.NDArray[np.uint8]:
    return bgrx(sprite)[..., 3]

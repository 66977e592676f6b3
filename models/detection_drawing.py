"""Draw what a detector sees, so that a person can read it."""

import cv2
import numpy as np

from data.frames import Image
from models.detections import Detections

_LONG_PX = 960  # smaller pictures are enlarged, or a box around six pixels could not be seen
_MOST_ENLARGED = 4
# BGR. Bright ones, so that black letters can be read on each, and none the green of a pitch.
_COLOURS = (
    (255, 170, 90), (90, 90, 255), (60, 230, 255), (225, 225, 225), (255, 120, 255),
    (80, 160, 255), (240, 240, 90), (200, 150, 220),
)  # fmt: skip

_Box = tuple[int, int, int, int]


def draw_detections(image: Image, detections: Detections, names: tuple[str, ...]) -> Image:
    """Draw boxes, class names and scores on a copy of a BGR picture; a small one is enlarged."""
    height, width = image.shape[:2]
    scale = max(1, min(_MOST_ENLARGED, round(_LONG_PX / max(height, width))))
    larger = (width * scale, height * scale)
    drawn = cv2.resize(image, larger, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    thick = max(1, round(larger[0] / 1600))
    boxes = (detections.boxes * scale).round().astype(int).tolist()
    colours = [_COLOURS[int(kind) % len(_COLOURS)] for kind in detections.classes]
    for box, colour in zip(boxes, colours, strict=True):
        cv2.rectangle(drawn, box[:2], box[2:], colour, thick)
    taken: list[_Box] = [tuple(box) for box in boxes]
    rows = zip(taken.copy(), colours, detections.classes, detections.scores, strict=True)
    for corners, colour, kind, score in rows:
        taken.append(_write(drawn, f"{names[int(kind)]} {score:.2f}", corners, colour, taken))
    return drawn


def _write(
    drawn: Image, text: str, box: _Box, colour: tuple[int, int, int], taken: list[_Box]
) -> _Box:
    """Write black on a plate at a box, where it hides least of what is taken; return the plate."""
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.35 * max(1.0, drawn.shape[1] / 1200)
    (wide, high), below = cv2.getTextSize(text, font, size, 1)
    wide, high = wide + 2, high + below
    x1, y1, x2, y2 = box
    plates = []
    for x, y in ((x1, y1 - high), (x1, y2 + 1), (x2 + 1, y1), (x1 - wide, y1)):
        x, y = min(x, drawn.shape[1] - wide), min(y, drawn.shape[0] - high)
        x, y = max(0, x), max(0, y)
        plates.append((x, y, x + wide - 1, y + high - 1))
    plate = min(plates, key=lambda plate: sum(_shared(plate, other) for other in taken))
    cv2.rectangle(drawn, plate[:2], plate[2:], colour, cv2.FILLED)
    corner = (plate[0] + 1, plate[3] - below + 1)
    cv2.putText(drawn, text, corner, font, size, (0, 0, 0), 1, cv2.LINE_AA)
    return plate


def _shared(a: _Box, b: _Box) -> int:
    """Area that two boxes share."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    return max(0, width) * max(0, min(a[3], b[3]) - max(a[1], b[1]))

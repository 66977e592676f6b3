"""Pictures of a football pitch with known boxes, as small as a detector meets them."""

from pathlib import Path

import cv2
import numpy as np

from data.boxes import Box, BoxOrigin
from data.frames import Image
from data.writer import RecordingWriter
from tests.factories import TICK_NS, capture_facts, practice_profile

KITS = {"player": (60, 60, 220), "opponent": (220, 120, 40)}  # BGR


def pitch_picture(random: np.random.Generator) -> tuple[Image, list[Box]]:
    """Draw one frame of 480x270: striped grass, lines, figures, a ball, a goal, a marker."""
    image = np.zeros((270, 480, 3), np.uint8)
    image[:] = (50, 130, 50)
    for x in range(0, 480, 60):
        image[:, x : x + 30] = (58, 142, 58)
    image[:40] = (90, 80, 80)
    cv2.line(image, (240, 40), (240, 269), (230, 230, 230), 1)
    cv2.circle(image, (240, 155), 40, (230, 230, 230), 1)
    left = random.random() < 0.5
    goal = (4, 100, 34, 200) if left else (446, 100, 476, 200)
    cv2.rectangle(image, goal[:2], (goal[2] - 1, goal[3] - 1), (240, 240, 240), 2)
    found = [("goal", *map(float, goal))]
    for name, colour in KITS.items():
        for _ in range(4):
            x, y = float(random.uniform(10, 462)), float(random.uniform(50, 250))
            _fill(image, x + 1, y, 6, 5, (120, 170, 220))
            _fill(image, x, y + 5, 8, 6, colour)
            _fill(image, x + 1, y + 11, 6, 6, (30, 30, 30))
            found.append((name, x, y, x + 8, y + 17))
    _, x1, y1, _, _ = found[1]
    point = np.array([[x1 + 0.5, y1 - 8], [x1 + 7.5, y1 - 8], [x1 + 4, y1 - 3]])
    cv2.fillPoly(image, [(point * 16).astype(np.int32)], (40, 240, 250), cv2.LINE_AA, 4)
    found.append(("marker", x1 + 0.5, y1 - 8, x1 + 7.5, y1 - 3))
    x, y = float(random.uniform(10, 470)), float(random.uniform(45, 260))
    cv2.circle(image, (int(x * 16 - 8), int(y * 16 - 8)), 45, (250, 250, 250), -1, cv2.LINE_AA, 4)
    found.append(("ball", x - 2.8, y - 2.8, x + 2.8, y + 2.8))
    return image, [Box(name, *corners, BoxOrigin.TRUTH) for name, *corners in found]


def _fill(image: Image, x: float, y: float, w: int, h: int, colour: tuple[int, ...]) -> None:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]) - 0.5
    cv2.fillPoly(image, [(corners * 16).round().astype(np.int32)], colour, cv2.LINE_AA, 4)


def write_pitch_recording(path: Path, *, frames: int, seed: int) -> Path:
    """Write a recording of unrelated pictures with their boxes."""
    random = np.random.default_rng(seed)
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(frames):
            image, boxes = pitch_picture(random)
            writer.append_frame(image, index * TICK_NS)
            writer.append_boxes(index, boxes)
    return path

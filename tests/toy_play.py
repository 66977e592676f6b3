"""A toy game for tests of the policy: a person runs after a ball and kicks when it is near."""

import atexit
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path

import numpy as np

from data.frames import Image
from data.keys import KeyEvent
from data.profile import GameProfile
from data.writer import RecordingWriter
from models.demonstrations import Demonstration
from models.features import keep_sights
from models.perception import Sight
from models.policy_recipe import FitSettings, PolicyTrainingSettings
from models.policy_training import PolicyReport, train_policy
from models.ssd import Detector, DetectorSettings
from tests.factories import TICK_NS, capture_facts, practice_profile

REACTION_TICKS = 3  # 150 ms
PLAYER, OPPONENT, BALL, GOAL, MARKER = range(5)
SIZES = {PLAYER: (8, 16), OPPONENT: (8, 16), BALL: (6, 6), GOAL: (28, 52), MARKER: (8, 6)}
ARROWS = ("right", "down", "left", "up")
FEATURES = 8 * 15  # as many as `tiny_detector` pools
COLOURS = {PLAYER: (255, 0, 0), BALL: (0, 0, 255), MARKER: (0, 255, 0)}

Seen = tuple[int, float, float]
"""Class, and the x and y of the middle of the box's foot."""


def sight(*objects: Seen, features: int = 0) -> Sight:
    """A sight of objects standing at given places."""
    boxes = [
        (x - SIZES[kind][0] / 2, y - SIZES[kind][1], x + SIZES[kind][0] / 2, y)
        for kind, x, y in objects
    ]
    return Sight(
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.array([kind for kind, _, _ in objects], dtype=np.int64),
        np.full(len(objects), 0.9, dtype=np.float32),
        np.zeros(features, dtype=np.float32),
    )


def marked(x: float, y: float) -> tuple[Seen, Seen]:
    """A player at a place, and the marker over him."""
    return (PLAYER, x, y), (MARKER, x, y - 18)


class ToyGame:
    """Simulate the person: he reacts to what he saw three ticks ago."""

    def __init__(self, seed: int, ticks: int) -> None:
        rng = np.random.default_rng(seed)
        me, ball = np.array([240.0, 140.0]), rng.uniform((40, 60), (440, 240))
        wanted: list[frozenset[str]] = [frozenset()] * REACTION_TICKS
        held: frozenset[str] = frozenset()
        self.events: list[KeyEvent] = []
        self.places: list[tuple[float, float, float, float]] = []
        for tick in range(ticks):
            self.places.append((*me.tolist(), *ball.tolist()))
            wanted.append(self._wish(ball - me))
            now, at_ns = wanted[tick], tick * TICK_NS
            self.events += [KeyEvent(at_ns, key, False) for key in sorted(held - now)]
            self.events += [KeyEvent(at_ns, key, True) for key in sorted(now - held)]
            held = now
            me += [6.0 * (("right" in held) - ("left" in held)), 0.0]
            me += [0.0, 6.0 * (("down" in held) - ("up" in held))]
            if np.abs(ball - me).max() < 8:
                ball = rng.uniform((40, 60), (440, 240))

    @staticmethod
    def _wish(away: np.ndarray) -> frozenset[str]:
        if np.abs(away).max() < 25:
            return frozenset({"d"})
        across = ("right" if away[0] > 0 else "left") if abs(away[0]) > 8 else ""
        along = ("down" if away[1] > 0 else "up") if abs(away[1]) > 8 else ""
        return frozenset({across, along} - {""})

    def sights(self) -> list[Sight]:
        return [sight(*marked(x, y), (BALL, bx, by)) for x, y, bx, by in self.places]


def toy_demonstration(seed: int = 0, ticks: int = 300) -> Demonstration:
    game = ToyGame(seed, ticks)
    return Demonstration(
        name=f"toy{seed}",
        seen=keep_sights(
            game.sights(),
            source=Path(f"toy{seed}.h5"),
            frames=np.arange(ticks, dtype=np.int64),
            folder=toy_folder(),
            key=f"toy-{seed}-{ticks}-{uuid.uuid4().hex}",
        ),
        times_ns=np.arange(ticks, dtype=np.int64) * TICK_NS,
        events=tuple(game.events),
        counts=np.ones(ticks, dtype=np.bool_),
        segments=((0, ticks),),
    )


def toy_recording(path: Path, *, seed: int = 0, ticks: int = 120) -> Path:
    """Write the game as a recording whose pictures `ToyEyes` can read."""
    game = ToyGame(seed, ticks)
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for tick, seen in enumerate(game.sights()):
            writer.append_frame(toy_picture(seen), tick * TICK_NS)
        writer.append_keys(game.events)
    return path


def toy_picture(seen: Sight) -> Image:
    image = np.zeros((270, 480, 3), dtype=np.uint8)
    for box, kind in zip(seen.boxes.astype(int).tolist(), seen.classes.tolist(), strict=True):
        x1, y1, x2, y2 = (max(0, value) for value in box)
        image[y1:y2, x1:x2] = COLOURS[kind]
    return image


class ToyEyes:
    """Finds the coloured rectangles of a toy picture, and counts how often it was asked."""

    def __init__(self, fingerprint: str = "toy") -> None:
        self.fingerprint = fingerprint
        self.looks = 0

    def see(self, image: Image) -> Sight:
        self.looks += 1
        boxes, classes = [], []
        small = image[::2, ::2]
        for kind, colour in COLOURS.items():
            rows, columns = np.nonzero((np.abs(small.astype(int) - colour) < 90).all(axis=-1))
            if len(rows):
                middle, foot = columns.mean() * 2 + 0.5, rows.max() * 2 + 1.5
                width, height = SIZES[kind]
                boxes.append((middle - width / 2, foot - height, middle + width / 2, foot))
                classes.append(kind)
        return Sight(
            np.array(boxes, dtype=np.float32).reshape(-1, 4),
            np.array(classes, dtype=np.int64),
            np.ones(len(boxes), dtype=np.float32),
            np.full(FEATURES, image.mean(), dtype=np.float32),
        )


def tiny_detector(profile: GameProfile) -> Detector:
    """A detector that has learned nothing; it only has to be stored and rebuilt."""
    anchors = ((6.0, 6.0), (8.0, 16.0))
    return Detector(DetectorSettings(class_names=profile.object_names, anchors=anchors, width=8))


def quick_fit(**changes: object) -> FitSettings:
    """Settings that learn the toy game in a second or two."""
    values: dict[str, object] = {
        "embed": 48,
        "hidden": 32,
        "layers": 1,
        "streams": 8,
        "window": 24,
        "passes": 12.0,
        "least_steps": 5,
        "copies": 0,
        "checks": 3,
        "learning_rate": 5e-3,
        "average": 0.9,
    }
    return FitSettings(**(values | changes))  # type: ignore[arg-type]


@cache
def toy_folder() -> Path:
    """A folder that is gone when the tests are."""
    folder = Path(tempfile.mkdtemp(prefix="understudy-toy-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def toy_run() -> tuple[PolicyReport, list[Path], ToyEyes]:
    """Train one policy on toy recordings; made once for all tests that only look at it."""
    folder = toy_folder()
    paths = [toy_recording(folder / f"toy{seed}.h5", seed=seed) for seed in range(3)]
    profile, eyes = practice_profile(), ToyEyes()
    report = train_policy(
        paths,
        profile=profile,
        detector=tiny_detector(profile),
        out=folder / "run",
        settings=PolicyTrainingSettings(fit=quick_fit(features=True, passes=20.0), shift_ms=150.0),
        eyes=eyes,
    )
    return report, paths, eyes

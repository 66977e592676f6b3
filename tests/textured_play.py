"""Play in which the pictures' texture says what is held, as a network learns it from pixels."""

import atexit
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from data.keys import KeyEvent
from data.writer import RecordingWriter
from models.demonstrations import Demonstration, labelled, load_demonstration
from models.perception import Perception, load_detector
from models.policy_batches import Streams
from models.policy_store import Passage, passages_of
from models.ssd import Detector
from models.tokens import Tokenizer
from tests.factories import TICK_NS, altered_profile, capture_facts, practice_profile

HEIGHT, WIDTH, TICKS = 96, 160, 60
CAPTURE = practice_profile().model_dump()["capture"]
PROFILE = altered_profile(capture=CAPTURE | {"width_px": WIDTH, "height_px": HEIGHT})
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)


def textured(path: Path, *, seed: int) -> Path:
    """Record pictures in which stripes, upright or lying, say whether the key is held."""
    rng = np.random.default_rng(seed)
    held, events = False, []
    with RecordingWriter(path, profile=PROFILE, facts=capture_facts()) as writer:
        for tick in range(TICKS):
            if tick % 6 == 0:
                held = not held
                events.append(KeyEvent(tick * TICK_NS, "right", held))
            image = rng.normal(110, 20, (HEIGHT, WIDTH, 3))
            image += 60 * np.indices((HEIGHT, WIDTH))[int(held), :, :, None] // 2 % 2
            writer.append_frame(image.clip(0, 255).astype(np.uint8), tick * TICK_NS)
        writer.append_keys(events)
    return path


@cache
def textured_folder() -> Path:
    """A folder that is gone when the tests are."""
    folder = Path(tempfile.mkdtemp(prefix="understudy-textured-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def textured_recordings() -> list[Path]:
    """Two recordings; made once for all tests, as is what follows."""
    folder = textured_folder()
    return [textured(folder / f"{seed}.h5", seed=seed) for seed in range(2)]


@cache
def small_detector() -> Detector:
    """The shipped detector for small pictures."""
    shipped = load_detector()
    small = Detector(replace(shipped.settings, size=(HEIGHT, WIDTH)))
    small.load_state_dict(shipped.state_dict())
    return small.eval()


@cache
def textured_demonstrations() -> list[Demonstration]:
    eyes, folder = Perception(small_detector(), engine="torch"), textured_folder() / "seen"
    return [
        load_demonstration(path, PROFILE, eyes, folder=folder) for path in textured_recordings()
    ]


@cache
def textured_passages() -> tuple[Passage, ...]:
    pairs = [(one, labelled(one, PROFILE, shift_ms=0)) for one in textured_demonstrations()]
    return passages_of(pairs, TOKENIZER)


def batch_of(passages, pictures, **changes):
    values = {"streams": 3, "window": 6, "windows_in_stretch": 2, "mirror": False, "seed": 0}
    streams = Streams(
        passages,
        TOKENIZER,
        PROFILE,
        use_features=False,
        pictures=pictures,
        **(values | changes),
    )
    return streams.next()

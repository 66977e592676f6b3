"""The moments at which a policy was sure and wrong, and what they looked like."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.frames import Image
from data.moments import moment_to_tenth
from data.profile import Head
from data.reader import Recording
from models.evaluation import Evaluation, seconds_into
from models.policy_metrics import ONSET_TOLERANCE_S, Run
from models.tokens import Tokenizer
from models.track_drawing import draw_tracked

MOST = 9
_SURE = 0.5
_APART_S = 2.0  # neighbours are the same mistake
_COLUMNS, _WIDTH_PX, _STRIP_PX, _GAP_PX = 3, 640, 58, 6
_LEAST_CHANCE = 1e-6
_WHITE, _BLUE, _ORANGE = (240, 240, 240), (255, 170, 90), (60, 150, 255)  # BGR


@dataclass(frozen=True, slots=True)
class Mistake:
    """One tick at which a policy was sure of something that the person did not do."""

    head: str
    passage: int
    """Index into `Evaluation.passages`."""
    tick: int
    """In the passage."""
    held: str
    """The class of the person."""
    wanted: str
    """The class of the policy."""
    chance: float
    """Probability that the policy gave to what it wanted."""
    chance_of_held: float
    loss: float
    """-ln of that of the person's class."""


def worst_mistakes(evaluation: Evaluation, *, most: int = MOST) -> list[Mistake]:
    """Find the mistakes with the largest loss, no two of them close to each other.

    Doing the right thing up to a tenth of a second early or late is none. No head takes more
    than its share of the places while others have mistakes to show.
    """
    profile = evaluation.profile
    rate_hz = profile.capture.rate_hz
    apart = round(_APART_S * rate_hz)
    found: list[Mistake] = []
    for head in profile.heads:
        for index, run in enumerate(evaluation.heads[head.name].runs):
            found += _mistakes(head, index, run, tolerance=int(ONSET_TOLERANCE_S * rate_hz + 1e-6))
    found.sort(key=lambda one: -one.loss)
    chosen: list[Mistake] = []
    for share in (-(-most // len(profile.heads)), most):
        for one in found:
            of_head = sum(other.head == one.head for other in chosen)
            near = any(
                other.passage == one.passage and abs(other.tick - one.tick) < apart
                for other in chosen
            )
            if len(chosen) < most and of_head < share and not near:
                chosen.append(one)
    return sorted(chosen, key=lambda one: -one.loss)


def _mistakes(head: Head, index: int, run: Run, *, tolerance: int) -> list[Mistake]:
    if run.chances is None:
        return []
    ticks = np.arange(len(run.truth))
    of_wanted = run.chances[ticks, run.decided]
    wrong = run.counts & (run.truth != run.decided) & (of_wanted >= _SURE)
    for shift in range(1, tolerance + 1):
        wrong[shift:] &= run.truth[:-shift] != run.decided[shift:]
        wrong[:-shift] &= run.truth[shift:] != run.decided[:-shift]
    return [
        Mistake(
            head=head.name,
            passage=index,
            tick=tick,
            held=head.names[run.truth[tick]],
            wanted=head.names[run.decided[tick]],
            chance=float(of_wanted[tick]),
            chance_of_held=float(run.chances[tick, run.truth[tick]]),
            loss=float(-np.log(max(run.chances[tick, run.truth[tick]], _LEAST_CHANCE))),
        )
        for tick in np.flatnonzero(wrong).tolist()
    ]


def draw_mistakes(mistakes: Sequence[Mistake], evaluation: Evaluation, *, out: Path) -> list[str]:
    """Write a sheet with the frame of each mistake; return a line of text for each."""
    tokenizer = Tokenizer(evaluation.profile, evaluation.profile.capture.size)
    kinds = evaluation.profile.object_names
    pictures, lines = [], []
    for number, one in enumerate(mistakes, start=1):
        passage = evaluation.passages[one.passage]
        frame = int(passage.frames(one.tick, one.tick + 1)[0])
        with Recording(passage.source) as recording:
            image = recording.frame(frame)
        at_s = seconds_into(passage, one.tick)
        rows = passage.rows(one.tick, one.tick + 1)[0]
        where = f"{passage.source.stem} at {moment_to_tenth(at_s)}"
        drawn = draw_tracked(image, tokenizer.tracked(rows), kinds, width_px=_WIDTH_PX)
        pictures.append(_with_strip(drawn, number, one, where))
        lines.append(
            f"{number}. {where}, {one.head}: the person held `{one.held}`, the policy wanted "
            f"`{one.wanted}` ({one.chance:.2f}, against {one.chance_of_held:.3f})."
        )
    ok, png = cv2.imencode(".png", _sheet(pictures))
    if ok:
        out.write_bytes(png.tobytes())
    return lines


def _with_strip(image: Image, number: int, mistake: Mistake, where: str) -> Image:
    strip = np.full((_STRIP_PX, image.shape[1], 3), 30, dtype=np.uint8)
    _write(strip, f"{number}  {where}, {mistake.head}", (8, 22), _WHITE)
    right = _write(strip, f"person {mistake.held}", (8, 48), _BLUE)
    _write(strip, f"policy {mistake.wanted} {mistake.chance:.2f}", (right + 24, 48), _ORANGE)
    return np.concatenate([image, strip])


def _write(strip: Image, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> int:
    """Write a line; return where it ends."""
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.62
    cv2.putText(strip, text, at, font, size, colour, 1, cv2.LINE_AA)
    return at[0] + cv2.getTextSize(text, font, size, 1)[0][0]


def _sheet(pictures: Sequence[Image]) -> Image:
    high, wide = pictures[0].shape[:2]
    columns = min(_COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = np.full(
        (rows * (high + _GAP_PX) - _GAP_PX, columns * (wide + _GAP_PX) - _GAP_PX, 3),
        255,
        dtype=np.uint8,
    )
    for index, picture in enumerate(pictures):
        top, left = index // columns * (high + _GAP_PX), index % columns * (wide + _GAP_PX)
        sheet[top : top + high, left : left + wide] = picture
    return sheet

"""What the detector sees of matches that it was never trained on, and what the policy gets of it.

    .venv/bin/python -m tests.bench.detector_score [RUN] [--matches N] [--seconds S] [--json]

Seeds, kits and a crop of the picture that `make weights` never uses, the three difficulties in
turn. Pictures are stored as recordings store them. Average precision is COCO's, of all detections;
below it is what live play has: the detections above the operating threshold, through the tracker.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import typer

from data.console import AsJson, print_json, print_table, progress
from data.frames import FrameSize, Image, decode_jpeg, encode_jpeg, fit, placement
from data.profile import GameProfile, load_profile
from gui.practice.devices import SIZE, Crop, HeadlessGame
from gui.practice.difficulty import DIFFICULTIES
from gui.practice.players import CoachPlayer
from gui.practice.view import LEAST_VISIBLE, Camera, SeenBox, player_rect
from models.anchor_reach import fit_reach
from models.anchors import best_possible_recall
from models.detection_metrics import DetectionMetrics, Truth, evaluate_sizes
from models.detections import DecodeSettings, Detections
from models.perception import SEEN, Perception, Sight, load_detector
from models.tracking import Track, Tracker

HELD_OUT = 901  # settle thresholds and the like with another first seed
FIRST_KITS = 10_000  # above any seed
CROPS = (  # each shows one of the goals
    Crop(0.0, 0.06, 0.9, 0.9),
    Crop(0.15, 0.1, 0.85, 0.85),
    Crop(0.0, 0.12, 0.8, 0.8),
)
CURVE_FROM = 0.02  # detections of lower scores don't change average precision
FOUND_SHARE = 0.02  # of the picture's width: how near a track lies to what it is the track of
FRAMES_TOLD = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """One stored picture, and what it truly shows."""

    image: Image
    seen: list[SeenBox]
    """In stored pixels, hidden things among them, with what can be seen of each."""
    own: SeenBox | None
    """The controlled player."""


@dataclass(slots=True)
class Followed:
    """How well one thing that the policy goes by is followed."""

    shown: int = 0
    found: int = 0
    false: int = 0
    errors: list[float] = field(default_factory=list)
    """Distance of the track from the thing, as a share of the picture's width."""

    def add(self, thing: SeenBox | None, track: Track | None, width_px: int) -> None:
        """Compare what is there, seen or hidden, with what is believed."""
        error = None
        if thing is not None and track is not None:
            centre = (thing.x1 + thing.x2) / 2, (thing.y1 + thing.y2) / 2
            at = track.x, track.top + track.height / 2
            error = float(np.hypot(at[0] - centre[0], at[1] - centre[1])) / width_px
        near = error is not None and error <= FOUND_SHARE
        self.false += track is not None and track.age == 0 and not near
        if thing is None or thing.visible < LEAST_VISIBLE:
            return
        self.shown += 1
        self.found += near
        if error is not None:
            self.errors.append(error)

    def told(self, frames: int) -> dict[str, float]:
        """Return the shares and rates."""
        return {
            "shown": self.shown,
            "found": self.found / max(1, self.shown),
            "error_p95_share_of_width": float(np.percentile(self.errors, 95)),
            f"false_per_{FRAMES_TOLD}_frames": FRAMES_TOLD * self.false / frames,
        }


def main(
    source: Annotated[str, typer.Argument(help="A detector's run, or shipped weights.")] = (
        "practice"
    ),
    matches: Annotated[int, typer.Option("--matches", min=1)] = 9,
    seconds: Annotated[float, typer.Option("--seconds", min=5)] = 40.0,
    rate_hz: Annotated[float, typer.Option("--rate", help="Pictures a second.")] = 20.0,
    whole: Annotated[bool, typer.Option("--whole", help="Crop nothing.")] = False,
    first_seed: Annotated[int, typer.Option("--seed", help="Of the first match.")] = HELD_OUT,
    as_json: AsJson = False,
) -> None:
    """Print the tables."""
    detector = load_detector(source)
    profile = load_profile("practice")
    eyes = Perception(detector, settings=DecodeSettings(score_threshold=CURVE_FROM))
    seen: list[Detections] = []
    truths: list[Truth] = []
    ball, own = Followed(), Followed()
    with progress(quiet=as_json) as show:
        for index in range(matches):
            crop = None if whole else CROPS[(index + index // 3) % len(CROPS)]
            tracker, state = Tracker(profile, profile.capture.size, rate_hz), None
            for moment in play(index, first_seed + index, crop, seconds, rate_hz):
                sight = eyes.see(moment.image)
                seen.append(Detections(sight.boxes, sight.classes, sight.scores))
                truths.append(truth_of(moment, profile))
                state = tracker.step(operating(sight), state)
                ball_tracks = state.tracks[profile.object_names.index("ball")]
                balls = [box for box in moment.seen if box.class_name == "ball"]
                width_px = profile.capture.width_px
                ball.add(
                    balls[0] if balls else None, ball_tracks[0] if ball_tracks else None, width_px
                )
                own.add(moment.own, state.own if state.own.hits else None, width_px)
            show("matches", (index + 1) / matches)
    sizes = evaluate_sizes(seen, truths, classes=len(profile.objects))
    report = summary(sizes, profile, truths, detector.settings.anchors) | {
        "tracked": {"ball": ball.told(len(truths)), "controlled player": own.told(len(truths))}
    }
    if as_json:
        print_json(report)
    else:
        tell(report)


def play(
    index: int, seed: int, crop: Crop | None, seconds: float, rate_hz: float
) -> Iterator[Moment]:
    """Play a held-out match, and hand out its pictures."""
    capture = load_profile("practice").capture
    game = HeadlessGame(
        list(DIFFICULTIES)[index % len(DIFFICULTIES)],
        seconds,
        seed,
        player=CoachPlayer(seed, SIZE),
        kits=FIRST_KITS + seed,
        crop=crop,
    )
    where = placement(FrameSize(*game.size), capture.size)

    def stored(box: SeenBox) -> SeenBox:
        x1, y1, x2, y2 = (where.scale * value for value in (box.x1, box.y1, box.x2, box.y2))
        left, top = where.left_px, where.top_px
        return SeenBox(box.class_name, x1 + left, y1 + top, x2 + left, y2 + top, box.visible)

    for tick in range(1, round(seconds * rate_hz)):
        game.clock.sleep_until_ns(round(tick * 1e9 / rate_hz))
        fitted = fit(game.screen.grab().image, capture.size)
        image = decode_jpeg(encode_jpeg(fitted, capture.jpeg_quality))
        assert image is not None
        seen = game.screen.seen()
        own = controlled(game, seen)
        yield Moment(image, [stored(box) for box in seen], None if own is None else stored(own))


def controlled(game: HeadlessGame, seen: list[SeenBox]) -> SeenBox | None:
    """Find the controlled player among what is seen; None when he is out of the picture."""
    camera = Camera.of(game.state, game.drawn_size)
    rect = player_rect(camera, game.state.players[game.state.controlled])
    x = (rect.x1 + rect.x2) / 2 - game.frame.x1
    y = (rect.y1 + rect.y2) / 2 - game.frame.y1

    def away(box: SeenBox) -> float:
        return abs((box.x1 + box.x2) / 2 - x) + abs((box.y1 + box.y2) / 2 - y)

    best = min((b for b in seen if b.class_name == "player"), key=away, default=None)
    return best if best is not None and away(best) < 0.01 * game.drawn_size[0] else None


def truth_of(moment: Moment, profile: GameProfile) -> Truth:
    """Return the boxes that can be seen."""
    shown = [box for box in moment.seen if box.visible >= LEAST_VISIBLE]
    corners = [(box.x1, box.y1, box.x2, box.y2) for box in shown]
    classes = [profile.object_names.index(box.class_name) for box in shown]
    return Truth(np.array(corners, np.float32).reshape(-1, 4), np.array(classes, np.int64))


def operating(sight: Sight) -> Sight:
    """Keep what live play keeps."""
    kept = sight.scores > SEEN.score_threshold
    return Sight(sight.boxes[kept], sight.classes[kept], sight.scores[kept], sight.features)


def summary(
    sizes: dict[str, DetectionMetrics],
    profile: GameProfile,
    truths: list[Truth],
    anchors: tuple[tuple[float, float], ...],
) -> dict[str, Any]:
    """Put the scores of the detections and of the anchors into plain values."""
    names = profile.object_names
    boxes = np.concatenate([truth.boxes for truth in truths])
    classes = np.concatenate([truth.classes for truth in truths])
    shape = (3.0, 7.0)
    corners = np.random.default_rng(0).uniform(0, 290, (500, 2))
    tiny = np.concatenate([corners, corners + shape], axis=1).astype(np.float32)
    reach = fit_reach(
        Truth(tiny, np.zeros(len(tiny), np.int64)), names=["ball"], size=(300, 300), anchors=1
    )
    return {
        "frames": len(truths),
        "map50": sizes["all"].map50,
        "ap50": dict(zip(names, sizes["all"].ap50.tolist(), strict=True)),
        "map": {
            size: float(np.nanmean(metrics.ap))
            for size, metrics in sizes.items()
            if not np.isnan(metrics.ap).all()
        },
        "ap": dict(zip(names, sizes["all"].ap.tolist(), strict=True)),
        "best_possible_recall": {
            name: best_possible_recall(boxes[classes == kind], anchors)
            for kind, name in enumerate(names)
        },
        "best_possible_recall_3x7": reach.best_possible_recall["ball"],
    }


def tell(report: dict[str, Any]) -> None:
    """Print the tables."""
    rows = [
        (name, *(f"{report[key][name]:.3f}" for key in ("ap50", "ap", "best_possible_recall")))
        for name in report["ap50"]
    ]
    rows.append(("mean", f"{report['map50']:.3f}", f"{report['map']['all']:.3f}", ""))
    head = ["", "AP at 0.5", "AP 0.5:0.95", "best possible recall"]
    print_table(f"{report['frames']} held-out pictures", head, rows)
    by_size = [(size, f"{value:.3f}") for size, value in report["map"].items()]
    print_table("By size", ["", "mAP 0.5:0.95"], by_size)
    tracked = [
        (
            name,
            str(found["shown"]),
            f"{found['found']:.3f}",
            f"{100 * found['error_p95_share_of_width']:.2f}",
            f"{found[f'false_per_{FRAMES_TOLD}_frames']:.2f}",
        )
        for name, found in report["tracked"].items()
    ]
    head = ["", "shown", "found", "error p95, % of width", f"false in {FRAMES_TOLD} pictures"]
    print_table("Through the tracker", head, tracked)
    recall = report["best_possible_recall_3x7"]
    print_table(
        "Anchors fitted to 3x7 px in 300x300", ["best possible recall"], [(f"{recall:.3f}",)]
    )


if __name__ == "__main__":
    typer.run(main)

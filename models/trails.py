"""Follow the tracker's objects back through what was seen: who is who, and from where they came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.profile import GameProfile
from models.perception import Sight
from models.tracking import Track, Tracker, TrackState

_NOT_SEEN = -1
_EXACT_PX = 1e-3  # a track that is seen stands where its detection does
_HOP = 0.05  # of the picture's width: farther from its expected place in one tick is another object


@dataclass(frozen=True, slots=True)
class Trail:
    """One object at the end of a stretch, and where it was before."""

    kind: int
    """Index into the profile's object names."""
    track: Track
    """What the tracker says of it at the end."""
    detections: tuple[int, ...]
    """For each sight of the stretch, which detection it was; -1 where it was not seen."""
    places: tuple[tuple[float, float], ...]
    """Where it stood, oldest first, in stored pixels; the last is where it is."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Its corners x1 y1 x2 y2 in stored pixels, expected ones while it is missed."""
        track = self.track
        half = track.width / 2
        return (track.x - half, track.top, track.x + half, track.top + track.height)


def trails_of(profile: GameProfile, sights: Sequence[Sight], *, span: int) -> list[Trail]:
    """Follow all objects that are tracked at the end.

    Args:
        profile: Names the classes, and what marks the controlled object.
        sights: What was seen, oldest first; the tracker starts afresh with the first.
        span: How many of the last sights to follow them back through.
    """
    tracker = Tracker(profile, profile.capture.size, profile.capture.rate_hz)
    states: list[TrackState] = []
    for sight in sights:
        states.append(tracker.step(sight, states[-1] if states else None))
    if not states:
        return []
    last = list(zip(sights, states, strict=True))[-span:]
    tick_s = 1.0 / profile.capture.rate_hz
    reach_px = _HOP * profile.capture.width_px
    return [
        _followed(kind, track, last, tick_s=tick_s, reach_px=reach_px)
        for kind, of_class in enumerate(states[-1].tracks)
        for track in of_class
    ]


def without(sights: Sequence[Sight], trail: Trail) -> list[Sight]:
    """Return a trail's sights as if that object had never been seen."""
    return [
        sight
        if index == _NOT_SEEN
        else Sight(
            np.delete(sight.boxes, index, axis=0),
            np.delete(sight.classes, index),
            np.delete(sight.scores, index),
            sight.features,
        )
        for sight, index in zip(sights, trail.detections, strict=True)
    ]


def _followed(
    kind: int,
    track: Track,
    last: Sequence[tuple[Sight, TrackState]],
    *,
    tick_s: float,
    reach_px: float,
) -> Trail:
    """Go back from tick to tick, to the track that led to this one."""
    now: Track | None = track
    detections, places = [], []
    for sight, state in reversed(last):
        if now is not None and now is not track:
            now = _predecessor(now, state.tracks[kind], tick_s=tick_s, reach_px=reach_px)
        if now is None:
            detections.append(_NOT_SEEN)
            continue
        detections.append(_detection(now, kind, sight) if now.age == 0 else _NOT_SEEN)
        places.append((now.x, now.y))
        if now is track:
            now = now._replace()  # from here on its predecessors
    return Trail(kind, track, tuple(reversed(detections)), tuple(reversed(places)))


def _predecessor(
    after: Track, before: Sequence[Track], *, tick_s: float, reach_px: float
) -> Track | None:
    """Return the track that was expected nearest to where one is a tick later."""
    if after.age == 0 and after.hits == 1:
        return None  # it has just appeared
    best, least = None, reach_px
    for track in before:
        away = np.hypot(
            track.x + track.vx * tick_s - after.x, track.y + track.vy * tick_s - after.y
        )
        if away <= least:
            best, least = track, float(away)
    return best


def _detection(track: Track, kind: int, sight: Sight) -> int:
    x1, y1, x2, _ = sight.boxes.T.astype(np.float64)
    away = np.abs((x1 + x2) / 2 - track.x) + np.abs(y1 - track.top) + np.abs(x2 - x1 - track.width)
    away[sight.classes != kind] = np.inf
    best = int(away.argmin()) if len(away) else _NOT_SEEN
    return best if len(away) and away[best] < _EXACT_PX else _NOT_SEEN

"""Follow seen objects from tick to tick: their motion, and their place while they are missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from data.frames import FrameSize
from data.profile import GameProfile
from models.perception import Sight

GATE_PX_PER_S = 1.5  # times the picture's width: nothing crosses the picture in under 0.7 s
GAIN = 0.4  # of a new velocity measurement; 1 px of noise at 20 Hz is 28 px/s unsmoothed
COAST_DECAY = 0.85  # of the velocity, for each tick an object is missed
COAST_SINGLE_S = 0.5  # how long something that exists once is believed in while it is missed
COAST_MANY_S = 0.2  # others vanish for good reasons: they leave the picture
# What is followed may be seen less surely than what is new (ByteTrack, Zhang et al. 2022, 3): a
# ball that comes to lie before white socks is the ball that rolled there.
BORN = 0.3  # least score to begin with; perception tells of less


class Track(NamedTuple):
    """One object over time; places and sizes in stored pixels."""

    x: float
    y: float
    """Where it stands: see `standing`."""
    width: float
    height: float
    top: float
    score: float
    vx: float
    vy: float
    """Pixels per second."""
    age: int
    """Ticks since it was last seen; 0 is now."""
    hits: int
    """How often it has been seen, at most 9."""
    own: bool
    """Whether the person controls it."""


@dataclass(frozen=True, slots=True)
class TrackState:
    """All that is remembered between two ticks."""

    tracks: tuple[tuple[Track, ...], ...]
    """For each object class, the tracks alive."""
    offset: tuple[float, float]
    """From the reference object to the place of what the person controls."""
    own: Track
    """What the person controls."""


class Tracker:
    """Turn the detections of one tick into tracks, given those of the tick before."""

    def __init__(self, profile: GameProfile, size: FrameSize, rate_hz: float) -> None:
        self._most = [kind.most for kind in profile.objects]
        names = profile.object_names
        self._reference = None if profile.reference is None else names.index(profile.reference)
        self._size = size
        self._tick_s = 1.0 / rate_hz
        self._gate_px = GATE_PX_PER_S * size.width_px * self._tick_s
        # Objects lower than this stand on the foot of their box, larger ones (goals) in its middle.
        self._tall_px = 0.12 * size.height_px

    def step(self, sight: Sight, state: TrackState | None) -> TrackState:
        """Match what is seen now with what was there one tick ago."""
        found: list[list[Track]] = [[] for _ in self._most]
        for box, kind, score in zip(
            sight.boxes.tolist(), sight.classes.tolist(), sight.scores.tolist(), strict=True
        ):
            found[kind].append(self._standing(box, score))
        tracks = tuple(
            self._follow(kind, now, () if state is None else state.tracks[kind])
            for kind, now in enumerate(found)
        )
        return self._with_own(tracks, state)

    def box(
        self, x: float, y: float, width: float, height: float
    ) -> tuple[float, float, float, float]:
        """Return the corners of what stands somewhere, x1 y1 x2 y2."""
        top = y - height if height < self._tall_px else y - 0.5 * height
        return x - 0.5 * width, top, x + 0.5 * width, top + height

    def _standing(self, box: list[float], score: float) -> Track:
        x1, y1, x2, y2 = box
        height = y2 - y1
        y = y2 if height < self._tall_px else 0.5 * (y1 + y2)
        return Track(0.5 * (x1 + x2), y, x2 - x1, height, y1, score, 0.0, 0.0, 0, 1, False)

    def _follow(
        self, kind: int, found: list[Track], before: tuple[Track, ...]
    ) -> tuple[Track, ...]:
        single = self._most[kind] == 1
        expected = [self._coast(track) for track in before]
        pairs = []
        for i, track in enumerate(expected):
            for j, seen in enumerate(found):
                distance = abs(track.x - seen.x) + abs(track.y - seen.y)
                if distance <= self._gate_px:
                    cost = distance / self._gate_px
                    pairs.append((cost - seen.score if single else cost, i, j))
        pairs.sort()
        of_track: dict[int, int] = {}
        used: set[int] = set()
        for _, i, j in pairs:
            if i not in of_track and j not in used:
                of_track[i] = j
                used.add(j)
        kept = [
            self._updated(track, found[of_track[i]]) if i in of_track else track
            for i, track in enumerate(expected)
            if i in of_track or self._alive(track, single=single)
        ]
        new = [seen for j, seen in enumerate(found) if j not in used and seen.score >= BORN]
        return self._single(kept, new) if single else (*kept, *new)

    @staticmethod
    def _single(kept: list[Track], new: list[Track]) -> tuple[Track, ...]:
        """Choose the one track of a class of which there is one."""
        if kept and kept[0].age == 0:
            return (kept[0],)
        best = max(new, key=lambda track: track.score, default=None)
        if best is not None:  # it reappeared too far off to be the same motion
            return (best,)
        return tuple(kept)

    def _coast(self, track: Track) -> Track:
        """Predict a track one tick ahead."""
        dx, dy = track.vx * self._tick_s, track.vy * self._tick_s
        return track._replace(
            x=track.x + dx,
            y=track.y + dy,
            top=track.top + dy,
            vx=track.vx * (COAST_DECAY if track.age else 1.0),
            vy=track.vy * (COAST_DECAY if track.age else 1.0),
            age=track.age + 1,
        )

    def _updated(self, expected: Track, seen: Track) -> Track:
        gain = max(GAIN, 1.0 / expected.hits) / (self._tick_s * expected.age)
        return seen._replace(
            vx=expected.vx + gain * (seen.x - expected.x),
            vy=expected.vy + gain * (seen.y - expected.y),
            hits=min(9, expected.hits + 1),
            own=expected.own,
        )

    def _alive(self, track: Track, *, single: bool) -> bool:
        inside = 0 <= track.x <= self._size.width_px and 0 <= track.y <= self._size.height_px
        limit_s = COAST_SINGLE_S if single else COAST_MANY_S
        return inside and track.age * self._tick_s <= limit_s

    def _with_own(
        self, tracks: tuple[tuple[Track, ...], ...], state: TrackState | None
    ) -> TrackState:
        """Find what the person controls: what is under the reference object, else that itself."""
        offset = (0.0, 0.0) if state is None else state.offset
        markers = () if self._reference is None else tracks[self._reference]
        if markers and markers[0].age == 0:
            marker = markers[0]
            below = self._below(marker, tracks)
            tracks = tuple(
                tuple(track._replace(own=track is below) for track in of_class)
                for of_class in tracks
            )
            if below is not None:
                own = below._replace(own=True)
                return TrackState(tracks, (own.x - marker.x, own.y - marker.y), own)
            own = marker._replace(x=marker.x + offset[0], y=marker.y + offset[1], own=True)
            return TrackState(tracks, offset, own)
        for of_class in tracks:
            for track in of_class:
                if track.own:
                    return TrackState(tracks, offset, track)
        if state is not None and state.own.hits:
            return TrackState(tracks, offset, self._kept_inside(self._coast(state.own)))
        middle = (0.5 * self._size.width_px, 0.5 * self._size.height_px)
        nowhere = Track(*middle, 0.0, 0.0, middle[1], 0.0, 0.0, 0.0, 1, 0, False)
        return TrackState(tracks, offset, nowhere)

    def _below(self, marker: Track, tracks: Sequence[Sequence[Track]]) -> Track | None:
        """Return what a marker hovers over, among the classes of which there are many."""
        best, least = None, float("inf")
        for kind, of_class in enumerate(tracks):
            if self._most[kind] == 1 or kind == self._reference:
                continue
            for track in of_class:
                aside = abs(track.x - marker.x)
                gap = track.top - marker.y
                under = -marker.height <= gap <= max(track.height, marker.height)
                if aside <= 0.5 * (track.width + marker.width) and under:
                    cost = aside + abs(gap)
                    if cost < least:
                        best, least = track, cost
        return best

    def _kept_inside(self, track: Track) -> Track:
        return track._replace(
            x=min(max(track.x, 0.0), float(self._size.width_px)),
            y=min(max(track.y, 0.0), float(self._size.height_px)),
        )

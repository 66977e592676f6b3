"""What live play decided, and on what: enough of it to make every decision again.

The pictures of a recording are JPEG, and live play saw what they were before. So a flight log also
keeps what was *seen* on each decision: the objects, and the pooled features as the policy takes
them. From there on everything can be computed again, to the last bit.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data import schema
from data.errors import RecordingError
from data.opening import RecordingFile, refusing_damage
from data.profile import GameProfile

ATTRIBUTE = "flight"
"""Attribute of a flight log that says who played, and how it decided."""


@dataclass(frozen=True, slots=True)
class FlightFacts:
    """Who played, and how probabilities became keys."""

    run: str
    """The policy's run folder, as an absolute path."""
    fingerprint: str
    """Of that run's weights and settings; see `models.checkpoint.run_fingerprint`."""
    revision: str
    """Of the code that trained it."""
    engine: str
    """What saw: `onnx` or `torch`."""
    decision: Mapping[str, Any]
    """The settings of `agent.decision`."""
    seed: int
    """For decisions that are drawn."""

    def to_attributes(self) -> dict[str, str]:
        """Return what is written as an attribute of the file."""
        return {ATTRIBUTE: json.dumps(asdict(self), sort_keys=True)}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self | None:
        """Read what `to_attributes` wrote; None when nothing was.

        Raises:
            ValueError: It can't be read.
        """
        if ATTRIBUTE not in attributes:
            return None
        try:
            found = json.loads(str(attributes[ATTRIBUTE]))
            texts = {n: str(found[n]) for n in ("run", "fingerprint", "revision", "engine")}
            return cls(**texts, decision=dict(found["decision"]), seed=int(found["seed"]))
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"the attribute {ATTRIBUTE!r} can't be read: {error}") from error


@dataclass(frozen=True, slots=True, eq=False)
class DecisionRow:
    """One decision of live play: what it was made on, and what it was."""

    at_ns: int
    """Time of the frame."""
    fresh: bool
    """Whether the policy remembered nothing before it."""
    boxes: npt.NDArray[np.float32]
    """`(n, 4)`, x1 y1 x2 y2 in stored pixels, as they were given to the policy."""
    object_classes: npt.NDArray[np.int64]
    """`(n,)` indices into the profile's object names."""
    scores: npt.NDArray[np.float32]
    """`(n,)`, 0 to 1."""
    features: npt.NDArray[np.float16]
    """`(F,)` pooled picture features, in half precision, as the policy takes them."""
    classes: Mapping[str, int]
    """For each head, the class chosen."""
    held: frozenset[str]
    """The keys held then: those of the classes, or none where the focus was lost meanwhile."""

    def columns(self, profile: GameProfile) -> dict[str, Any]:
        """Return what is written to each dataset; the row's own columns last."""
        return {
            schema.SEEN_CLASS: self.object_classes.astype(np.uint16),
            schema.SEEN_SCORE: self.scores.astype(np.float32),
            schema.SEEN_BOX: self.boxes.astype(np.float32).reshape(-1, 4),
            schema.SEEN_FEATURES: self.features,
            schema.DECISION_FRESH: int(self.fresh),
            schema.DECISION_OBJECTS: len(self.scores),
            schema.DECISION_FEATURES: len(self.features),
            schema.DECISION_CLASSES: [self.classes[head.name] for head in profile.heads],
            schema.DECISION_HELD: [key in self.held for key in profile.keys],
            schema.DECISION_AT: self.at_ns,
        }


class Decisions:
    """The decisions of one flight log, in the order in which they were made.

    It reads from an open recording, and is useless once that is closed.
    """

    def __init__(self, file: RecordingFile, profile: GameProfile) -> None:
        """Read everything but the features.

        Raises:
            RecordingError: The log is damaged, or is none that keeps what was seen.
        """
        if schema.DECISION_AT not in file:
            raise RecordingError(
                f"{file.path}: it does not say what was seen while playing; logs of 'understudy "
                "play --log' do."
            )
        self._file = file
        at, fresh, objects, features, classes, held = file.table(schema.TABLES[-1])
        kinds, scores, boxes = file.table(schema.TABLES[-2])
        ends = np.cumsum(objects, dtype=np.int64)
        pooled_ends = np.cumsum(features, dtype=np.int64)
        pooled = file.rows(schema.SEEN_FEATURES)
        whole = min(  # a leftover may be torn
            int(np.searchsorted(ends, len(kinds), side="right")),
            int(np.searchsorted(pooled_ends, pooled, side="right")),
        )
        self.at_ns: npt.NDArray[np.int64] = at[:whole].astype(np.int64)
        self.fresh: npt.NDArray[np.bool_] = fresh[:whole].astype(np.bool_)
        self._ends: npt.NDArray[np.int64] = ends[:whole]
        self._pooled_ends: npt.NDArray[np.int64] = pooled_ends[:whole]
        self.classes: npt.NDArray[np.int64] = classes[:whole].astype(np.int64)
        """`(n, heads)`, the class chosen."""
        self._held = held[:whole].astype(np.bool_)
        self._keys = profile.keys
        self.object_classes: npt.NDArray[np.int64] = kinds.astype(np.int64)
        self.scores: npt.NDArray[np.float32] = scores.astype(np.float32)
        self.boxes: npt.NDArray[np.float32] = boxes.astype(np.float32)
        self._check(profile)

    def __len__(self) -> int:
        return len(self.at_ns)

    def objects(self, index: int) -> slice:
        """Return which of all objects were seen at a decision."""
        return slice(int(self._ends[index - 1]) if index else 0, int(self._ends[index]))

    def held(self, index: int) -> frozenset[str]:
        """Return the keys held after a decision."""
        return frozenset(
            key for key, down in zip(self._keys, self._held[index], strict=True) if down
        )

    def features(self, start: int, stop: int) -> list[npt.NDArray[np.float32]]:
        """Return the pooled features of some decisions, `(F,)` each."""
        first = int(self._pooled_ends[start - 1]) if start else 0
        ends = self._pooled_ends[start:stop]
        found = self._file.read(schema.SEEN_FEATURES, first, int(ends[-1]) if len(ends) else first)
        return np.split(found.astype(np.float32), ends[:-1] - first) if len(ends) else []

    def _check(self, profile: GameProfile) -> None:
        with refusing_damage(self._file.path):
            shape = (len(self), len(profile.heads)), (len(self), len(profile.keys))
            if (self.classes.shape, self._held.shape) != shape:
                raise ValueError("its decisions don't fit its profile")
            sizes = np.array([len(head.names) for head in profile.heads])
            if (self.classes >= sizes).any():
                raise ValueError("a decision names no class of its profile")
            if len(self.object_classes) and self.object_classes.max() >= len(profile.objects):
                raise ValueError("an object that was seen is none of its profile")
            if not (np.isfinite(self.boxes).all() and np.isfinite(self.scores).all()):
                raise ValueError("what was seen is not all numbers")

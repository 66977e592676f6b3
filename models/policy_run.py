"""A policy's run folder while it is trained: curves, scores, and what to resume from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from data.errors import CheckpointError
from data.paths import written_whole
from models.event_files import EVENT_FILES, event_writer
from models.policy_recipe import FitProgress, PolicyTrainingSettings
from models.run_files import METRICS_NAME, STATE_NAME
from models.training_state import (
    TrainingState,
    load_state,
    load_tensors,
    save_state,
)

SAVE_EVERY_S = 20.0  # what a crash costs at most; the state of the usual policy is 25 MB


@dataclass(frozen=True, slots=True)
class FitState:
    """How far a fit had come, beside its tensors."""

    step: int
    seconds: float
    """Time spent, over all sittings."""
    losses: tuple[float, ...]
    """Since the last look."""
    history: tuple[FitProgress, ...]
    """The looks so far."""
    best_score: float | None
    best_step: int
    data: str
    """Fingerprint of what is learned from; empty before it was looked at."""


class PolicyRun:
    """The run folder of a training that is under way."""

    def __init__(
        self, out: Path, settings: PolicyTrainingSettings, *, resumed: FitState | None = None
    ) -> None:
        """Begin the folder, or go on in it from where `resumed` was saved."""
        self.out, self._settings = out, settings
        self._learned = resumed is not None
        out.mkdir(parents=True, exist_ok=True)
        if resumed is None:
            for old in out.glob(EVENT_FILES):
                old.unlink()
            # From here on it can be resumed, though it is then begun anew.
            self.save(FitState(0, 0.0, (), (), None, 0, ""), {})
        self._write_metrics(() if resumed is None else resumed.history)
        self._events = event_writer(out, step=0 if resumed is None else resumed.step)

    def log(self, step: int, loss: float, rate: float) -> None:
        """Add a step to the curves."""
        self._learned = True
        self._events.add_scalar("loss", loss, step)
        self._events.add_scalar("learning_rate", rate, step)

    def look(self, seen: FitProgress) -> None:
        """Add a look at the held-out recordings."""
        with (self.out / METRICS_NAME).open("a", encoding="utf-8") as file:
            file.write(_line(seen))
        if seen.score is not None:
            self._events.add_scalar("validation_score", seen.score, seen.step)
        self._events.flush()

    def save(self, state: FitState, tensors: Mapping[str, Tensor]) -> None:
        """Write what a training that is cut short goes on from."""
        kept = TrainingState(
            kind="policy",
            step=state.step,
            seconds=state.seconds,
            losses=state.losses,
            settings=self._settings.to_json(),
            data=state.data,
            more={
                "history": [asdict(one) for one in state.history],
                "best_score": state.best_score,
                "best_step": state.best_step,
            },
        )
        save_state(self.out, kept, tensors)

    def forget_state(self) -> None:
        """Remove what a training could go on from: it is finished."""
        (self.out / STATE_NAME).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the curves; a training that failed before its first step leaves none."""
        self._events.close()
        if not self._learned:
            self.forget_state()
            for file in (self.out / METRICS_NAME, *self.out.glob(EVENT_FILES)):
                file.unlink(missing_ok=True)

    def _write_metrics(self, history: Sequence[FitProgress]) -> None:
        with written_whole(self.out / METRICS_NAME) as part:
            part.write_text("".join(map(_line, history)), encoding="utf-8")


def resumed_fit(
    out: Path, settings: PolicyTrainingSettings
) -> tuple[FitState, dict[str, Tensor]] | None:
    """Read where a training was cut short; None when it had not taken a step.

    Raises:
        CheckpointError: There is nothing to go on from, or it was begun with other settings.
    """
    state = load_state(out, kind="policy")
    had = PolicyTrainingSettings.from_json(state.settings).recipe()
    for name, value in _flat(settings.recipe()).items():
        before = _flat(had).get(name)
        if before != value:
            raise CheckpointError(
                f"{out}: was begun with {name} {before!r}, which can't become {value!r} on the "
                "way. Go on with the same, or begin anew without --resume."
            )
    if not state.step:
        return None
    more = state.more
    history = tuple(
        FitProgress(one["step"], one["steps"], one["loss"], one["score"]) for one in more["history"]
    )
    return (
        FitState(
            state.step,
            state.seconds,
            state.losses,
            history,
            more["best_score"],
            more["best_step"],
            state.data,
        ),
        load_tensors(out),
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _line(seen: FitProgress) -> str:
    row = {"step": seen.step, "loss": seen.loss, "validation_score": seen.score}
    return json.dumps(row) + "\n"

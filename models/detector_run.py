"""A detector's run folder while it is trained: scores, curves, the best weights, what to resume."""

import json
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from math import isnan
from pathlib import Path
from typing import Any

from torch import Tensor

from data.errors import CheckpointError
from data.profile import GameProfile
from models.checkpoint import make_config, save_run, select_weights
from models.detector_data import LabelledFrame
from models.detector_recipe import DetectorTrainingSettings
from models.detector_report import by_class
from models.detector_scoring import evaluate_detector
from models.event_files import EVENT_FILES, event_writer
from models.run_files import METRICS_NAME, STATE_NAME
from models.ssd import Detector
from models.training_state import TrainingState

REMEMBERED = frozenset({"best_map50", "stale", "looked", "began_with"})
"""What a run adds to the state of a training."""
_KEPT = "kept."  # before the names of the best detector's tensors


class DetectorRun:
    """The run folder, and the best detector so far."""

    def __init__(
        self,
        out: Path,
        detector: Detector,
        profile: GameProfile,
        settings: DetectorTrainingSettings,
        validation: list[LabelledFrame],
        *,
        began_with: str,
        resumed: TrainingState | None = None,
        tensors: Mapping[str, Tensor] | None = None,
    ) -> None:
        """Begin the folder, or go on in it from where `resumed` and its `tensors` were saved."""
        self.out, self.validation, self.began_with = out, validation, began_with
        self.config = make_config(
            "detector",
            settings=detector.settings.to_json(),
            profile=profile,
            seed=settings.seed,
            training=settings.to_json(),
            began_with=began_with,
        )
        self.best_map50: float | None = None if resumed is None else resumed.more["best_map50"]
        self.stale = 0 if resumed is None else int(resumed.more["stale"])
        self.looked = 0 if resumed is None else int(resumed.more["looked"])
        self.kept = detector
        out.mkdir(parents=True, exist_ok=True)
        if resumed is None:
            self._clear()
        else:
            self._forget_after(self.looked)
        if self.looked:
            self._take_back(select_weights(tensors or {}, _KEPT))
        self.events = event_writer(out, step=0 if resumed is None else resumed.step)

    def _clear(self) -> None:
        for old in self.out.glob(EVENT_FILES):
            old.unlink()
        self.forget_state()
        (self.out / METRICS_NAME).write_text("", encoding="utf-8")

    def _take_back(self, weights: Mapping[str, Tensor]) -> None:
        """Keep the best weights of an earlier sitting; a look at its stop may have kept others."""
        self.kept = deepcopy(self.kept).eval()
        try:
            self.kept.load_state_dict(weights)
        except RuntimeError as error:
            raise CheckpointError(
                f"{self.out}: can't be gone on from; its best weights are damaged. Begin anew "
                "without --resume."
            ) from error
        save_run(self.out, weights=weights, config=self.config)

    def _forget_after(self, step: int) -> None:
        """Drop the scores of steps that will be taken again."""
        path = self.out / METRICS_NAME
        kept = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            with suppress(ValueError):  # the last line may be cut short
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
        path.write_text("".join(kept), encoding="utf-8")

    def log(self, step: int, loss: float, rate: float) -> None:
        """Add a step to the curves."""
        self.events.add_scalar("loss", loss, step)
        self.events.add_scalar("learning_rate", rate, step)

    def keep(self, detector: Detector, step: int, loss: float, seconds: float) -> None:
        """Score a detector; save it unless an earlier one was better."""
        metrics = evaluate_detector(detector, self.validation) if self.validation else None
        map50 = None if metrics is None or isnan(metrics.map50) else metrics.map50
        ap50 = None if metrics is None else by_class(metrics.ap50, detector)
        line = {"step": step, "loss": loss, "map50": map50, "ap50": ap50, "seconds": seconds}
        with (self.out / METRICS_NAME).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        for name, value in (("map50", map50), *(ap50 or {}).items()):
            if value is not None:
                self.events.add_scalar(f"validation/{name}", value, step)
        self.events.flush()
        self.stale += 1
        self.looked = step
        if map50 is None or self.best_map50 is None or map50 > self.best_map50:
            self.best_map50, self.stale = map50, 0
            self.kept = deepcopy(detector).eval()
            save_run(self.out, weights=detector.state_dict(), config=self.config)

    def kept_tensors(self) -> dict[str, Tensor]:
        """Return the best detector's tensors for the state of a training; none before a look."""
        if not self.looked:
            return {}
        return {f"{_KEPT}{name}": tensor for name, tensor in self.kept.state_dict().items()}

    def to_remember(self) -> dict[str, Any]:
        """Return what this adds to the state of a training."""
        return {
            "best_map50": self.best_map50,
            "stale": self.stale,
            "looked": self.looked,
            "began_with": self.began_with,
        }

    def forget_state(self) -> None:
        """Remove what a training could go on from."""
        (self.out / STATE_NAME).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the curves."""
        self.events.close()

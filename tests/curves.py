"""What a training drew for TensorBoard, read back."""

import warnings
from pathlib import Path


def loss_curve(run: Path) -> dict[int, float]:
    """Return the loss of each step."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorboard's own dependencies warn on import
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(run))
        events.Reload()
    return {event.step: event.value for event in events.Scalars("loss")}

"""Curves for TensorBoard, written into a run folder."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

EVENT_FILES = "events.out.tfevents.*"


def event_writer(out: Path, *, step: int) -> "SummaryWriter":
    """Begin a file of curves; what earlier ones hold of the steps after `step` is void."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorboard's own dependencies warn on import
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(out), purge_step=step + 1)

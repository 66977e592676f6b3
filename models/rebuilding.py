"""Rebuild networks from what a run folder says of them, which may be a stranger's."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def rebuilt(build: Callable[[], Network], weights: Mapping[str, Tensor]) -> Network:
    """Build a network and give it its weights; in evaluation mode.

    Its shapes are compared with the weights' before any memory is taken: settings that ask for more
    than the weights hold ask for any amount.

    Args:
        build: Makes the network; called twice.
        weights: All that the network has, and nothing else.

    Raises:
        RuntimeError: They don't fit; the first line says what was built.
    """
    with torch.device("meta"):
        outline = build()
    outline.load_state_dict(weights, assign=True)  # compares; copying into an outline would warn
    network = build()
    network.load_state_dict(weights)
    return network.eval()

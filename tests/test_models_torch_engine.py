import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.perception import Graph
from models.torch_engine import TorchEngine
from tests.test_models_perception import make_detector, picture


class Doubled(nn.Module):
    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        return 2.0 * given, given.sum(0, keepdim=True)


def devices():
    there = torch.cuda.is_available()
    reason = "no GPU answers PyTorch"
    return ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not there, reason=reason))]


@pytest.mark.parametrize("device", devices())
def test_every_input_gets_outputs_of_its_own(device):
    engine = TorchEngine(Doubled(), torch.zeros(3), device=device)
    first = engine(np.array([1.0, 2.0, 3.0], dtype=np.float32))
    second = engine(np.array([4.0, 5.0, 6.0], dtype=np.float32))
    for found, expected in ((first, ([2, 4, 6], [6])), (second, ([8, 10, 12], [15]))):
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("device", devices())
def test_half_precision_sees_nearly_what_single_precision_sees(device):
    halved = Graph(make_detector())
    halved.halve()
    assert halved.detector.state_dict()["backbone.features.0.0.weight"].dtype == torch.float16
    half = TorchEngine(halved, halved.example(), device=device)
    single = Graph(make_detector())
    full = TorchEngine(single, single.example(), device="cpu")
    for seed in range(3):
        for ours, expected in zip(half(picture(seed)), full(picture(seed)), strict=True):
            assert ours.dtype == np.float32
            np.testing.assert_allclose(ours, expected, atol=2e-2)

import inspect

import pytest

from models.policy_commands import train_policy_command
from models.policy_recipe import FitSettings
from tests.conftest import Run


@pytest.mark.parametrize("name", ["passes", "streams", "window"])
def test_the_help_tells_the_real_defaults(name: str):
    (option,) = inspect.signature(train_policy_command).parameters[name].annotation.__metadata__
    usual, with_pictures = (getattr(s, name) for s in (FitSettings(), FitSettings.from_pictures()))
    assert f": {usual:g}, or {with_pictures:g} with --end-to-end." in option.help


@pytest.mark.parametrize("kind", [("detector",), ("policy", "--recordings")])
@pytest.mark.parametrize("rate", [0, -0.1])
def test_a_learning_rate_is_above_zero(run: Run, kind: tuple[str, ...], rate: float):
    status, _, said = run("train", *kind, "a.h5", "--out", "new", "--learning-rate", rate)
    assert status == 2
    assert "--learning-rate: must be above 0" in " ".join(said.replace("│", " ").split())

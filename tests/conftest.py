"""Fixtures that several test files share."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from recorder.display import VirtualScreen

if TYPE_CHECKING:
    from tests.x11 import Desk


@pytest.fixture(scope="session")
def virtual_screen() -> Iterator[VirtualScreen]:
    """A private desktop of 1400x900 pixels, which DISPLAY names while it lives."""
    missing = [program for program in ("Xvfb", "openbox") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed; `make setup` installs them")
    before = os.environ.get("DISPLAY")
    with VirtualScreen(1400, 900) as screen:
        screen.activate()
        yield screen
    if before is None:
        os.environ.pop("DISPLAY", None)
    else:
        os.environ["DISPLAY"] = before


@pytest.fixture
def desk(virtual_screen: VirtualScreen) -> Iterator["Desk"]:
    """Somebody else's connection to the private desktop: opens windows, moves keys."""
    from tests.x11 import Desk

    with Desk() as opened:
        yield opened

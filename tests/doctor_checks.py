"""A check of `understudy doctor` to try things with."""

from collections.abc import Callable
from typing import Any

from agent.doctor.health import Check, Finding


def a_check(run: Callable[[], Finding], **more: Any) -> Check:
    return Check("engine", "trying", run, **more)

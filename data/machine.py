"""What a measurement was taken on."""

import os
import platform
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")


def machine(**more: str | int) -> dict[str, str | int | None]:
    """Describe this computer, with whatever else decides the figures, such as versions."""
    return {"cores": os.cpu_count(), "cpu": _cpu(), "system": platform.system(), **more}


def _cpu() -> str:
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()

"""A fault of the program is written down whole, and told in one line."""

import sys
import time
import traceback

from platformdirs import user_log_path


def told_fault(error: Exception) -> str:
    """Write an unforeseen error with its traceback to the log; return one line for the user."""
    said = str(error).strip().splitlines()
    told = f"{type(error).__name__}: {said[0] if said else 'no reason given'}"
    try:
        path = user_log_path("understudy", ensure_exists=True) / "faults.log"
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {' '.join(sys.argv)}\n")
            traceback.print_exception(error, file=file)
    except OSError as problem:
        return f"a fault of the program ({told}). The details can't be kept: {problem}."
    return f"a fault of the program ({told}). The details are in {path}"

r"""Patterns that titles of windows match: both come from strangers, so no match may take for ever.

RE2 reads a title once, whatever the pattern, and refuses patterns that need much memory; it knows
neither lookaround nor back-references, and `\d` and `\w` are ASCII: see
https://github.com/google/re2/wiki/Syntax.
"""

from functools import lru_cache

import re2

from data.errors import UnderstudyError


class PatternError(UnderstudyError, ValueError):
    """Not a pattern; the message says why, and names no field."""


def check_pattern(pattern: str) -> None:
    """Refuse what can't be a pattern.

    Raises:
        PatternError: It isn't one, or it needs more memory than one may.
    """
    _compiled(pattern)


def title_matches(pattern: str, title: str) -> bool:
    """Say whether a pattern is found anywhere in a title.

    Raises:
        PatternError: It is no pattern.
    """
    return _compiled(pattern).search(title.encode(errors="replace")) is not None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False  # they are raised
    try:
        return re2.compile(pattern.encode(), options)
    except UnicodeEncodeError as error:
        raise PatternError("not a regular expression: it is no Unicode text") from error
    except re2.error as error:
        told = b" ".join(error.args).decode(errors="replace")
        raise PatternError(f"not a regular expression as RE2 knows them: {told}") from error

"""What is wrong with a profile's fields, in words: the field, what it got, and the cure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

MOST_TOLD = 200  # and a hundred thousand wrong fields
LONGEST_SHOWN = 60  # a stranger's file may hold a value of a million characters
NAME_RULE = "use up to 40 lower-case letters, digits and _, starting with a letter"
EXAMPLES = {
    "name": 'name = "game"',
    "title": 'title = "^My Game", a part of the title of the window',
    "heads": "a [[heads]] table with a name and [heads.classes]",
    "classes": "[heads.classes] with none = [] and a class for each chord of keys",
    "axis": 'axis = "horizontal" or "vertical"',
    "swap": 'swap = [["left", "right"]]',
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant; None when none is like it."""
    found = get_close_matches(word.lower()[:LONGEST_SHOWN], sorted(known), n=1)
    return found[0] if found else None


def problem_lines(error: ValidationError, model: type[BaseModel], read: object) -> list[str]:
    """List every problem that pydantic found, each on one line that begins with its field.

    Args:
        error: What pydantic raised; a validator of ours puts each problem on a line of its own.
        model: What was validated.
        read: What was read from the file, for the names of the heads and objects in it.
    """
    lines = []
    details = error.errors(include_url=False)[:MOST_TOLD]
    places = [detail["loc"] for detail in details]
    for detail in details:
        deeper = any(place[: len(detail["loc"])] == detail["loc"] != place for place in places)
        if detail["type"] == "too_short" and deeper:
            continue  # pydantic misses the entries that were wrong themselves
        field = _field(detail["loc"], read)
        lines += [f"{field}: {said}" for said in _said(detail, model)]
    return lines


def first_problem(lines: Sequence[str]) -> str:
    """Put the first of several problems on one line, with the number of the others."""
    more = f" And {len(lines) - 1} more." if len(lines) > 1 else ""
    return f"{lines[0]}{more}"


def sentence(said: str) -> str:
    """End what is said with a full stop, unless it ends a sentence already."""
    return said if said.endswith((".", "?")) else f"{said}."


def _field(parts: tuple[int | str, ...], read: object) -> str:
    said = ""
    for part in parts:
        if part == "[key]":
            continue
        if isinstance(part, int):
            read = read[part] if isinstance(read, list) and part < len(read) else None
            name = read.get("name") if isinstance(read, dict) else None
            said += f"[{_short(str(name or part + 1))}]"
        else:
            read = read.get(part) if isinstance(read, dict) else None
            said += f".{_short(part)}" if said else _short(part)
    return said or "the profile"


def _said(detail: Mapping[str, Any], model: type[BaseModel]) -> Iterator[str]:
    kind, got = detail["type"], detail["input"]
    field = str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "missing":
        yield f"missing; add {EXAMPLES.get(field, 'it')}."
    elif kind == "extra_forbidden":
        known = _fields_at(model, detail["loc"][:-1])
        meant = nearest(field, known)
        yield (
            f"no such field; did you mean {meant}?"
            if meant
            else f"no such field; known here: {', '.join(known)}."
        )
    elif kind == "string_pattern_mismatch":
        yield f"{_shown(got)} is no name here; {NAME_RULE}."
    elif kind == "value_error":
        yield from map(sentence, str(detail["ctx"]["error"]).splitlines())
    elif kind in ("too_short", "too_long"):
        short = kind == "too_short"
        limit = (
            f"at least {detail['ctx']['min_length']}"
            if short
            else (f"at most {detail['ctx']['max_length']}")
        )
        yield f"needs {limit} entries; {detail['ctx']['actual_length']} are given."
    else:
        told = "" if isinstance(got, dict | list | tuple) else f" (got {_shown(got)})"
        yield f"{detail['msg'].removeprefix('Input ')}{told}."


def _fields_at(model: type[BaseModel], parts: tuple[int | str, ...]) -> list[str]:
    for part in parts:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  (a type, or a form of one)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _shown(got: object) -> str:
    if isinstance(got, int) and got.bit_length() > 1000:
        return "a number of hundreds of digits"  # Python refuses to write the longest of them out
    return _short(got if isinstance(got, str) else repr(got), quoted=isinstance(got, str))


def _short(text: str, *, quoted: bool = False) -> str:
    cut = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."
    return repr(cut) if quoted or not cut.isprintable() else cut

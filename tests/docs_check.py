"""Checks the documentation against the program: `python -m tests.docs_check`.

Every command of README.md and docs/*.md must parse, in code blocks and in inline code: commands
and options of `understudy`, targets of `make`, options of `python -m tests...`. Every relative
link, its heading and every picture must exist, every test that is named must, too, and every
document must be linked from another. One line is printed for each problem; the status is then 1.
With `--run`, what is quick and harmless is run as well; see `tests.docs_run`.
"""

import argparse
import io
import re
import runpy
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import typer

import understudy

ROOT = Path(__file__).resolve().parent.parent
HELP = frozenset({"-h", "--help"})
_FENCE = re.compile(r"^\s*(```|~~~)")
_INLINE = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_BEGINS = re.compile(r"(?:understudy|make|python -m tests\.\S+)(?:\s|$)")
_PROMPT = re.compile(r"^\s*(?:\$ +)?(?:[A-Z][A-Z0-9_]*=\S* +)*")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_TARGET = re.compile(r"^([A-Za-z][\w./-]*)\s*:(?!=)", re.MULTILINE)
_TEST = re.compile(r"(tests/\w+\.py)(?:::(\w+))?")
_ENDS = frozenset({"|", "&&", "||", ";", "&", ">", ">>", "2>", "<"})


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a document names."""

    file: Path
    line: int
    """Counted from 1."""
    text: str
    in_block: bool
    """Whether it stands in a code block, to be copied as it is."""


def documents(root: Path) -> list[Path]:
    """Return the files that are checked."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("*.md"))]


def commands_of(file: Path) -> list[Command]:
    """Return the commands of a document, in code blocks first."""
    prose, code = split(file.read_text(encoding="utf-8"))
    found = []
    for number, text in _whole_lines(code):
        bare = text[_prompt_length(text) :]
        if _BEGINS.match(bare):
            found.append(Command(file, number, bare, in_block=True))
    for match in _INLINE.finditer(prose):
        text = " ".join(match[2].replace("\\|", "|").split())
        if _BEGINS.match(text):
            number = prose.count("\n", 0, match.start()) + 1
            found.append(Command(file, number, text, in_block=False))
    return found


def split(text: str) -> tuple[str, str]:
    """Return a document's prose and its code blocks, the lines of the other left empty."""
    prose: list[str] = []
    code: list[str] = []
    fenced, indented, after_blank = False, False, True
    for line in text.split("\n"):
        fence = bool(_FENCE.match(line))
        if fence:
            fenced = not fenced
        elif not fenced:
            is_indented = line.startswith("    ") and bool(line.strip())
            indented = is_indented and (after_blank or indented)
        inside = (fenced or indented) and not fence
        after_blank = not line.strip()
        code.append(line if inside else "")
        prose.append("" if inside or fence else line)
    return "\n".join(prose), "\n".join(code)


def _prompt_length(text: str) -> int:
    match = _PROMPT.match(text)
    return match.end() if match else 0


def _whole_lines(code: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their number; those that end in a backslash with what follows."""
    began, parts = 0, []
    for number, line in enumerate(code.split("\n"), start=1):
        began = began if parts else number
        parts.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield began, " ".join(parts)
            parts = []


def problem_of(command: Command, root: Path) -> str | None:
    """Say what is wrong with a command, or None."""
    try:
        words = shlex.split(command.text, comments=True)
    except ValueError as error:
        return f"it can't be split into words ({error})"
    end = next((index for index, word in enumerate(words) if word in _ENDS), len(words))
    words = [bare for word in words[:end] if (bare := word.strip("[]").removesuffix("..."))]
    if words[0] == "understudy":
        whole = command.in_block and "..." not in command.text
        return _understudy_problem(words[1:], whole=whole)
    if words[0] == "make":
        return _make_problem(words[1:], root)
    return _module_problem(words[2], words[3:])


def _understudy_problem(words: Sequence[str], *, whole: bool) -> str | None:
    command: Any = typer.main.get_command(understudy.app)
    place, rest = "understudy", list(words)
    while commands := getattr(command, "commands", None):
        if not rest or rest[0].startswith("-"):
            break
        name = rest.pop(0)
        if name not in commands:
            return f"{place} has no command {name!r}"
        command, place = commands[name], f"{place} {name}"
    return _Words(command.params, place).problem(rest, whole=whole)


class _Words:
    """What follows a command's name, held against its parameters."""

    def __init__(self, params: Sequence[Any], place: str) -> None:
        self._options = {
            name: param
            for param in params
            if param.param_type_name == "option"
            for name in (*param.opts, *param.secondary_opts)
        }
        self._arguments = [param for param in params if param.param_type_name == "argument"]
        self._place = place

    def problem(self, words: Sequence[str], *, whole: bool) -> str | None:
        """Say what is wrong, or None.

        Args:
            words: All that follow the command's name.
            whole: Whether nothing that is required may be missing.
        """
        given, plain, rest = set(), 0, list(words)
        while rest:
            word = rest.pop(0)
            if not word.startswith("-") or word == "-":
                plain += 1
                continue
            name, equals, value = word.partition("=")
            if name in HELP:
                return None
            if name not in self._options:
                return f"{self._place} has no option {name}"
            param = self._options[name]
            given.add(param.name)
            if param.is_flag or param.count:
                continue
            if not equals:
                if not rest:
                    return f"{self._place} {name} wants a value" if whole else None
                value = rest.pop(0)
            wrong = _unknown_choice(param, value)
            if wrong is not None:
                return f"{self._place} {name} can't be {wrong!r}"
        return self._missing(given, plain) if whole else self._too_many(plain)

    def _missing(self, given: set[str], plain: int) -> str | None:
        for param in self._options.values():
            if param.required and param.name not in given:
                return f"{self._place} wants {param.opts[0]}"
        least = sum(param.required for param in self._arguments)
        if plain < least:
            return f"{self._place} wants {self._arguments[plain].name.upper()}"
        return self._too_many(plain)

    def _too_many(self, plain: int) -> str | None:
        endless = any(param.nargs == -1 for param in self._arguments)
        if plain > len(self._arguments) and not endless:
            return f"{self._place} takes {len(self._arguments)} arguments, not {plain}"
        return None


def _unknown_choice(param: Any, value: str) -> str | None:
    """Return the first of `a|b|c` that an option doesn't take; CAPITALS stand for anything."""
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
    known = {str(each.value) for kind in kinds if issubclass(kind, Enum) for each in kind}
    known |= set(getattr(getattr(param, "type", None), "choices", ()))
    if not known:
        return None
    return next((one for one in value.split("|") if one not in known and not one.isupper()), None)


def _make_problem(words: Sequence[str], root: Path) -> str | None:
    targets = set(_TARGET.findall((root / "Makefile").read_text(encoding="utf-8")))
    wanted = [word for word in words if not word.startswith("-") and "=" not in word]
    unknown = [word for word in wanted if word not in targets]
    return f"the Makefile has no target {unknown[0]!r}" if unknown else None


def _module_problem(name: str, words: Sequence[str]) -> str | None:
    known = _module_options(name)
    if known is None:
        return f"there is no module {name}"
    for word in words:
        option = word.partition("=")[0]
        if word.startswith("--") and option not in known:
            return f"{name} has no option {option}"
    return None


@cache
def _module_options(name: str) -> frozenset[str] | None:
    """Ask a module for its options; None where there is no such module."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.origin is None:
        return None
    source = Path(spec.origin).read_text(encoding="utf-8")
    if "argparse" not in source and "typer" not in source:  # it would run instead of telling
        return frozenset(re.findall(r'"(--[\w-]+)"', source))
    said = io.StringIO()
    with (
        warnings.catch_warnings(),
        patch.object(sys, "argv", [name, "--help"]),
        patch.dict("os.environ", {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}),
        redirect_stdout(said),
        redirect_stderr(said),
    ):
        warnings.simplefilter("ignore", RuntimeWarning)  # it may be imported already
        with suppress(SystemExit):
            runpy.run_module(name, run_name="__main__", alter_sys=True)
    return frozenset(re.findall(r"--[a-z][\w-]*", said.getvalue()))


def links_of(file: Path) -> list[tuple[int, str]]:
    """Return the links and pictures of a document, each with its line."""
    prose, _ = split(file.read_text(encoding="utf-8"))
    prose = _INLINE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), prose)
    return [(prose.count("\n", 0, m.start()) + 1, m[1]) for m in _LINK.finditer(prose)]


def headings_of(file: Path) -> set[str]:
    """Return the names by which a document's headings are linked to, as GitHub makes them."""
    prose, _ = split(file.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+?) *$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def link_problem(file: Path, target: str) -> str | None:
    """Say what is wrong with a link, or None; other sites are not asked."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, heading = target.partition("#")
    path = file.parent / name if name else file
    if not path.exists():
        return f"{name} does not exist"
    if heading and path.suffix == ".md" and heading not in headings_of(path):
        return f"{path.name} has no heading #{heading}"
    return None


def tests_of(file: Path) -> list[tuple[int, str, str]]:
    """Return the files of tests that a document names, with line and test ("" for none)."""
    text = file.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start()) + 1, m[1], m[2] or "") for m in _TEST.finditer(text)]


def _test_problem(root: Path, file: str, test: str) -> str | None:
    path = root / file
    if not path.is_file():
        return f"{file} does not exist"
    known = path.read_text(encoding="utf-8") if test else ""
    return f"{file} has no {test}" if test and f"def {test}(" not in known else None


def problems_in(root: Path) -> list[str]:
    """Return all problems of the documents below a folder, each as `file:line: what is wrong`."""
    found, linked = [], {(root / "README.md").resolve()}
    for file in documents(root):
        where = file.relative_to(root)
        for command in commands_of(file):
            if problem := problem_of(command, root):
                found.append(f"{where}:{command.line}: `{command.text}`: {problem}")
        for line, target in links_of(file):
            linked.add((file.parent / target.partition("#")[0]).resolve())
            if problem := link_problem(file, target):
                found.append(f"{where}:{line}: {problem}")
        for line, name, test in tests_of(file):
            if problem := _test_problem(root, name, test):
                found.append(f"{where}:{line}: {problem}")
    lost = [file for file in documents(root) if file.resolve() not in linked]
    return found + [f"{file.relative_to(root)}: no other document links to it" for file in lost]


def main() -> None:
    """Print the problems, one to a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="also run what is quick and harmless")
    chosen = parser.parse_args()
    found = problems_in(ROOT)
    if chosen.run:
        from tests.docs_run import failures_in

        found += failures_in(ROOT)
    sys.stdout.writelines(f"{problem}\n" for problem in found)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()

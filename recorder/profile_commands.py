"""`understudy profile new` and `profile check`: what a game is played with, learned and checked."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from data.console import (
    AsJson,
    Force,
    complete_profile,
    err,
    out,
    print_json,
    print_table,
    stoppable,
)
from data.errors import DisplayError, ProfileError
from data.title_pattern import PatternError, check_pattern, title_matches

if TYPE_CHECKING:
    from data.frames import FrameSize
    from data.key_use import KeyUse
    from data.profile import GameProfile, Head
    from recorder.key_learning import Heard
    from recorder.window import OpenWindow

SHOWN_PAIRS = 4


def profile_new(
    name: Annotated[str, typer.Argument(help="What to call it: lower-case letters, digits, _.")],
    title: Annotated[
        str | None,
        typer.Option(help="Regular expression of the window's title. Without it, click on it."),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(help="Keys instead of listening: up,down,left,right,d=shoot,s=pass"),
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="Stored size, such as 480x270. Default: the window's shape.")
    ] = None,
    rate: Annotated[float, typer.Option(min=1, max=240, help="Pictures a second.")] = 20.0,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Listen so long at most.")] = None,
    target: Annotated[
        Path | None, typer.Option("--out", help="The file to write. Default: NAME.toml here.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    force: Force = False,
) -> None:
    """Make a profile: play for a moment, and the keys that you press are learned.

    Keys are heard only while the game's window has the focus. Nothing is kept but how often and
    how long each was held, and with which others.
    """
    from data.paths import claim_output
    from data.profile_draft import draft_profile, parse_keys, stored_size, title_pattern

    _check_name(name)
    _check_title(title)
    wanted = None if size is None else _parse_size(size)
    names = parse_keys(keys) if keys is not None else {}
    target = claim_output(target or Path(f"{name}.toml"), force=force)
    found_title, shape, use = _look_and_listen(title, names if keys is not None else None, seconds)
    heads = _agree(use, names, ask=not yes and sys.stdin.isatty())
    profile = draft_profile(
        name,
        title or title_pattern(found_title),
        heads,
        size=wanted or stored_size(shape),
        rate_hz=rate,
    )
    _write(profile, target)


def profile_check(
    file: Annotated[
        str,
        typer.Argument(
            help="A .toml file, or the name of a shipped profile.", autocompletion=complete_profile
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Check a profile: every wrong field is named, with what it got and the cure."""
    from data.profile_check import check_profile
    from data.profile_errors import first_problem

    check = check_profile(file)
    notes = list(_desktop_notes(check.profile)) if check.profile else []
    keys = check.profile.keys if check.profile else ()
    if as_json:
        lists = {"problems": check.problems, "warnings": check.warnings, "notes": notes}
        print_json({"file": file, "sound": not check.problems, **lists, "keys": keys})
    else:
        alone = len(check.problems) == 1 and "\n" not in check.problems[0]
        _mark("[red]✗[/red]", () if alone else check.problems)  # one alone ends the command
        _mark("[yellow]![/yellow]", check.warnings)
        _mark("[blue]i[/blue]", notes)
    if check.problems:
        first = first_problem(check.problems).splitlines()[0]
        raise ProfileError(f"{file}: {first}")
    if not as_json:
        out.print(f"{file}: sound. Keys: {', '.join(keys)}.", markup=False)


def _mark(mark: str, lines: Sequence[str]) -> None:
    for line in lines:
        out.print(f"{mark} {escape(line)}", highlight=False)


def _check_name(name: str) -> None:
    from data.profile import shipped_profiles
    from data.profile_draft import NAME
    from data.profile_errors import NAME_RULE

    if not NAME.fullmatch(name):
        raise ProfileError(f"{name!r} can't be the name of a profile; {NAME_RULE}.")
    if name in shipped_profiles():
        raise ProfileError(
            f"{name!r} is a profile that ships with Understudy; choose another name."
        )


def _check_title(title: str | None) -> None:
    try:
        check_pattern(title or "")
    except PatternError as error:
        raise ProfileError(f"--title {title!r}: {error}.") from error


def _parse_size(text: str) -> "FrameSize":
    from data.frames import FrameSize

    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if found is None:
        raise typer.BadParameter(f"{text!r}: write it as 480x270", param_hint="--size")
    return FrameSize(int(found[1]), int(found[2]))


def _look_and_listen(
    title: str | None, named: Mapping[str, str] | None, seconds: float | None
) -> tuple[str, "FrameSize | None", "KeyUse"]:
    """Find the game's window and listen to its keys, as far as they were not given."""
    from data.frames import FrameSize
    from data.key_use import KeyUse
    from recorder.display import require_display
    from recorder.window import find_window, pick_window

    if title is not None and named is not None:
        return "", None, KeyUse.of(named)
    if title is None:
        require_display()
        err.print("Click on the game's window.")
    with closing(find_window(title) if title is not None else pick_window()) as window:
        rect = window.state().rect
        shape = FrameSize(rect.width_px, rect.height_px) if rect else None
        use = KeyUse.of(named) if named is not None else _listen(window, seconds)
        return window.title, shape, use


def _listen(window: "OpenWindow", seconds: float | None) -> "KeyUse":
    from recorder.key_learning import DONE_KEY, Heard, learn_keys, usable_keys
    from recorder.keyboard import PynputKeys
    from recorder.pacing import MonotonicClock

    err.print(
        f"Play {window.title!r} for a moment: press every key that the game uses. "
        f"Press {DONE_KEY.upper()} when done. Keys in other windows are not heard.",
        markup=False,
    )
    clock = MonotonicClock()
    with (
        stoppable() as stop,
        closing(PynputKeys(usable_keys(), clock, unnamed=True)) as keyboard,
        err.status("waiting for the first key") as line,
    ):

        def tell(heard: Heard) -> None:
            line.update(_told(heard))

        window.activate()
        heard = learn_keys(
            keys=keyboard, window=window, clock=clock, stop=stop, seconds=seconds, on_heard=tell
        )
    for key in heard.unusable:
        err.print(f"{key} can be neither recorded nor pressed; give it another key in the game.")
    if not heard.use.presses:
        raise ProfileError(
            f"no key was pressed while {window.title!r} had the focus. Click into the game before "
            "you play, or name the keys with --keys."
        )
    return heard.use


def _told(heard: "Heard") -> str:
    """Say in one line what has been heard."""
    from data.key_use import held_together

    keys = ", ".join(f"{key} {_pressed(heard.use, key)}" for key in heard.use.presses)
    pairs = held_together(heard.use)[:SHOWN_PAIRS]
    together = ", ".join("+".join(pair) for pair in pairs)
    parts = [
        "" if heard.focused else "the game has not the focus: not listening",
        f"now {' '.join(sorted(heard.held))}" if heard.held else "",
        keys or "no key yet",
        f"together {together}" if together else "",
    ]
    return escape("; ".join(filter(None, parts)))


def _pressed(use: "KeyUse", key: str) -> str:
    times = use.presses.get(key, 0)
    return f"{times}x {use.held_ns(key) / times / 1e9:.2f} s" if times else ""


def _agree(use: "KeyUse", names: Mapping[str, str], *, ask: bool) -> "Sequence[Head]":
    """Propose heads, and let the person name what the keys do, or refuse."""
    from data.profile_draft import propose_heads, unclassed_chords

    while True:
        heads = propose_heads(use, names)
        _show(heads, use)
        for line in unclassed_chords(use, heads):
            out.print(f"[yellow]![/yellow] {escape(line)}")
        if not ask:
            return heads
        answer = _ask("Write it? (y)es, (n)o, (r)ename what the keys do", "y")[:1].lower()
        if answer == "y":
            return heads
        if answer == "n":
            out.print("Nothing is written.")
            raise typer.Exit(1)
        if answer == "r":
            names = _renamed(heads)


def _show(heads: "Sequence[Head]", use: "KeyUse") -> None:
    rows = [
        (
            head.name if index == 0 else "",
            name,
            escape(" + ".join(chord)),
            _pressed(use, chord[0]) if len(chord) == 1 else _held(use, chord),
        )
        for head in heads
        for index, (name, chord) in enumerate(head.classes.items())
    ]
    print_table("Proposal", ["head", "class", "keys", "heard"], rows, numbers=False)


def _held(use: "KeyUse", chord: tuple[str, ...]) -> str:
    held_ns = use.held_ns(*chord) if chord else 0
    return f"{held_ns / 1e9:.1f} s" if held_ns else ""


def _renamed(heads: "Sequence[Head]") -> dict[str, str]:
    """Ask for the name of what every key does that is no direction."""
    from data.profile_draft import check_name

    names: dict[str, str] = {}
    for head in heads:
        for name, chord in head.classes.items():
            if len(chord) != 1 or head.name.startswith("movement"):
                continue
            while chord[0] not in names:
                try:
                    names[chord[0]] = check_name(_ask(f"What does {chord[0]} do?", name), names)
                except ProfileError as error:
                    err.print(str(error), markup=False)
    return names


def _ask(question: str, default: str) -> str:
    try:
        answer: str = typer.prompt(question, default=default)
    except typer.Abort as error:
        raise typer.Exit(130) from error
    return answer.strip()


def _write(profile: "GameProfile", target: Path) -> None:
    """Write a profile, and say what may surprise in it."""
    from data.profile import HotKeys
    from data.profile_toml import write_profile

    write_profile(profile, target, [f"Made by `understudy profile new {profile.name}`."])
    out.print(f"written: {target}. Edit it as you like; `understudy profile check {target}` helps.")
    moved = {
        use: key
        for use, key in profile.hotkeys.model_dump().items()
        if key != getattr(HotKeys(), use)
    }
    if moved:
        told = ", ".join(f"{key} for {use}" for use, key in moved.items())
        out.print(f"Some hot keys are played with, so others take their place: {told}.")


def _desktop_notes(profile: "GameProfile") -> Iterator[str]:
    """Say what does not fit the desktop as it is now; a profile may be sound all the same."""
    from recorder.display import has_display
    from recorder.key_codes import require_keys
    from recorder.window import list_windows

    if not has_display():
        return
    try:
        require_keys([*profile.keys, *profile.hotkeys.keys, profile.stop_key])
    except DisplayError as error:
        yield str(error)
    try:
        titles = sorted({window.title for window in list_windows()})
    except DisplayError as error:
        yield str(error)
        return
    if not any(title_matches(profile.title, title) for title in titles):
        yield (
            f"no open window's title matches {profile.title!r} now. Open are: "
            f"{', '.join(map(repr, titles)) or 'none'}."
        )

"""From the keys that a game is played with to a profile of it: heads, hot keys and size."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from pydantic import ValidationError

from data.errors import ProfileError
from data.frames import FrameSize
from data.key_names import is_key_name, not_a_key
from data.key_use import KeyUse
from data.keys import class_of
from data.profile import MOST_HEAD_KEYS, GameProfile, Head, HotKeys, ObjectClass
from data.profile_errors import NAME_RULE, first_problem, problem_lines, sentence

STORED_WIDTH_PX = 480
LEAST_HEIGHT_PX, MOST_HEIGHT_PX = 32, 2160
LONGEST_TITLE = 90  # escaped, at most twice as long; a profile takes 200
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Up, down, left, right; the first group is the arrows, which hardly ever mean anything else.
DIRECTIONS = (
    ("up", "down", "left", "right"),
    ("w", "s", "a", "d"),
    ("i", "k", "j", "l"),
)
SIDES = ("up", "down", "left", "right")
RING = (
    ("up",), ("up", "right"), ("right",), ("down", "right"),
    ("down",), ("down", "left"), ("left",), ("up", "left"),
)  # fmt: skip
# Letters steer when two sides are held at once this part of the time. In the practice game the
# directions are for 30%, and w, a, s and d, which are actions there, never.
STEERING_SHARE = 0.05
# Two keys don't exclude each other when they overlap twice, for this part of the shorter's time;
# fingers that roll from one key to the next overlap only for a moment.
TOGETHER_SHARE = 0.3
# A key held for this part of the play, mostly with others, is a mode and no action, even if it is
# let go for actions: sprint in the practice game is held for 75% of it, shoot for 6%.
MODE_SHARE = 0.25
SEEN_NS = 50_000_000  # less than one picture at 20 Hz teaches nothing
SPARE_HOT_KEYS = (
    "f11", "f6", "f5", "f4", "f3", "f2", "f1",
    "insert", "home", "end", "page_up", "page_down", "delete",
)  # fmt: skip


def parse_keys(text: str) -> dict[str, str]:
    """Read `up,down,d=shoot` as keys and the names of what they do; unnamed ones name themselves.

    Raises:
        ProfileError: A key or a name is none, or is given twice.
    """
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, _, name = part.partition("=")
        if not is_key_name(key):
            raise ProfileError(sentence(not_a_key(key)))
        if key in found:
            raise ProfileError(f"key {key!r} is given twice.")
        found[key] = check_name(name or class_name(key), found)
    return found


def check_name(name: str, names: Mapping[str, str]) -> str:
    """Return a name for what a key does.

    Raises:
        ProfileError: It can't be one, or another key has it already.
    """
    if not NAME.fullmatch(name) or name == "none":
        raise ProfileError(f"{name!r} can't be what a key does; {NAME_RULE}, and not `none`.")
    if name in names.values():
        raise ProfileError(f"two keys are called {name!r}; give each a name of its own.")
    return name


def class_name(key: str) -> str:
    """Name a class after its key: the key itself where it can be, `key_1`, or `semicolon`."""
    if NAME.fullmatch(key):
        return key
    spelled = unicodedata.name(key, f"U{ord(key):04X}").lower()
    name = re.sub(r"[^a-z0-9]+", "_", spelled).removeprefix("digit_")
    return f"key_{key}" if key.isascii() and key.isdigit() else name[:40].strip("_")


def propose_heads(use: KeyUse, names: Mapping[str, str] | None = None) -> tuple[Head, ...]:
    """Propose heads: directions with diagonals, actions that exclude each other, modifiers.

    Args:
        use: How the keys were used, or only which there are.
        names: What keys do, where a person has said it.

    Raises:
        ProfileError: There is no key.
    """
    if not use.presses:
        raise ProfileError("there is no key to propose anything for; name at least one.")
    names = {key: class_name(key) for key in use.presses} | dict(names or {})
    groups = [group for group in DIRECTIONS if _steers(group, use)]
    steering = {key for group in groups for key in group}
    heads = [_directions(group, use, index) for index, group in enumerate(groups)]
    others = [key for key in use.presses if key not in steering]
    free = _held_with_others(others, use)
    actions = [key for key in others if key not in free]
    for start in range(0, len(actions), MOST_HEAD_KEYS):
        some = actions[start : start + MOST_HEAD_KEYS]
        heads.append(_head("action", {names[key]: (key,) for key in some}, heads))
    for key in free:
        heads.append(_head(names[key], {names[key]: (key,)}, heads))
    return tuple(heads)


def _steers(group: tuple[str, ...], use: KeyUse) -> bool:
    """Say whether these keys are directions: the arrows always, letters when they act like it."""
    used = [key for key in group if key in use.presses]
    if group is DIRECTIONS[0]:
        return len(used) > 1
    held_ns = sum(use.held_ns(key) for key in used)
    both_ns = sum(use.held_ns(*pair) for pair in product(group[:2], group[2:]))
    if len(used) == len(group) and both_ns > STEERING_SHARE * held_ns:
        return True
    alone = not any(_steers(better, use) for better in DIRECTIONS[: DIRECTIONS.index(group)])
    whole = len(used) == len(group) or (group[0] == "w" and {"a", "d"} <= set(used))
    return alone and whole


def _directions(group: tuple[str, ...], use: KeyUse, index: int) -> Head:
    key_of = {side: key for side, key in zip(SIDES, group, strict=True) if key in use.presses}
    classes = {
        "_".join(sides): tuple(key_of[side] for side in sides)
        for sides in RING
        if all(side in key_of for side in sides)
    }
    return _head("movement" if not index else f"movement_{index + 1}", classes, ())


def _head(name: str, classes: Mapping[str, tuple[str, ...]], others: Sequence[Head]) -> Head:
    taken = {head.name for head in others}
    tries = [name, *(f"{name[:36]}_{number}" for number in range(2, 100))]
    free = next(name for name in tries if name not in taken)
    return Head(name=free, classes={"none": (), **classes})


def _held_with_others(keys: Sequence[str], use: KeyUse) -> list[str]:
    """Pick the keys that need a head of their own, so that the rest exclude each other."""
    picked = [key for key in keys if _is_mode(key, use)] if len(keys) > 1 else []
    rest = [key for key in keys if key not in picked]
    while True:
        clashes = Counter(key for a in rest for key in rest if key != a and _together(a, key, use))
        if not clashes:
            return sorted(picked, key=keys.index)
        # Of two keys, the one that is held longer is the modifier: sprint, not shoot.
        worst = max(clashes, key=lambda key: (clashes[key], use.held_ns(key)))
        rest.remove(worst)
        picked.append(worst)


def _is_mode(key: str, use: KeyUse) -> bool:
    held_ns = use.held_ns(key)
    much = held_ns > MODE_SHARE * sum(use.chord_ns.values())
    return much and use.with_others_ns(key) > held_ns / 2


def _together(a: str, b: str, use: KeyUse) -> bool:
    shorter_ns = min(use.held_ns(a), use.held_ns(b))
    return use.times(a, b) > 1 and use.held_ns(a, b) > TOGETHER_SHARE * shorter_ns


def unclassed_chords(use: KeyUse, heads: Iterable[Head]) -> list[str]:
    """Say in words which keys were held together although no class has just these."""
    found = []
    for head in heads:
        held_ns: Counter[frozenset[str]] = Counter()
        for chord, ns in use.chord_ns.items():
            held_ns[chord & head.keys] += ns
        for held, ns in held_ns.most_common():
            if held not in head.chords and ns >= SEEN_NS:
                read = head.names[class_of(head, held)]
                found.append(
                    f"{' and '.join(sorted(held))} held together for {ns / 1e9:.1f} s: "
                    f"head {head.name} reads it as {read}."
                )
    return found


def stored_size(window: FrameSize | None) -> FrameSize:
    """Propose a stored size of the window's shape; 16:9 where no window is known."""
    if window is None:
        return FrameSize(STORED_WIDTH_PX, 270)
    height_px = 2 * round(STORED_WIDTH_PX * window.height_px / window.width_px / 2)
    return FrameSize(STORED_WIDTH_PX, max(LEAST_HEIGHT_PX, min(MOST_HEIGHT_PX, height_px)))


def title_pattern(title: str) -> str:
    """Propose a regular expression for a window's title: how it begins, up to the first ` - `.

    Games like to add the level or the frames per second after it.
    """
    start = re.split(r" [-|–—] ", title.strip(), maxsplit=1)[0]  # noqa: RUF001  (dashes in titles)
    return "^" + re.escape(start[:LONGEST_TITLE]).replace("\\ ", " ").replace("\\-", "-")


def draft_profile(
    name: str, title: str, heads: Sequence[Head], *, size: FrameSize, rate_hz: float
) -> GameProfile:
    """Put a profile together, with hot keys that are no playing keys.

    Raises:
        ProfileError: A part can't be; the message names the field.
    """
    wanted = {**HotKeys().model_dump(), "stop_key": "f12"}
    hot_keys = _free_hot_keys(heads, wanted)
    return _validated(
        {
            "name": name,
            "title": title,
            "description": f"{name}, played with the keyboard",
            "capture": {"width_px": size.width_px, "height_px": size.height_px, "rate_hz": rate_hz},
            "heads": [head.model_dump() for head in heads],
            "stop_key": hot_keys.pop("stop_key"),
            "hotkeys": hot_keys,
        }
    )


def edited_profile(
    profile: GameProfile,
    *,
    title: str,
    heads: Sequence[Head],
    rate_hz: float,
    objects: Sequence[ObjectClass],
    reference: str | None,
    mirrored: bool,
    may_stand_still: bool,
) -> GameProfile:
    """Replace parts of a profile; hot keys make room for new playing keys.

    Args:
        profile: As it was; its other parts stay.
        title: Pattern for the window's title.
        heads: What the keys do.
        rate_hz: Pictures a second.
        objects: What is to be seen.
        reference: The object that marks whom the person controls.
        mirrored: Whether the game looks and plays the same mirrored. Keys swap as before; where
            nothing swapped before, classes called left and right do.
        may_stand_still: As in `GameProfile`.

    Raises:
        ProfileError: A part can't be; the message names the field.
    """
    wanted = {**profile.hotkeys.model_dump(), "stop_key": profile.stop_key}
    hot_keys = _free_hot_keys(heads, wanted)
    edited = _validated(
        {
            **profile.model_dump(),
            "title": title,
            "capture": {**profile.capture.model_dump(), "rate_hz": rate_hz},
            "heads": [head.model_dump() for head in heads],
            "objects": [kind.model_dump() for kind in objects],
            "reference": reference,
            "mirror": _mirror(profile, heads) if mirrored else None,
            "may_stand_still": may_stand_still,
            "stop_key": hot_keys.pop("stop_key"),
            "hotkeys": hot_keys,
        }
    )
    for head in edited.heads:
        edited.mirrored_classes(head)
    return edited


def left_right_pairs(heads: Iterable[Head]) -> list[tuple[str, str]]:
    """Name the keys that swap in a mirror, as far as classes are called left and right."""
    pairs = []
    for head in heads:
        left, right = head.classes.get("left", ()), head.classes.get("right", ())
        if len(left) == len(right) == 1:
            pairs.append((left[0], right[0]))
    return pairs


def parse_objects(text: str) -> list[ObjectClass]:
    """Read `player 6, ball` as classes of objects, and how many of each count; one, if none said.

    Raises:
        ProfileError: A name or a number can't be one.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, most = part.partition(" ")
        if not NAME.fullmatch(name):
            raise ProfileError(f"{name!r} can't be the name of what is seen; {NAME_RULE}.")
        try:
            found.append(ObjectClass(name=name, most=int(most or 1)))
        except ValueError as error:
            raise ProfileError(
                f"{part!r}: behind the name goes how many of it count, 1 to 64, as in player 6."
            ) from error
    return found


def objects_text(objects: Iterable[ObjectClass]) -> str:
    """Write classes of objects as `parse_objects` reads them."""
    return ", ".join(f"{kind.name} {kind.most}" if kind.most > 1 else kind.name for kind in objects)


def _mirror(profile: GameProfile, heads: Sequence[Head]) -> dict[str, object]:
    playing, had = _playing_keys(heads), profile.mirror
    pairs = [pair for pair in had.swap if playing.issuperset(pair)] if had else []
    pairs = pairs or left_right_pairs(heads)
    if not pairs:
        raise ProfileError("nothing swaps in a mirror: call two classes left and right.")
    return {"axis": had.axis if had else "horizontal", "swap": pairs}


def _validated(read: dict[str, object]) -> GameProfile:
    try:
        return GameProfile.model_validate(read)
    except ValidationError as error:
        raise ProfileError(first_problem(problem_lines(error, GameProfile, read))) from error


def _playing_keys(heads: Iterable[Head]) -> set[str]:
    return {key for head in heads for key in head.keys}


def _free_hot_keys(heads: Iterable[Head], wanted: dict[str, str]) -> dict[str, str]:
    playing = _playing_keys(heads)
    spare = [key for key in SPARE_HOT_KEYS if key not in playing | set(wanted.values())]
    free = dict(wanted)
    for use, key in wanted.items():
        if key in playing:
            if not spare:
                raise ProfileError("the game uses every key that could be a hot key.")
            free[use] = spare.pop(0)
    return free

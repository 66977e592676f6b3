"""A profile as a person would write it: TOML with the reasons beside it."""

import json
from collections.abc import Sequence
from pathlib import Path

from data.errors import ProfileError
from data.paths import written_whole
from data.profile import GameProfile, Head, load_profile
from data.profile_draft import left_right_pairs
from data.score_board import ScoreBoard

OBJECTS = """\
# What is to be seen on the screen, for the detector. `most` is how many the policy is told of.
# [[objects]]
# name = "player"
# most = 6
# [[objects]]
# name = "ball"
# What marks whom you control, such as an arrow over a head, is an object, too; its name goes to the
# top, as reference = "marker".
"""
MIRROR = """\
# If the game looks and plays the same mirrored, say so, and there is twice as much to learn from:
# [mirror]
# axis = "horizontal"
# swap = {swap}
"""


def to_toml(profile: GameProfile, remarks: Sequence[str] = ()) -> str:
    """Write a profile as TOML with comments; `load_profile` reads the same profile from it.

    Args:
        profile: Of a game.
        remarks: Sentences for the top of the file.
    """
    blocks = [_top(profile, remarks), _capture(profile), _hot_keys(profile)]
    blocks += [_head(head) for head in profile.heads]
    objects = [
        f"[[objects]]\nname = {_string(kind.name)}\nmost = {kind.most}\n"
        for kind in profile.objects
    ]
    blocks.append("".join(objects) or OBJECTS)
    blocks.append(_mirror(profile))
    if profile.score is not None:
        blocks.append(_score(profile.score))
    return "\n".join(blocks)


def write_profile(profile: GameProfile, target: Path, remarks: Sequence[str] = ()) -> None:
    """Write a profile that loads; the file appears whole.

    Args:
        profile: Of a game.
        target: The file, which is overwritten; its folder is there.
        remarks: Sentences for the top of the file.

    Raises:
        ProfileError: It can't be written.
    """
    try:
        with written_whole(target) as part:
            part.write_text(to_toml(profile, remarks), encoding="utf-8")
            load_profile(str(part))
    except OSError as error:
        raise ProfileError(f"{target}: can't be written: {error}.") from error


def _top(profile: GameProfile, remarks: Sequence[str]) -> str:
    lines = [f"# {' '.join(remark.split())}" for remark in remarks]
    lines += [
        f"name = {_string(profile.name)}",
        "# A regular expression: the first window whose title has it is the game's.",
        f"title = {_string(profile.title)}",
        f"description = {_string(profile.description)}",
    ]
    if profile.reference is not None:
        lines.append(f"reference = {_string(profile.reference)}")
    lines.append(f"stop_key = {_string(profile.stop_key)}  # ends live play, and recording, too")
    if profile.may_stand_still:
        lines.append("may_stand_still = true  # until somebody plays")
    return "\n".join(lines) + "\n"


def _capture(profile: GameProfile) -> str:
    kept = profile.capture
    return (
        "# The picture that is stored, and how many a second; give it the shape of the game's.\n"
        f"[capture]\nwidth_px = {kept.width_px}\nheight_px = {kept.height_px}\n"
        f"rate_hz = {_number(kept.rate_hz)}\njpeg_quality = {kept.jpeg_quality}\n"
    )


def _hot_keys(profile: GameProfile) -> str:
    keys = profile.hotkeys
    return (
        "# Keys that steer a recording; they are never stored.\n[hotkeys]\n"
        f"pause = {_string(keys.pause)}  # pauses, and goes on\n"
        f"discard = {_string(keys.discard)}  # the last seconds are not to be learned from\n"
        f"save = {_string(keys.save)}  # saves what just happened\n"
        f"stop = {_string(keys.stop)}  # ends the recording\n"
    )


def _head(head: Head) -> str:
    hold = f"min_hold_ms = {_number(head.min_hold_ms)}\n" if head.min_hold_ms else ""
    classes = "".join(
        f"{name} = [{', '.join(map(_string, chord))}]\n" for name, chord in head.classes.items()
    )
    return f"[[heads]]\nname = {_string(head.name)}\n{hold}[heads.classes]\n{classes}"


def _mirror(profile: GameProfile) -> str:
    if profile.mirror is None:
        pairs = left_right_pairs(profile.heads) or [("left", "right")]
        return MIRROR.format(swap=_pairs(pairs))
    return (
        f"[mirror]\naxis = {_string(profile.mirror.axis)}\nswap = {_pairs(profile.mirror.swap)}\n"
    )


def _score(board: ScoreBoard) -> str:
    lines = [
        "# Where goals stand, as shares of the picture: left, top, right, bottom.",
        "[score]",
        f"ours = [{', '.join(_number(share) for share in board.ours)}]",
        f"theirs = [{', '.join(_number(share) for share in board.theirs)}]",
        "# The window that the digits were cut from, and the keys that begin a match.",
        f"width_px = {board.width_px}",
        f"height_px = {board.height_px}",
        f"start = {json.dumps(board.start)}",
        "[score.digits]",
        *(f"{digit} = {_string(text)}" for digit, text in sorted(board.digits.items())),
    ]
    return "\n".join(lines) + "\n"


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return "[" + ", ".join(f"[{_string(a)}, {_string(b)}]" for a, b in pairs) + "]"


def _string(text: str) -> str:
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"  # literal: a regular expression stays readable
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)

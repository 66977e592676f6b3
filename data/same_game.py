"""Profiles change while recordings stay: whether the one still goes with the other."""

from collections.abc import Sequence

from data.errors import ProfileError
from data.profile import MOST_OBJECTS, STORED, GameProfile, ObjectClass
from data.title_pattern import title_matches


def is_same_game(profile: GameProfile, *, recorded: GameProfile, window_title: str) -> bool:
    """Say whether a profile is of the game of a recording.

    Args:
        profile: As it is now.
        recorded: That of the recording.
        window_title: Of the window that was recorded; empty where there was none.
    """
    return profile.name == recorded.name or (
        bool(window_title) and title_matches(profile.title, window_title)
    )


def why_not_learned(profile: GameProfile, *, recorded: GameProfile) -> str:
    """Say what keeps play of another profile from being learned from; empty where nothing does.

    What is held is told by keys, and what is seen by a detector: classes may be other ones, and
    objects too. A key that nobody listened to may have been pressed.
    """
    unheard = sorted(set(profile.keys) - set(recorded.keys))
    if unheard:
        keys = f"the key {unheard[0]}" if len(unheard) == 1 else f"the keys {', '.join(unheard)}"
        return (
            f"recorded without listening to {keys}, which profile {profile.name} needs. Record "
            "anew, or leave that out of the profile"
        )
    ours, theirs = profile.capture.size, recorded.capture.size
    if ours != theirs:
        return (
            f"its pictures are {theirs.width_px}x{theirs.height_px}, those of profile "
            f"{profile.name} {ours.width_px}x{ours.height_px}. Train with the profile it was "
            "recorded with"
        )
    return ""


def with_objects(profile: GameProfile, further: Sequence[ObjectClass]) -> GameProfile:
    """Return a profile with further objects after its own.

    Args:
        profile: Whose objects keep their places.
        further: Those of a name that it has are passed over.

    Raises:
        ProfileError: There would be too many.
    """
    new = [kind for kind in further if kind.name not in profile.object_names]
    if not new:
        return profile
    objects = *profile.objects, *new
    if len(objects) > MOST_OBJECTS:
        raise ProfileError(
            f"profile {profile.name}: it would have {len(objects)} objects; at most "
            f"{MOST_OBJECTS} can be named."
        )
    told = profile.model_dump() | {"objects": [kind.model_dump() for kind in objects]}
    return GameProfile.model_validate(told, context=STORED)

"""Profiles change while recordings stay: whether the one still goes with the other."""

from collections.abc import Sequence

from data.profile import GameProfile, ObjectClass
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
    longer = profile.model_copy(update={"objects": (*profile.objects, *new)})
    return GameProfile.from_json(longer.to_json(), source=f"profile {profile.name}")

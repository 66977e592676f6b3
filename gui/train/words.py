"""What the page Train says: plain functions from what is known to a sentence."""

from collections.abc import Sequence

from data.moments import moment
from data.profile import GameProfile
from data.same_game import is_same_game, why_not_learned
from gui.jobs.line import Ended, How
from gui.jobs.train import Source, Trained
from gui.runs_on_disk import Kind
from gui.time_left import time_left
from gui.train.choices import Choices, problem
from gui.wording import capitalised

LEAST_S = 175.0  # of play, for a first bot: three matches of a minute, a picture or two short
GOOD_S = 600.0
PLENTY_S = 1800.0
FEW_PICTURES, MANY_PICTURES = 40, 200

PHASES = {
    "starting": "Getting ready",
    "reading": "Reading the labelled pictures",
    "seeing": "Looking at the recordings",
    "aligning": "Measuring how fast you react",
    "learning": "Learning",
    "saving": "Saving and judging what was learned",
}


def length(seconds: float) -> str:
    """Write a length such as `2:05`, or `1:02:05`, to the nearest second."""
    return moment(round(seconds))


def enough(kind: Kind, chosen: Sequence[Source]) -> str:
    """Say whether that is enough to learn from."""
    if not chosen:
        return "Tick at least one recording."
    if kind == "detector":
        return _enough_pictures(sum(source.pictures for source in chosen), len(chosen))
    plain = [source for source in chosen if source.corrected_s is None]
    if not plain:
        return "Only corrections: tick the recordings of your own play as well."
    said = enough_play(sum(source.seconds for source in plain))
    if len(plain) == 1:
        said += " With a single recording nothing is kept apart to score it on: two are better."
    return said


def enough_play(seconds: float) -> str:
    """Say what so much play is enough for."""
    if seconds < LEAST_S:
        return "Little: enough to try it out. Three minutes make a first bot."
    if seconds < GOOD_S:
        return "Enough for a first bot. Ten minutes make a good one."
    return "Enough for a good bot." if seconds < PLENTY_S else "Plenty."


def _enough_pictures(pictures: int, recordings: int) -> str:
    if not pictures:
        return "None of them holds a labelled picture. Draw boxes on the page Label first."
    if pictures < FEW_PICTURES:
        said = f"Few: label {FEW_PICTURES} pictures or more for a first detector."
    elif pictures < MANY_PICTURES:
        said = "Enough for a first detector; more pictures make it surer."
    else:
        said = "Enough for a good detector."
    if recordings == 1:
        said += " With a single recording nothing is kept apart to score it on: two are better."
    return said


def amount(kind: Kind, chosen: Sequence[Source]) -> str:
    """Say how much is ticked."""
    noun = "recording" if len(chosen) == 1 else "recordings"
    if kind == "detector":
        pictures = sum(source.pictures for source in chosen)
        return f"{len(chosen)} {noun}, {pictures} labelled pictures"
    seconds = sum(source.seconds for source in chosen if source.corrected_s is None)
    corrected = sum(source.corrected_s or 0.0 for source in chosen)
    said = f"{len(chosen)} {noun}, {seconds / 60:.1f} minutes"
    return f"{said}, and {length(corrected)} of corrections" if corrected else said


def holds(source: Source) -> str:
    """Say what a recording holds that can be learned from."""
    if source.problem:
        return source.problem
    said = "your play"
    if source.corrected_s is not None:
        said = f"corrections {length(source.corrected_s)}" if source.corrected_s else "the bot's"
    if source.pictures:
        said += f", {source.pictures} labelled pictures"
    return said


def unfit(kind: Kind, source: Source, game: GameProfile) -> str | None:
    """Say why a recording can't be ticked, or None."""
    if source.problem or source.profile is None:
        return source.problem
    recorded = source.profile
    if not is_same_game(game, recorded=recorded, window_title=source.window_title):
        return f"Recorded with the profile {recorded.name}; the game at hand is {game.name}."
    if kind == "policy" and (reason := why_not_learned(game, recorded=recorded)):
        return f"{capitalised(reason)}."
    if kind == "detector" and not source.pictures:
        return "It holds no labelled pictures. Draw boxes on the page Label."
    if kind == "policy" and source.corrected_s == 0.0:
        return "Nobody took over in it, so it corrects nothing."
    if kind == "policy" and source.seconds <= 0:
        return "It holds no play."
    return None


def left_words(phase: str, left_s: float | None) -> str:
    """Say how long it still takes."""
    told = time_left(left_s)
    if not told:
        return ""
    return f"{told} of looking; learning comes next" if phase == "seeing" else f"{told} at most"


def start_problem(
    kind: Kind,
    chosen: Sequence[Source],
    *,
    held_out: int,
    choices: Choices,
    name: str | None,
    busy: str | None,
    has_gpu: bool | None,
    sees: bool,
) -> str | None:
    """Say why a training can't start, the most important reason first, or None.

    Args:
        kind: What is to be trained.
        chosen: What is ticked.
        held_out: How many of these are marked for validation.
        choices: The settings.
        name: What is wrong with the run's name, or None.
        busy: The run that is being trained now, or None.
        has_gpu: Whether there is a GPU; None while that isn't known.
        sees: Whether there is a detector for this game.
    """
    if busy is not None:
        return f"{busy} is being trained. Wait until it is done, or stop it."
    if kind == "policy" and not sees:
        return "No detector knows the objects of this game. Train one in the next tab first."
    if not chosen:
        return "Tick at least one recording to learn from."
    if kind == "policy" and all(source.corrected_s is not None for source in chosen):
        return "Only corrections are ticked. Tick recordings of your own play as well."
    if held_out == len(chosen):
        return "All that is ticked is marked for validation. Tick something to learn from as well."
    if choices.device == "cuda" and has_gpu is False:
        return "There is no GPU here. Let it learn on the processor."
    return problem(choices) or name


def used_words(name: str) -> str:
    """Say in a clause why the recordings of a training must stay where they are."""
    return f"{name} is being trained on it, and reads it until the end; wait, or stop the training"


def ended_words(ended: Ended, name: str) -> str:
    """Say how a training ended, and what can be done now."""
    trained = ended.result
    if not isinstance(trained, Trained):
        said = capitalised(ended.sentence)
        return f"{said} Go on whenever you like." if ended.how is not How.FAILED else said
    steps = f"{trained.steps} step{'' if trained.steps == 1 else 's'}"
    if trained.stopped:
        first = f"Stopped after {steps}. What was learned is kept, and it can go on."
    else:
        first = f"Done: {name} learned for {steps}."
    return " ".join([first, *trained.notes])

"""Record the coach at play, without a window: demonstrations whose objects are all labelled."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from data.frames import Image
from data.leftovers import require_no_leftover
from data.paths import claim_output
from data.profile import GameProfile, load_profile
from data.schema import CaptureFacts
from data.writer import RecordingWriter
from gui.practice.devices import SIZE, Crop, HeadlessGame, stored_boxes
from gui.practice.players import CoachPlayer
from gui.practice.truth import TruthFile
from recorder.session import record
from recorder.status import RecordReport, RecordStatus

PROFILE = "practice"


class LabellingWriter(RecordingWriter):
    """Stores with every frame the true boxes of the game that it shows."""

    def __init__(
        self,
        path: Path,
        *,
        game: HeadlessGame,
        profile: GameProfile,
        facts: CaptureFacts,
        force: bool = False,
        truth: TruthFile | None = None,
        head_probabilities: bool = False,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Open the file; see `RecordingWriter`.

        Raises:
            OutputExistsError: It exists and `force` is off.
            RecordingError: The folder can't be written.
        """
        super().__init__(
            path,
            profile=profile,
            facts=facts,
            force=force,
            head_probabilities=head_probabilities,
            attributes=attributes,
        )
        self._game = game
        self._truth = truth

    def append_frame(self, image: Image, at_ns: int) -> int:
        """Append a picture of the game as it is now; return its index."""
        index = super().append_frame(image, at_ns)
        game = self._game
        self.append_boxes(index, stored_boxes(game, self.profile.capture.size))
        if self._truth is not None:
            shown = game.screen.seen()
            self._truth.append(
                game.state, at_ns=at_ns, size=game.size, boxes=shown, held=game.keys.held
            )
        return index


def record_coach(
    path: Path,
    *,
    difficulty: str = "beginner",
    seconds: float = 60.0,
    seed: int = 0,
    force: bool = False,
    truth: Path | None = None,
    kits: int | None = None,
    crop: Crop | None = None,
    stop: Callable[[], bool] = lambda: False,
    on_status: Callable[[RecordStatus], None] | None = None,
) -> tuple[RecordReport, HeadlessGame]:
    """Record one match of the coach with the true boxes of every frame.

    `kits` and `crop` change what the pictures show, not the match; see `HeadlessGame`.

    Returns:
        The recorder's report, and the finished game with its score.

    Raises:
        OutputExistsError: The file exists and `force` is off.
        RecordingError: It can't be written.
    """
    claim_output(path, force=force)  # before the truth file is begun
    require_no_leftover(path, force=force)
    profile = load_profile(PROFILE)
    player = CoachPlayer(seed, SIZE)
    game = HeadlessGame(difficulty, seconds, seed, player=player, kits=kits, crop=crop)
    facts = CaptureFacts(0, 0, *game.size, 1.0, "headless", profile.capture.rate_hz)
    with ExitStack() as stack:
        truth_file = stack.enter_context(TruthFile(truth, force=force)) if truth else None
        writer = stack.enter_context(
            LabellingWriter(
                path, game=game, profile=profile, facts=facts, force=force, truth=truth_file
            )
        )
        report = record(
            screen=game.screen,
            keys=game.keys,
            window=None,
            writer=writer,
            clock=game.clock,
            rate_hz=profile.capture.rate_hz,
            seconds=None,
            stop=lambda: game.over or stop(),
            on_status=on_status,
        )
    return report, game

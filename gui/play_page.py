"""Let a trained policy play, watch it think, and take over when you like."""

from datetime import date
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from data.profile import GameProfile
from gui.jobs.corrections import PolicyRun
from gui.jobs.play import Played, PlayRequest, PlayTick, Stage
from gui.jobs.practice import Goals
from gui.page import GAP, Notice, Page, SideStack, button, card, column, heading, row, words
from gui.play.choices import ChoicesForm
from gui.play.corrections_card import CorrectionsCard
from gui.play.live import LivePlots, LiveView
from gui.play.player import Player
from gui.play.retraining import retraining
from gui.play.roster import Roster
from gui.play.score_card import ScoreCard
from gui.play.summary_card import SummaryCard
from gui.play.words import NO_RUN, about_run, log_path, run_title, stage_words
from gui.studio import PRACTICE, Game, Studio

SIDE_PX = 310


class PlayPage(Page):
    """Let a trained policy play, watch it think, and take over when you like."""

    name = "play"
    title = "Play"
    hint = "Let a trained policy play, watch it think, and take over when you like."

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.notice = Notice()
        self.runs = QComboBox()
        self.runs.setAccessibleName("Bot")
        self.play = button("&Play", self._play, shortcut="Ctrl+P", main=True)
        self.stop = button("&Stop", self._stop, shortcut="Esc", danger=True)
        self.hands = button("Let me play", self._swap_hands, shortcut="Ctrl+T")
        self.train = button("&Train a bot", lambda: studio.go_to("train"), main=True)
        self.about = words(quiet=True)
        self.choices = ChoicesForm(studio.preferences)
        self.live = LiveView(studio.game.profile)
        self.plots = LivePlots()
        self.score = ScoreCard(studio)
        self.corrections = CorrectionsCard()
        self.summary = SummaryCard()
        self.player = Player(studio)
        self._roster = Roster(studio)
        self._wanted: Path | None = None
        self._shown = False
        self._build()
        self._connect()
        self._list_runs()

    @property
    def run(self) -> PolicyRun | None:
        """The run that is chosen."""
        found = self.runs.currentData()
        return found if isinstance(found, PolicyRun) else None

    def entered(self) -> None:
        """Look for runs."""
        self._shown = True
        self._roster.look()

    def left(self) -> None:
        """Keep the choices; play goes on."""
        self._shown = False
        self.choices.remember()

    def open(self, what: object) -> None:
        """Choose a run by its folder."""
        if isinstance(what, Path):
            self._wanted = what.resolve()
            self._roster.look(self._wanted)

    def at_work(self) -> str | None:
        """Say whether something is played or counted."""
        if self.player.busy:
            return "the bot plays"
        return "goals are being counted" if self.score.busy else None

    def shut_down(self) -> None:
        """End what runs."""
        self.choices.remember()
        self.player.stop()
        self.player.end_game()
        self.score.end()
        self._roster.stop()

    def still_running(self) -> bool:
        """Say whether a process is still there."""
        return self.player.still_running or self.score.busy or self._roster.running

    def _build(self) -> None:
        self.empty = card(heading("No bot yet"), words(NO_RUN), row(self.train, None))
        self.before = card(heading("How it plays"), self.choices, None)
        self._side = SideStack(SIDE_PX)
        self._side.addWidget(column(self.empty, self.before, None))
        self._side.addWidget(self.plots)
        self._below = QWidget()
        cards = QHBoxLayout(self._below)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(GAP)
        for part in (self.summary, self.score, self.corrections):
            cards.addWidget(part, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.notice)
        layout.addLayout(self._top())
        layout.addWidget(self.about)
        middle = QHBoxLayout()
        middle.setSpacing(GAP)
        middle.addWidget(self.live, 1)
        middle.addWidget(self._side)
        layout.addLayout(middle, 1)
        layout.addWidget(self._below)

    def _top(self) -> QHBoxLayout:
        label = words("&Bot")
        label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        label.setWordWrap(False)
        label.setBuddy(self.runs)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.runs.setSizeAdjustPolicy(policy)
        self.runs.setMinimumContentsLength(24)
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(label)
        top.addWidget(self.runs, 1)
        for each in (self.play, self.hands, self.stop):
            top.addWidget(each)
        return top

    def _connect(self) -> None:
        self.runs.currentIndexChanged.connect(lambda _: self._show_run())
        self.runs.activated.connect(lambda _: self._remember_run())
        self.choices.difficulty.currentIndexChanged.connect(lambda _: self._show_score())
        self._roster.found.connect(self._list_runs)
        self._roster.counted.connect(self._show_corrections)
        self._roster.refused.connect(self._refuse)
        self.score.refused.connect(self._refuse)
        self.summary.log_wanted.connect(lambda path: self.studio.go_to("library", path))
        self.corrections.training_wanted.connect(self._train_on)
        self.player.begun.connect(self._begun)
        self.player.staged.connect(self._reached)
        self.player.ticked.connect(self._ticked)
        self.player.played.connect(self._played)
        self.player.refused.connect(self._refuse)
        self.player.over.connect(self._over)
        self.studio.runs_changed.connect(self._look_again)
        self.studio.recordings_changed.connect(self._look_again)
        self.studio.game_changed.connect(lambda _: self._show_run())

    def _look_again(self) -> None:
        if self._shown:
            self._roster.look()

    def _list_runs(self) -> None:
        """Bring the list up to date; what was chosen stays chosen."""
        known = self._roster.runs or ()
        chosen = self.run.folder if self.run is not None else None
        last = Path(self.studio.preferences.get("play/run", ""))
        self.runs.blockSignals(True)
        self.runs.clear()
        for run in known:
            self.runs.addItem(run_title(run), run)
        folders = [run.folder for run in known]
        wishes = (self._wanted, chosen, last, *folders)
        found = next((folders.index(wish) for wish in wishes if wish in folders), -1)
        self.runs.setCurrentIndex(found)
        self.runs.blockSignals(False)
        if self._wanted in folders:
            self._wanted = None
            self._remember_run()
        if self._roster.problems:
            self._refuse("\n".join(self._roster.problems))
        self._show_run()

    def _remember_run(self) -> None:
        if self.run is not None:
            self.studio.preferences.set("play/run", str(self.run.folder))

    def _show_run(self) -> None:
        """Show what belongs to the run that is chosen."""
        run = self.run
        self.empty.setVisible(run is None and self._roster.runs is not None)
        self.before.setVisible(run is not None)
        self.about.setVisible(run is not None)
        if run is not None and not self.player.busy:
            self.about.setText(about_run(run, self.studio.game.profile))
            self.live.set_profile(run.profile)
        is_practice = run is not None and run.profile.name == PRACTICE
        self.choices.show_practice(is_practice)
        self._show_score()
        self._show_corrections()
        self._enable()

    def _show_score(self) -> None:
        run = self.run
        is_practice = run is not None and run.profile.name == PRACTICE
        self.score.setVisible(is_practice)
        if run is not None and is_practice and not self.score.busy:
            self.score.show_run(run.folder, self.choices.chosen.difficulty)

    def _show_corrections(self) -> None:
        run = self.run
        corrected = None if run is None else self._roster.corrected(run.folder)
        self.corrections.setVisible(run is not None)
        self.corrections.show_run(run, corrected, (self.studio.recordings, self.studio.flights))

    def _enable(self) -> None:
        busy, playing = self.player.busy, self.player.busy and self.player.stage is Stage.PLAYING
        self.runs.setEnabled(not busy and self.run is not None)
        self.play.setEnabled(not busy and self.run is not None)
        self.stop.setEnabled(busy)
        self.hands.setEnabled(playing)
        self.hands.setText("Let the bot play" if self.player.yours else "Let me play")
        idle = "Nothing is played just now"
        self.play.setToolTip(
            "It plays already"
            if busy
            else "Train a bot first"
            if self.run is None
            else "Let it play (Ctrl+P)"
        )
        self.stop.setToolTip("Let go of all keys and stop (Esc)" if busy else idle)
        self.hands.setToolTip("The keys are yours until you give them back" if playing else idle)
        self._side.setCurrentIndex(int(busy))
        self._below.setVisible(not busy and self.run is not None)

    def _play(self) -> None:
        run = self.run
        if run is None or self.player.busy:
            return
        self.choices.remember()
        chosen = self.choices.chosen
        log = log_path(self.studio.flights, run.name, date.today()) if chosen.log else None
        profile = profile_for(run, self.studio.game)
        request = PlayRequest(
            run.folder,
            profile,
            engine=chosen.engine,
            log=log,
            dry_run=chosen.dry_run,
            seconds=chosen.seconds,
            temperature=chosen.temperature,
            min_hold_ms=chosen.min_hold_ms,
            opens=profile.name == PRACTICE,
        )
        self.player.start(request, chosen)

    def _stop(self) -> None:
        self.player.stop()
        self.live.show_state("Stopping...")

    def _swap_hands(self) -> None:
        self.player.give_hands(yours=not self.player.yours)
        self._enable()

    def _begun(self) -> None:
        request = self.player.request
        if request is not None:
            self.live.set_profile(request.profile)
        self.notice.clear()
        self.summary.hide()
        self.plots.clear()
        self.live.picture.show_picture(None)
        self._reached(Stage.LOADING)
        self.stop.setFocus()

    def _reached(self, stage: Stage) -> None:
        request = self.player.request
        if request is not None:
            self.live.show_state(stage_words(stage, request.profile, opens=request.opens))
            if stage is Stage.PLAYING:
                self.about.setText(
                    f"{request.profile.stop_key.upper()} stops it from anywhere. To take over, "
                    "press the keys you play with; it goes on when you leave them alone."
                )
        self._enable()

    def _ticked(self, tick: PlayTick) -> None:
        request = self.player.request
        if request is not None and self.player.busy:
            self.live.show_tick(tick, yours=self.player.yours, dry_run=request.dry_run)
            self.plots.add(tick)

    def _played(self, played: Played, score: Goals | None) -> None:
        self.summary.tell(played, score)

    def _over(self) -> None:
        self.live.rest()
        self._show_run()
        request = self.player.request
        if request is not None and request.log is not None and request.log.is_file():
            self.studio.recordings_changed.emit()

    def _train_on(self, material: list[Path]) -> None:
        run = self.run
        if run is not None:
            self.studio.go_to("train", retraining(run.folder, material, self.studio.game))

    def _refuse(self, sentence: str) -> None:
        self.notice.tell(sentence, error=True)


def profile_for(run: PolicyRun, game: Game) -> GameProfile:
    """Return the profile to play with: that of the chosen game where the run is of that game."""
    if game.profile.name != run.profile.name:
        return run.profile
    if game.title is None:
        return game.profile
    return GameProfile.model_validate(game.profile.model_dump() | {"title": game.title})

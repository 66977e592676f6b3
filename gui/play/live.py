"""Play as it is seen: the picture, the keys, the figures."""

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from data.profile import GameProfile
from gui.frame_view import DrawnBox, FrameView, colour_of
from gui.jobs.play import PlayTick
from gui.key_pad import KeyPad, chances_of
from gui.page import GAP, card, column, words
from gui.play.words import banner, figures, state
from gui.plots import LivePlot

SHOWN_S = 60  # of the plots
POINTS = 30 * SHOWN_S
LEAST_PX = 190  # of the picture, upright
SAID_PX = 150
WIDE_PX = 460  # of the keys


class LiveView(QWidget):
    """The picture with what is seen in it, and the keys below."""

    def __init__(self, profile: GameProfile) -> None:
        super().__init__()
        self._profile = profile
        self.picture = FrameView("Here you see what the bot sees, as soon as it plays")
        # As high as there is room: no hint of its own, for which the page would have to scroll.
        self.picture.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.picture.setMinimumHeight(LEAST_PX)
        self.pad = KeyPad(profile)
        self.state = words()
        self.state.setObjectName("heading")
        self.figures = words("", quiet=True)
        self.legend = words(html=True)
        said = column(self.state, self.figures, self.legend, None)
        said.setMinimumWidth(SAID_PX)
        said.setContentsMargins(GAP, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.picture, 1)
        keys = QWidget()
        self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight, keys)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.addWidget(self.pad)
        self._beside.addWidget(said, 1)
        layout.addWidget(card(keys))
        self._place()
        self._explain_colours()
        self.rest()

    def set_profile(self, profile: GameProfile) -> None:
        """Show another game's keys."""
        self._profile = profile
        self.pad.set_profile(profile)
        self._place()
        self._explain_colours()

    def show_tick(self, tick: PlayTick, *, yours: bool, dry_run: bool) -> None:
        """Show one tick; without a picture, the last one stays."""
        if tick.image is not None:
            names = self._profile.object_names
            boxes = [
                DrawnBox(each.x1, each.y1, each.x2, each.y2, colour=colour_of(each.name, names))
                for each in tick.seen
            ]
            self.picture.show_picture(tick.image, boxes)
        self.picture.show_banner(banner(tick.reason, yours=yours))
        self.pad.show_held(tick.held)
        self.pad.show_chances(key_chances(self._profile, tick))
        self._say(state(tick.reason, dry_run=dry_run), figures(tick))

    def show_state(self, sentence: str) -> None:
        """Say how far it has come, before there is something to see."""
        self._say(sentence, "")

    def rest(self) -> None:
        """Light nothing: nobody plays. The last picture stays."""
        self.pad.show_held(frozenset())
        self.pad.show_chances({})
        self.picture.show_banner("")
        self.show_state("")

    def changeEvent(self, event: QEvent | None) -> None:
        """Take on new colours."""
        if event is not None and event.type() is QEvent.Type.PaletteChange:
            self._explain_colours()

    def _place(self) -> None:
        """Put the words beside the keys, or below many keys."""
        ways = QBoxLayout.Direction
        many = self.pad.sizeHint().width() > WIDE_PX
        self._beside.setDirection(ways.TopToBottom if many else ways.LeftToRight)

    def _say(self, who: str, numbers: str) -> None:
        for label, text in ((self.state, who), (self.figures, numbers)):
            label.setText(text)
            label.setVisible(bool(text))

    def _explain_colours(self) -> None:
        """Say which colour is which object."""
        names = self._profile.object_names
        told = [
            f"<span style='color:{colour_of(name, names)}'>■</span>&nbsp;{name}" for name in names
        ]
        self.legend.setText("&nbsp; ".join(told))


class LivePlots(QWidget):
    """How long a decision takes, and how often there is one, over the last minute."""

    def __init__(self) -> None:
        super().__init__()
        self.latency = LivePlot("From screen to key", unit="ms", most=POINTS)
        self.rate = LivePlot("Decisions a second", unit="Hz", most=POINTS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for plot in (self.latency, self.rate):
            layout.addWidget(plot, 1)

    def add(self, tick: PlayTick) -> None:
        """Add a tick."""
        if tick.latency_ms is not None:
            self.latency.add(tick.at_s, tick.latency_ms)
        self.rate.add(tick.at_s, tick.rate_hz)

    def clear(self) -> None:
        """Begin anew."""
        self.latency.clear_points()
        self.rate.clear_points()

    def changeEvent(self, event: QEvent | None) -> None:
        """Take on new colours."""
        if event is not None and event.type() is QEvent.Type.PaletteChange:
            self.latency.dress()
            self.rate.dress()


def key_chances(profile: GameProfile, tick: PlayTick) -> dict[str, float]:
    """Return the probability that each key should be held, by all heads."""
    found: dict[str, float] = {}
    for head in profile.heads:
        if head.name in tick.chances:
            for key, chance in chances_of(head, tick.chances[head.name]).items():
                found[key] = max(chance, found.get(key, 0.0))
    return found

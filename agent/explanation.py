"""Draw why a policy decides what it decides: one picture to read at a glance."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.patheffects import withStroke

from agent.moment import Moment
from data.frames import Image
from data.moments import moment as clock
from data.profile import GameProfile, Head
from models.saliency import COVERED_S, HIDDEN_S, STRIDE_PX, CoverMap, Influence, Saliency
from models.trails import Trail

_GROUND, _PANEL, _INK, _FAINT = "#14171c", "#1d222a", "#e8eaed", "#7d8590"
_FOR, _AGAINST, _CHOSEN, _OTHER, _ASKED = "#ffb000", "#5aa9ff", "#4cc38a", "#4a5361", "#ffb000"
_COLOURS = ("#5aa9ff", "#ff6b6b", "#ffe14d", "#e1e1e1", "#ff7ad9", "#ff9f45", "#5ff0f0", "#cf9bff")
_HEAT = LinearSegmentedColormap.from_list(
    "heat", [(0.0, "#5aa9ffd0"), (0.5, "#5aa9ff00"), (0.5, "#ffb00000"), (1.0, "#ffb000e0")]
)
_LEAST_NATS = 0.5  # the scale's end at least: smaller sums are not worth shouting about
_MOST_BARS = 9
_WORTH_NAMING = 0.2  # of the strongest: what is missed at the moment and matters less has no name


def draw_explanation(
    moment: Moment,
    profile: GameProfile,
    found: Saliency,
    cover: CoverMap | None,
    *,
    head: str,
    index: int,
) -> Figure:
    """Draw a moment.

    Args:
        moment: The picture, who played and what was chosen.
        profile: Names the classes and keys.
        found: What the decision hangs on.
        cover: The same, by places of the picture; None leaves it out.
        head: The head that is asked about.
        index: The class that is asked about.
    """
    figure = Figure(figsize=(14.4, 9.0), dpi=100, facecolor=_GROUND)
    asked = next(each for each in profile.heads if each.name == head)
    name = asked.names[index]
    _title(figure, moment, asked, name, float(found.decided[head][index]))
    weights = [(one, found.weight(one, head, index)) for one in found.influences]
    numbers = _numbered(found, profile)
    scale = max(_LEAST_NATS, *(abs(weight) for _, weight in weights))
    _scene(figure.add_axes((0.02, 0.285, 0.68, 0.612)), moment, profile, weights, numbers, scale)
    _reasons(figure.add_axes((0.145, 0.025, 0.2, 0.205)), weights, numbers, name)
    if cover is not None:
        _heat(figure.add_axes((0.425, 0.02, 0.275, 0.215)), moment, cover, head, index, name)
    _keys(figure.add_axes((0.725, 0.80, 0.26, 0.095)), moment, profile)
    _bars(figure, moment, profile, found, head, index)
    return figure


def _title(figure: Figure, moment: Moment, head: Head, name: str, probability: float) -> None:
    chosen = head.names[moment.chosen[head.name]]
    verb = "chooses" if moment.played else "would choose"
    asked = "Why it" if name == chosen else f"Why not {name}? It"
    told = f"{asked} {verb} {chosen}"
    at = f"{clock(moment.at_s)}.{int(moment.at_s * 10) % 10}"
    figure.text(0.02, 0.945, told, color=_INK, fontsize=20, fontweight="bold")
    figure.text(
        0.02,
        0.912,
        f"{moment.recording.name} at {at}: {moment.by}. {head.name}: {name} {probability:.0%}",
        color=_FAINT,
        fontsize=11,
    )


def _scene(
    axes: Axes,
    moment: Moment,
    profile: GameProfile,
    weights: Sequence[tuple[Influence, float]],
    numbers: dict[int, str],
    scale: float,
) -> None:
    """Draw the picture with what was seen in it, each the brighter the more it mattered."""
    _show(axes, moment.image)
    for one, weight in weights:
        if one.trail is None:
            continue
        trail, colour = one.trail, _COLOURS[one.trail.kind % len(_COLOURS)]
        x1, y1, x2, y2 = trail.box
        strength = min(1.0, abs(weight) / scale)
        _glow(axes, trail, strength, _FOR if weight > 0 else _AGAINST)
        across, along = zip(*trail.places, strict=True)
        axes.plot(across, along, color=colour, linewidth=1.2, alpha=0.55)
        own = trail.track.own
        axes.add_patch(
            Rectangle(
                (x1, y1),
                x2 - x1,
                y2 - y1,
                fill=False,
                edgecolor="white" if own else colour,
                linewidth=2.6 if own else 1.4,
                linestyle="--" if trail.track.age else "-",
                alpha=0.6 if trail.track.age else 1.0,
            )
        )
        _arrow(axes, trail, colour)
        told = trail.track.age == 0 or strength >= _WORTH_NAMING
        if told and one.name != profile.reference:  # that is right above what it marks
            single = profile.objects[trail.kind].most == 1
            axes.text(
                (x1 + x2) / 2,
                y2 + 2 if single else y1 - (8 if own else 2),
                numbers[id(one)] + (" (controlled)" if own else ""),
                color="white" if own else colour,
                fontsize=7.5,
                ha="center",
                va="top" if single else "bottom",
                fontweight="bold",
                path_effects=[withStroke(linewidth=2, foreground=_GROUND)],
            )


def _glow(axes: Axes, trail: Trail, strength: float, colour: str) -> None:
    """Mark an object with a halo as strong as its influence."""
    x1, y1, x2, y2 = trail.box
    for ring in range(5):
        grown = 2 + 3 * ring
        axes.add_patch(
            FancyBboxPatch(
                (x1 - grown, y1 - grown),
                x2 - x1 + 2 * grown,
                y2 - y1 + 2 * grown,
                boxstyle=f"round,pad=0,rounding_size={grown}",
                facecolor=colour,
                edgecolor="none",
                alpha=0.15 * strength,
                zorder=1,
            )
        )


def _arrow(axes: Axes, trail: Trail, colour: str) -> None:
    """Draw where an object will be in a quarter of a second."""
    track = trail.track
    dx, dy = track.vx * 0.25, track.vy * 0.25
    if np.hypot(dx, dy) >= 4:
        axes.annotate(
            "",
            xy=(track.x + dx, track.y + dy),
            xytext=(track.x, track.y),
            arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.4},
        )


def _reasons(
    axes: Axes, weights: Sequence[tuple[Influence, float]], numbers: dict[int, str], name: str
) -> None:
    """Draw what speaks for the class and against it, strongest first."""
    strongest = sorted(weights, key=lambda pair: -abs(pair[1]))[:_MOST_BARS][::-1]
    values = [weight for _, weight in strongest]
    _plain(axes)
    axes.barh(
        range(len(values)), values, color=[_FOR if v > 0 else _AGAINST for v in values], height=0.7
    )
    limit = 1.35 * max(_LEAST_NATS, *(abs(value) for value in values))
    axes.set_xlim(min(0.0, 1.6 * min(values)) - 0.01 * limit, limit)
    for at, value in enumerate(values):
        axes.text(
            value + 0.02 * limit * (1 if value >= 0 else -1),
            at,
            f"{value:+.1f}",
            color=_INK,
            fontsize=8,
            va="center",
            ha="left" if value >= 0 else "right",
        )
    axes.axvline(0, color=_FAINT, linewidth=0.8)
    axes.set_yticks(range(len(values)), [numbers[id(one)] for one, _ in strongest])
    axes.tick_params(axis="y", length=0, labelcolor=_INK, labelsize=9)
    axes.set_xticks([])
    axes.set_title(
        f"What speaks for {name}:\nlog p lost when hidden for {HIDDEN_S:.0f} s",
        color=_INK,
        fontsize=9.5,
    )


def _heat(axes: Axes, moment: Moment, cover: CoverMap, head: str, index: int, name: str) -> None:
    """Draw which parts of the picture matter."""
    grey = cv2.cvtColor(moment.image, cv2.COLOR_BGR2GRAY)[..., None] * 0.6
    _show(axes, np.repeat(grey, 3, axis=2).astype(np.uint8))
    weights = cover.weights(head, index)
    height, width = moment.image.shape[:2]
    limit = max(_LEAST_NATS, float(np.abs(weights).max()))
    axes.imshow(
        _smooth(weights, width=width, height=height),
        cmap=_HEAT,
        vmin=-limit,
        vmax=limit,
        extent=(0, width, height, 0),
    )
    axes.set_title(
        f"Where it looks for {name}: log p lost (orange) or won (blue)\n"
        f"when a patch is blurred for {COVERED_S:.0f} s; at most {np.abs(weights).max():.1f}",
        color=_INK,
        fontsize=9.5,
    )


def _smooth(
    weights: npt.NDArray[np.float32], *, width: int, height: int
) -> npt.NDArray[np.float32]:
    rows, columns = weights.shape
    larger = cv2.resize(
        weights, (columns * STRIDE_PX, rows * STRIDE_PX), interpolation=cv2.INTER_LINEAR
    )
    return larger[:height, :width].astype(np.float32)


def _keys(axes: Axes, moment: Moment, profile: GameProfile) -> None:
    """Draw the profile's keys as caps; those that are down are lit."""
    _plain(axes)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xticks([])
    axes.set_yticks([])
    wide = min(0.12, 0.98 / max(1, len(profile.keys)))
    for at, key in enumerate(profile.keys):
        by = moment.held.get(key)
        colour = {None: _PANEL, "policy": _CHOSEN, "person": _AGAINST}[by]
        axes.add_patch(
            FancyBboxPatch(
                (at * wide + 0.008, 0.1),
                wide - 0.016,
                0.5,
                boxstyle="round,pad=0,rounding_size=0.02",
                facecolor=colour,
                edgecolor=_FAINT if by is None else colour,
            )
        )
        axes.text(
            (at + 0.5) * wide,
            0.35,
            {"up": "↑", "down": "↓", "left": "←", "right": "→"}.get(key, key),
            color=_FAINT if by is None else _GROUND,
            fontsize=10 if len(key) < 3 or key in ("up", "down", "left", "right") else 7,
            ha="center",
            va="center",
            fontweight="bold",
        )
    who = sorted(set(moment.held.values()))
    told = "no key is down" if not who else f"keys down, held by the {' and the '.join(who)}"
    axes.text(0.008, 0.78, told, color=_INK, fontsize=10)


def _bars(
    figure: Figure, moment: Moment, profile: GameProfile, found: Saliency, asked: str, index: int
) -> None:
    """Draw each head's probabilities."""
    rows = sum(len(head.names) for head in profile.heads)
    gap = 1.9  # rows between two heads, for the second one's title
    unit = 0.72 / (rows + gap * len(profile.heads))
    top = 0.775
    for head in profile.heads:
        size = len(head.names)
        axes = figure.add_axes((0.80, top - unit * (size + 1), 0.155, unit * size))
        _plain(axes)
        values = found.decided[head.name]
        colours = [_OTHER] * size
        colours[moment.chosen[head.name]] = _CHOSEN
        axes.barh(range(size), values, color=colours, height=0.72)
        if head.name == asked:
            axes.barh([index], [1.0], height=0.9, fill=False, edgecolor=_ASKED, linewidth=1.4)
        for at, value in enumerate(values):
            axes.text(1.02, at, f"{value:.0%}", color=_INK, fontsize=8, va="center")
        axes.set_xlim(0, 1)
        axes.set_ylim(size - 0.4, -0.6)
        axes.set_xticks([])
        axes.set_yticks(range(size), head.names)
        axes.tick_params(axis="y", length=0, labelcolor=_INK, labelsize=8.5)
        axes.set_title(head.name, color=_INK, fontsize=10.5, loc="left", pad=3)
        top -= unit * (size + gap)


def _numbered(found: Saliency, profile: GameProfile) -> dict[int, str]:
    """Name each influence, with a number where there are several of a kind."""
    count: dict[str, int] = {}
    names = {}
    single = {kind.name for kind in profile.objects if kind.most == 1}
    for one in found.influences:
        if one.trail is None or one.name in single:
            names[id(one)] = one.name
            continue
        count[one.name] = count.get(one.name, 0) + 1
        names[id(one)] = f"{one.name} {count[one.name]}"
    return names


def _show(axes: Axes, image: Image) -> None:
    height, width = image.shape[:2]
    axes.imshow(
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
        interpolation="lanczos",
        extent=(0, width, height, 0),
    )
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _plain(axes: Axes) -> None:
    axes.set_facecolor(_GROUND)
    for spine in axes.spines.values():
        spine.set_visible(False)

"""`understudy explain`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.console import AsJson, Force, out, print_json, print_table, progress, stoppable

if TYPE_CHECKING:
    from agent.moment import Moment
    from data.profile import GameProfile
    from models.saliency import Saliency


def explain(
    log: Annotated[
        Path, typer.Argument(help="A flight log, or any recording (.h5).", show_default=False)
    ],
    at: Annotated[str, typer.Option("--at", help="The moment, such as 1:30 or 90.5.")],
    target: Annotated[
        Path | None, typer.Option("--out", help="The picture to write; LOG-TIME.png if none.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="The policy; the one the log names if none.")
    ] = None,
    asked: Annotated[
        str | None, typer.Option("--class", help="Ask about this class: why, or why not.")
    ] = None,
    no_map: Annotated[
        bool,
        typer.Option("--no-map", help="Leave out the map of the picture, which takes longest."),
    ] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Draw why a policy decides what it decides at one moment, or would, where a person plays."""
    from agent.explanation import draw_explanation
    from agent.flown import load_player
    from agent.moment import moment_of
    from data.moments import parse_moment
    from data.paths import claim_output, written_whole
    from data.reader import Recording
    from models.saliency import cover_map, saliency

    try:
        at_s = parse_moment(at)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--at") from error
    picture = claim_output(target or Path(f"{log.stem}-{at.replace(':', '.')}.png"), force=force)
    with stoppable() as stop, progress(quiet=as_json) as show, Recording(log) as recording:
        runner = load_player(recording, run)
        moment = moment_of(recording, runner, at_s)
        head, index = _asked(recording.profile, moment, asked)
        found = saliency(runner, moment.ticks)
        cover = None
        if moment.images and not no_map:
            cover = cover_map(
                runner,
                moment.ticks,
                moment.images,
                on_progress=lambda share: show("hide parts of the picture", share),
                stop=stop,
            )
        figure = draw_explanation(moment, recording.profile, found, cover, head=head, index=index)
        with written_whole(picture) as part:
            figure.savefig(part, format="png", facecolor=figure.get_facecolor())
        told = to_json(moment, recording.profile, found, head=head, index=index)
    if as_json:
        print_json({"picture": str(picture), **told})
    else:
        _tell(moment, told, picture)


def to_json(
    moment: "Moment", profile: "GameProfile", found: "Saliency", *, head: str, index: int
) -> dict[str, Any]:
    """Return what `--json` prints."""
    names = {each.name: each.names for each in profile.heads}
    return {
        "at_s": round(moment.at_s, 3),
        "frame": moment.frame,
        "by": moment.by,
        "keys": moment.held,
        "chosen": {name: names[name][which] for name, which in moment.chosen.items()},
        "probabilities": {
            name: dict(zip(names[name], map(float, of_head), strict=True))
            for name, of_head in found.decided.items()
        },
        "as_logged": moment.as_logged(),
        "head": head,
        "class": names[head][index],
        "influences": sorted(
            (
                {
                    "object": one.name,
                    "box": None if one.trail is None else [round(v, 1) for v in one.trail.box],
                    "controlled": one.trail is not None and one.trail.track.own,
                    "nats": round(found.weight(one, head, index), 3),
                    "probability_without": float(one.without[head][index]),
                }
                for one in found.influences
            ),
            key=lambda told: -abs(told["nats"]),
        ),
    }


def _asked(profile: "GameProfile", moment: "Moment", name: str | None) -> tuple[str, int]:
    """Find the class that is asked about, `CLASS` or `HEAD:CLASS`."""
    if name is None:
        head = moment.asked()
        return head, moment.chosen[head]
    wanted, colon, which = name.rpartition(":")
    for each in profile.heads:
        if which in each.names and (not colon or each.name == wanted):
            return each.name, each.names.index(which)
    known = ", ".join(f"{each.name}:{one}" for each in profile.heads for one in each.names)
    raise typer.BadParameter(f"{name!r} is none of {known}", param_hint="--class")


def _tell(moment: "Moment", told: dict[str, Any], picture: Path) -> None:
    rows = [
        (one["object"] + (" (controlled)" if one["controlled"] else ""), f"{one['nats']:+.2f}",
         f"{one['probability_without']:.0%}")
        for one in told["influences"][:8]
    ]  # fmt: skip
    now = told["probabilities"][told["head"]][told["class"]]
    title = f"{told['head']}: {told['class']} {now:.0%}, and hidden for 3 s"
    print_table(title, ["", "log p lost", "without"], rows)
    if told["as_logged"] is False:
        out.print(
            f"[yellow]In play the policy said otherwise: it is another run now, or "
            f"{moment.recording} begins in the middle of play.[/yellow]"
        )
    out.print(f"{picture}: {moment.by} at {moment.at_s:.1f} s.")

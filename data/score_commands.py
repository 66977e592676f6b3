"""`understudy profile digits`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.console import AsJson, print_json
from data.errors import UnderstudyError

if TYPE_CHECKING:
    from data.score_board import Area


def profile_digits(
    picture: Annotated[Path, typer.Argument(help="A screenshot of the game's window.")],
    at: Annotated[
        str, typer.Option("--at", metavar="L,T,R,B", help="Where digits stand, in its pixels.")
    ],
    shows: Annotated[str, typer.Option("--shows", help="What stands there, such as 12:34.")],
    as_json: AsJson = False,
) -> None:
    """Cut digits out of a screenshot, for the part [score] of a profile.

    The score itself, or a clock in the same letters, will do. Several screenshots may be needed
    until all ten are there.
    """
    import cv2
    import numpy as np

    from data.digit_cutting import cut_digits
    from data.paths import require_input

    image = cv2.imread(str(require_input(picture)))
    if image is None:
        raise UnderstudyError(f"{picture}: no picture that can be read. Save it as PNG.")
    height, width = image.shape[:2]
    area = _area(at, width, height)
    found = cut_digits(np.asarray(image, dtype=np.uint8), area, shows)
    if as_json:
        print_json({"width_px": width, "height_px": height, "area": area, "digits": found})
        return
    lines = [f"# the area: [{', '.join(f'{share:.5f}' for share in area)}]"]
    lines += ["[score]", f"width_px = {width}", f"height_px = {height}", "[score.digits]"]
    lines += [f'{digit} = "{text}"' for digit, text in sorted(found.items())]
    typer.echo("\n".join(lines))


def _area(text: str, width: int, height: int) -> "Area":
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        left = top = right = bottom = -1.0
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise typer.BadParameter(
            f"--at {text}: wants left,top,right,bottom in pixels of the {width}x{height} picture"
        )
    return left / width, top / height, right / width, bottom / height

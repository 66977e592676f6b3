"""Where a game shows its score, and how its digits look: the part `score` of a profile."""

import base64
import binascii
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data.key_names import is_key_name, not_a_key

MOST_DIGIT_TEXT = 8000
Share = Annotated[float, Field(ge=0, le=1)]
Area = tuple[Share, Share, Share, Share]
"""Left, top, right, bottom, as shares of the picture's width and height."""


class ScoreBoard(BaseModel):
    """What it takes to read goals for and against from the screen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ours: Area
    """Where our goals stand."""
    theirs: Area
    """Where the other side's stand."""
    width_px: int = Field(ge=32, le=7680)
    """Of the window that the digits were cut from."""
    height_px: int = Field(ge=32, le=4320)
    digits: dict[Annotated[str, Field(pattern=r"^[0-9]$")], str] = Field(min_length=1)
    """Each digit's picture: a small PNG in base64."""
    start: tuple[str, ...] = Field(default=(), max_length=16)
    """Keys to tap, one after another, for a match to begin; none: somebody begins it."""

    @field_validator("digits")
    @classmethod
    def _check_digits(cls, digits: dict[str, str]) -> dict[str, str]:
        for digit, text in digits.items():
            if len(text) > MOST_DIGIT_TEXT:
                raise ValueError(f"the picture of {digit} is too large; cut out one digit only")
            try:
                base64.b64decode(text, validate=True)
            except binascii.Error as error:
                raise ValueError(f"the picture of {digit} is no base64: {error}") from error
        return digits

    @field_validator("start")
    @classmethod
    def _check_start(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if not is_key_name(key):
                raise ValueError(not_a_key(key))
        return keys

    @model_validator(mode="after")
    def _check_areas(self) -> Self:
        for name, (left, top, right, bottom) in (("ours", self.ours), ("theirs", self.theirs)):
            if left >= right or top >= bottom:
                raise ValueError(f"{name} is empty; give left, top, right, bottom")
        return self

    def picture(self, digit: str) -> bytes:
        """Return a digit's PNG."""
        return base64.b64decode(self.digits[digit])

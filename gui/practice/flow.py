"""What the practice window shows and what keys do to it: decisions without Qt."""

from dataclasses import dataclass, replace
from enum import StrEnum

from gui.practice.difficulty import DIFFICULTIES
from gui.practice.hud import TEAM_NAMES
from gui.practice.match import Match
from gui.practice.state import STEPS_PER_SECOND, MatchState

READY_STEPS = STEPS_PER_SECOND
WHISTLE_STEPS = STEPS_PER_SECOND * 3 // 2
_MENU_KEYS = "Up, Down: choose   Enter: kick-off   Esc: leave"


class Screen(StrEnum):
    """What the window shows."""

    START = "start"
    READY = "ready"
    PLAY = "play"
    PAUSED = "paused"
    LEAVING = "leaving"
    WHISTLE = "whistle"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Which match is played."""

    difficulty: str = "beginner"
    seconds: float = 300.0
    """Length of the match."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.difficulty not in DIFFICULTIES:
            raise ValueError(f"difficulty is one of {DIFFICULTIES}, got {self.difficulty!r}")
        if not self.seconds > 0:
            raise ValueError(f"a match lasts more than 0 seconds, got {self.seconds}")


@dataclass(frozen=True, slots=True)
class Panel:
    """A title and lines over the picture; the chosen line begins with `> `."""

    title: str
    lines: tuple[str, ...]


class Flow:
    """From the start screen through a match to its result and the next match."""

    def __init__(self, settings: MatchSettings, *, menu: bool, once: bool) -> None:
        """Begin.

        Args:
            settings: Of the first match; each later one has the next seed.
            menu: Begin at the start screen rather than with a kick-off.
            once: Close after full time instead of showing the result.
        """
        self.settings = settings
        self.match = Match(settings.difficulty, settings.seconds, settings.seed)
        self.screen = Screen.START if menu else Screen.READY
        self.closing = False
        self._once = once
        self._waited_steps = 0
        self._before = self.screen

    @property
    def state(self) -> MatchState:
        """The match as it is now."""
        return self.match.state

    @property
    def banner(self) -> str | None:
        """A text across the picture in place of the match's own."""
        return "READY" if self.screen is Screen.READY else None

    @property
    def panel(self) -> Panel | None:
        """What lies over the picture."""
        if self.screen is Screen.START:
            return Panel("Understudy Practice", (*self._choices(), _MENU_KEYS))
        if self.screen is Screen.PAUSED:
            return Panel("Paused", ("P or Enter: play on", "Esc: leave"))
        if self.screen is Screen.LEAVING:
            return Panel("Leave the match?", ("Enter: leave", "Esc: play on"))
        if self.screen is Screen.RESULT:
            ours, theirs = self.state.score
            verdict = "You win!" if ours > theirs else "A draw" if ours == theirs else "You lose"
            line = f"{TEAM_NAMES[0]} {ours} - {theirs} {TEAM_NAMES[1]}"
            return Panel(verdict, (line, *self._choices(), _MENU_KEYS))
        return None

    def press(self, key: str) -> None:
        """Take a key that has gone down; playing keys are `step`'s business."""
        if self.screen in (Screen.START, Screen.RESULT):
            self._press_in_menu(key)
        elif self.screen is Screen.LEAVING:
            if key == "enter":
                self.closing = True
            elif key == "esc":
                self.screen = self._before
        elif self.screen is Screen.PAUSED:
            if key in ("p", "enter"):
                self.screen = self._before
            elif key == "esc":
                self.screen = Screen.LEAVING
        elif key == "esc":
            self._before, self.screen = self.screen, Screen.LEAVING
        elif key == "p":
            self._before, self.screen = self.screen, Screen.PAUSED

    def step(self, held: frozenset[str]) -> None:
        """Let one step of the game's time pass."""
        if self.screen is Screen.READY:
            self._waited_steps += 1
            if self._waited_steps >= READY_STEPS:
                self._show(Screen.PLAY)
        elif self.screen is Screen.PLAY:
            self.match.advance(held)
            if self.state.over:
                self._show(Screen.WHISTLE)
        elif self.screen is Screen.WHISTLE:
            self._waited_steps += 1
            if self._waited_steps >= WHISTLE_STEPS:
                self._show(Screen.RESULT)
                self.closing = self._once

    def _show(self, screen: Screen) -> None:
        self.screen, self._waited_steps = screen, 0

    def _press_in_menu(self, key: str) -> None:
        if key == "esc":
            self.closing = True
        elif key == "enter":
            if self.screen is Screen.RESULT:
                self.settings = replace(self.settings, seed=self.settings.seed + 1)
            chosen = self.settings
            self.match = Match(chosen.difficulty, chosen.seconds, chosen.seed)
            self._show(Screen.READY)
        elif key in ("up", "down"):
            index = DIFFICULTIES.index(self.settings.difficulty) + (1 if key == "down" else -1)
            difficulty = DIFFICULTIES[index % len(DIFFICULTIES)]
            self.settings = replace(self.settings, difficulty=difficulty)

    def _choices(self) -> tuple[str, ...]:
        chosen = self.settings.difficulty
        return tuple(f"> {name}" if name == chosen else name for name in DIFFICULTIES)

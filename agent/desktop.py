"""Play a game's window on the real desktop: the live loop with its real devices."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from agent.key_sink import DryRunSink, PynputSink
from agent.loop import PlayReport, PlaySettings, TickView, play
from agent.runner import Runner
from agent.watchdog import Watchdog
from data.profile import GameProfile
from data.writer import RecordingWriter
from recorder.desktop import WindowChoice, open_desktop


def play_desktop(
    runner: Runner,
    profile: GameProfile,
    *,
    settings: PlaySettings,
    log: Path | None,
    stop: Callable[[], bool],
    dry_run: bool = False,
    force: bool = False,
    wait_s: float = 0.0,
    on_tick: Callable[[TickView], None] | None = None,
) -> PlayReport:
    """Play in the window that the profile names; see `agent.loop.play`.

    Args:
        runner: The policy.
        profile: Of the game; names its window and its stop key.
        settings: How to play.
        log: The flight log to write; None for none.
        stop: Asked on every tick.
        dry_run: Press nothing.
        force: Overwrite `log`.
        wait_s: How long to wait for the window.
        on_tick: Told about every tick.

    Raises:
        DisplayError: No display, or no such window.
        OutputExistsError: `log` exists and `force` is off.
    """
    with ExitStack() as stack:
        desktop = stack.enter_context(open_desktop(profile, WindowChoice(wait_s=wait_s)))
        writer = None
        if log is not None:
            writer = stack.enter_context(
                RecordingWriter(
                    log,
                    profile=profile,
                    facts=desktop.facts(rate_hz=runner.rate_hz),
                    force=force,
                    head_probabilities=True,
                )
            )
        sink = stack.enter_context(closing(DryRunSink() if dry_run else PynputSink(Watchdog())))
        return play(
            runner=runner,
            screen=desktop.screen,
            sink=sink,
            window=desktop.window,
            human=desktop.keys,
            clock=desktop.clock,
            settings=settings,
            log=writer,
            stop=stop,
            stop_key=desktop.stop_key,
            on_tick=on_tick,
        )

"""Play a game's window on the real desktop: the live loop with its real devices."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from agent.calm import undisturbed
from agent.flight_facts import flight_attributes
from agent.key_sink import DryRunSink, PynputSink
from agent.log_files import LogFiles
from agent.loop import PlaySettings, play
from agent.report import PlayReport, TickView
from agent.runner import Runner
from agent.watchdog import Watchdog
from data.profile import GameProfile
from data.writer import RecordingWriter
from recorder.desktop import Desktop, WindowChoice, open_desktop
from recorder.parts import Part, Parts


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
    hands_off: Callable[[], bool] = lambda: False,
    on_tick: Callable[[TickView], None] | None = None,
) -> PlayReport:
    """Play in the window that the profile names; see `agent.loop.play`.

    Args:
        runner: The policy.
        profile: Of the game; names its window and its stop key.
        settings: How to play.
        log: The flight log to write, and further ones beside it when the settings ask for several
            files; None for none.
        stop: Asked on every tick.
        dry_run: Press nothing.
        force: Overwrite `log`.
        wait_s: How long to wait for the window.
        hands_off: Says whether a person wants to play, keys pressed or not; asked often.
        on_tick: Told about every tick.

    Raises:
        DisplayError: No display, or no such window.
        OutputExistsError: `log` exists and `force` is off.
    """
    with ExitStack() as stack:
        desktop = stack.enter_context(open_desktop(profile, WindowChoice(wait_s=wait_s)))
        desktop.keys.tell_apart()
        files = None
        if log is not None:
            files = stack.enter_context(
                _log_files(log, runner, profile, desktop, settings=settings, force=force)
            )
        sink = stack.enter_context(
            closing(
                DryRunSink() if dry_run else PynputSink(Watchdog(), focused=desktop.window.focused)
            )
        )
        sweep = stack.enter_context(undisturbed())
        return play(
            runner=runner,
            screen=desktop.screen,
            sink=sink,
            window=desktop.window,
            human=desktop.keys,
            clock=desktop.clock,
            settings=settings,
            log=files.writer if files else None,
            stop=stop,
            stop_key=desktop.stop_key,
            hands_off=hands_off,
            may_stand_still=profile.may_stand_still,
            next_log=files.next if files else None,
            on_tick=_swept(on_tick, sweep),
        )


def _swept(
    on_tick: Callable[[TickView], None] | None, sweep: Callable[[int], None]
) -> Callable[[TickView], None]:
    def ticked(view: TickView) -> None:
        if on_tick is not None:
            on_tick(view)
        sweep(view.at_ns)

    return ticked


def _log_files(
    log: Path,
    runner: Runner,
    profile: GameProfile,
    desktop: Desktop,
    *,
    settings: PlaySettings,
    force: bool,
) -> LogFiles:
    known = flight_attributes(runner, settings.decision, seed=settings.seed)

    def opened(part: Part) -> RecordingWriter:
        return RecordingWriter(
            part.path,
            profile=profile,
            facts=desktop.facts(rate_hz=runner.rate_hz),
            force=part.force,
            head_probabilities=True,
            attributes={**known, **part.attributes},
        )

    return LogFiles(Parts(log, force=force), opened)

"""Flight logs of the toy game, played by the toy policy."""

from collections.abc import Callable, Iterable
from pathlib import Path

from agent.decision import DecisionSettings
from agent.flight_facts import flight_attributes
from agent.key_sink import DryRunSink
from agent.loop import PlaySettings, play
from data.keys import KeyEvent
from data.writer import RecordingWriter
from models.checkpoint import RunIdentity, load_run, run_fingerprint
from models.engine import PolicyRunner, policy_of
from models.engines import Choice
from models.policy_graph import POLICY_GRAPH_NAME
from recorder.screen import Frame
from tests.factories import capture_facts
from tests.fakes import FakeClock, FakeKeys, FakeWindow
from tests.toy_play import ToyEyes, ToyGame, toy_picture, toy_run


class ToyScreen:
    """Shows the toy game as a person played it."""

    def __init__(self, clock: FakeClock, seed: int) -> None:
        self._clock = clock
        self._sights = iter(ToyGame(seed, 400).sights())

    def grab(self) -> Frame:
        return Frame(toy_picture(next(self._sights)), self._clock.now_ns(), None)

    def close(self) -> None:
        pass


def toy_runner() -> PolicyRunner:
    """The toy policy with the eyes that read toy pictures."""
    report, _, _ = toy_run()
    run = load_run(report.out, kind="policy")
    policy, offsets = policy_of(run)
    identity = RunIdentity(report.out, run_fingerprint(run), "test", "onnx")
    return PolicyRunner(
        run.profile,
        policy,
        offsets,
        ToyEyes(),
        identity=identity,
        choice=Choice("onnx", "cpu"),
        cache=report.out / POLICY_GRAPH_NAME,
    )


def toy_flight(
    path: Path,
    *,
    seconds: float = 3.0,
    decision: DecisionSettings | None = None,
    human: Iterable[KeyEvent] = (),
    plan: Callable[[FakeClock, FakeWindow], None] = lambda clock, window: None,
) -> Path:
    """Play the toy game, and write a flight log."""
    runner, clock, window = toy_runner(), FakeClock(), FakeWindow()
    plan(clock, window)
    settings = PlaySettings(
        seconds=seconds,
        decision=decision or DecisionSettings(),
        seed=3,
        log_inline=True,
    )
    with RecordingWriter(
        path,
        profile=runner.profile,
        facts=capture_facts(),
        head_probabilities=True,
        attributes=flight_attributes(runner, settings.decision, seed=settings.seed),
    ) as writer:
        play(
            runner=runner,
            screen=ToyScreen(clock, 5),
            sink=DryRunSink(),
            window=window,
            human=FakeKeys(clock, human),
            clock=clock,
            settings=settings,
            log=writer,
            stop=lambda: False,
        )
    return path

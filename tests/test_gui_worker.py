import logging
import os
import signal
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from gui.jobs.line import Ended, How, Line, Progress
from gui.studio import Studio
from gui.worker import Worker
from tests import jobs
from tests.fakes import PATIENCE_S

PATIENCE_MS = round(1000 * PATIENCE_S)


class Told:
    """A worker, and all that it told."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.messages: list[object] = []
        self.endings: list[Ended] = []
        worker.told.connect(self.messages.append)
        worker.ended.connect(self.endings.append)
        worker.start()


@pytest.fixture
def begin(studio: Studio) -> Callable[..., Told]:
    return lambda job, request=None: Told(studio.worker(job, request))


def end_of(told: Told, qtbot: QtBot) -> Ended:
    qtbot.waitUntil(lambda: bool(told.endings), timeout=PATIENCE_MS)
    assert not told.worker.running
    return told.endings[0]


def test_messages_come_in_order_and_the_result_last(begin, qtbot):
    told = begin(jobs.count, 50)
    ended = end_of(told, qtbot)
    assert told.messages == [Progress(f"number {n}", n / 50) for n in range(50)]
    assert ended == Ended(How.DONE, result="counted")


def log_a_lot(request: None, line: Line) -> None:
    """Log as an export of a detector does."""
    for name in ("onnx_ir.passes.common", "onnxscript.optimizer"):
        logging.getLogger(name).info("a detail of %s", name)
        logging.getLogger(name).warning("a trap in %s", name)
    logging.getLogger("models").info("ours")


def test_what_libraries_do_in_detail_does_not_drown_the_log(begin, qtbot, studio):
    end_of(begin(log_a_lot), qtbot)
    text = studio.log_file.read_text()
    assert "a detail" not in text
    assert text.count("a trap") == 2
    assert "ours" in text


def test_of_pictures_only_the_newest_is_told_while_the_window_is_busy(begin, qtbot):
    told = begin(jobs.pictures, 200)
    while told.worker._process.is_alive():  # the window does nothing else meanwhile
        pass
    end_of(told, qtbot)
    assert [m for m in told.messages if isinstance(m, jobs.Picture)] == [jobs.Picture(199)]
    assert told.messages[-1] == "all shown"


def test_a_job_hears_the_window_and_ends_when_asked(begin, qtbot):
    told = begin(jobs.echo_until_stopped)
    told.worker.say("hello")
    qtbot.waitUntil(lambda: "hello" in told.messages, timeout=PATIENCE_MS)
    told.worker.stop()
    assert end_of(told, qtbot) == Ended(How.STOPPED, result=["hello"])


def test_a_refusal_is_its_sentence(begin, qtbot):
    told = begin(jobs.refuse, "no such window. Open the game.")
    assert end_of(told, qtbot) == Ended(How.FAILED, "no such window. Open the game.")


def test_a_fault_is_told_in_a_line_and_logged_whole(begin, qtbot, studio):
    ended = end_of(begin(jobs.break_down), qtbot)
    assert ended.how is How.FAILED
    assert "ZeroDivisionError: a slip" in ended.sentence
    assert "Traceback" not in ended.sentence
    assert "Traceback" in studio.log_file.read_text()


@pytest.mark.parametrize("killed", [False, True])
def test_a_process_that_dies_is_told(begin, qtbot, killed):
    told = begin(jobs.never_end if killed else jobs.die)
    if killed:
        qtbot.waitUntil(lambda: "ready" in told.messages, timeout=PATIENCE_MS)
        os.kill(told.worker.process_id, signal.SIGKILL)
    ended = end_of(told, qtbot)
    assert ended.how is How.DIED
    assert ("signal 9" if killed else "status 7") in ended.sentence


def test_one_that_does_not_end_is_ended_by_force(begin, qtbot):
    told = begin(jobs.never_end)
    qtbot.waitUntil(lambda: "ready" in told.messages, timeout=PATIENCE_MS)
    told.worker.stop(patience_s=0.1)
    ended = end_of(told, qtbot)
    assert ended.how is How.STOPPED
    assert "by force" in ended.sentence

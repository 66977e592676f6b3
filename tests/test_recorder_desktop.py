import threading
from contextlib import closing, suppress

from Xlib.error import ConnectionClosedError

from data.errors import DisplayError
from data.reader import Recording
from recorder.desktop import RecordOptions, WindowChoice, record_desktop
from recorder.display import VirtualScreen
from recorder.parts import Parts
from recorder.screen import MssScreen
from recorder.status import Ending, RecordStatus, State
from recorder.window import Rect
from tests.factories import altered_profile
from tests.x11 import Desk

OPTIONS = RecordOptions(window=WindowChoice(wait_s=10), seconds=60)


def test_a_display_that_dies_leaves_a_whole_recording(tmp_path, virtual_screen):
    """What is noticed first differs: the dead screen, or the window that went with it."""
    profile, recording = altered_profile(title="Tiny Game"), threading.Event()
    with VirtualScreen(640, 480) as screen, screen.active():
        desk = Desk()
        desk.window("Tiny Game", size=(480, 270))

        def pull_the_plug() -> None:
            recording.wait()
            screen.close()

        thread = threading.Thread(target=pull_the_plug)
        thread.start()
        endings = []
        with suppress(DisplayError):
            done = record_desktop(
                profile,
                Parts(tmp_path / "game.h5"),
                rate_hz=30,
                stop=lambda: False,
                options=OPTIONS,
                on_status=lambda status: recording.set() if status.frames >= 5 else None,
            )
            endings.append(done.report.ending)
        thread.join()
        with suppress(ConnectionClosedError):
            desk.close()
    assert endings in ([], [Ending.DISPLAY_GONE])
    with Recording(tmp_path / "game.h5") as found:
        assert found.complete
        assert found.frame_count >= 5


def test_a_recording_can_be_steered_by_others_than_the_hot_keys(tmp_path, virtual_screen, desk):
    profile, given = altered_profile(title="Tiny Game"), []
    desk.window("Tiny Game")

    def steer(status: RecordStatus) -> None:
        (controls,) = given
        if status.state is State.PAUSED:
            controls.stop()
        elif status.frames >= 5:
            controls.pause()

    done = record_desktop(
        profile,
        Parts(tmp_path / "game.h5"),
        rate_hz=30,
        stop=lambda: False,
        options=OPTIONS,
        on_status=steer,
        on_controls=given.append,
    )
    assert done.report.ending is Ending.STOPPED
    assert [wait.why for wait in done.report.waits] == [State.PAUSED]


def test_a_dead_screen_is_refused_and_can_be_closed(virtual_screen):
    """In this process: mss frees twice what is closed twice, and that ends the test run."""
    with VirtualScreen(640, 480) as screen, screen.active():
        grabber = MssScreen(Rect(0, 0, 100, 100))
        with closing(grabber):
            grabber.grab()
            screen.close()
            with suppress(DisplayError):
                grabber.grab()
        grabber.close()

from pathlib import Path

import av
import numpy as np
import pytest

from data.errors import OutputExistsError, RecordingError
from data.export.film import TICKS_HZ, export_mp4, film_ticks, with_keys
from data.keys import By, KeyEvent, held_by
from data.reader import Recording
from data.schema import SpanKind
from data.writer import RecordingWriter
from tests.factories import TICK_NS, capture_facts, picture, practice_profile, write_recording


def shown_times_s(film: Path) -> list[float]:
    with av.open(str(film)) as container:
        return [float(frame.time) for frame in container.decode(container.streams.video[0])]


def test_a_film_has_every_frame_at_the_recorded_rate(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=25, keys=[KeyEvent(TICK_NS, "d", True)])
    film = export_mp4(path, tmp_path / "a.mp4").path
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 20
    assert len(shown_times_s(film)) == 25
    with pytest.raises(OutputExistsError):
        export_mp4(path, film)


def write_frames_at(
    path: Path, times_ms: list[float], *, spans: list[tuple[SpanKind, float, float]] = ()
) -> Path:
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index, at_ms in enumerate(times_ms):
            writer.append_frame(picture(index), round(at_ms * 1e6))
        for kind, start_ms, end_ms in spans:
            writer.append_span(kind, round(start_ms * 1e6), round(end_ms * 1e6))
    return path


def test_a_film_shows_each_frame_at_its_own_time(tmp_path: Path):
    times_ms = [1000, 1050, 1110, 1150, 1450, 1500]  # late by 10 ms, then a hole
    path = write_frames_at(tmp_path / "a.h5", times_ms)
    film = export_mp4(path, tmp_path / "a.mp4").path
    expected = [(at - 1000) / 1000 for at in times_ms]
    assert shown_times_s(film) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("kind", [SpanKind.PAUSED, SpanKind.FOCUS_LOST, SpanKind.DISCARDED])
def test_a_film_leaves_pauses_and_discarded_stretches_out(tmp_path: Path, kind: SpanKind):
    path = write_frames_at(
        tmp_path / "a.h5", [0, 50, 100, 150, 30_200, 30_250], spans=[(kind, 90, 30_180)]
    )
    written = export_mp4(path, tmp_path / "a.mp4")
    assert (written.frames, written.episodes) == (4, 2)  # those at 100 and 150 ms lie inside
    assert shown_times_s(written.path) == pytest.approx([0, 0.05, 0.1, 0.15], abs=1e-4)


def test_a_clock_that_stepped_backwards_still_makes_a_film(tmp_path: Path):
    path = write_frames_at(tmp_path / "a.h5", [0, 50, 100, 20, 150])
    with Recording(path) as recording:
        ticks = film_ticks(recording, np.arange(5))
    assert (np.diff(ticks) > 0).all()
    assert ticks[4] == 0.150 * TICKS_HZ


def test_a_recording_without_frames_is_no_film(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=0)
    with pytest.raises(RecordingError, match="no frame"):
        export_mp4(path, tmp_path / "a.mp4")
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_zoom_enlarges_the_picture_and_not_the_strip(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=2)
    heights = []
    for zoom in (1, 2):
        film = export_mp4(path, tmp_path / f"{zoom}.mp4", zoom=zoom).path
        with av.open(str(film)) as container:
            heights.append(container.streams.video[0].height)
    assert heights[1] - heights[0] == 270


def test_a_held_key_is_lit():
    profile = practice_profile()
    held = np.zeros(len(profile.keys), dtype=np.bool_)
    dark = with_keys(picture(0), held, profile, zoom=2)
    held[profile.keys.index("d")] = True
    lit = with_keys(picture(0), held, profile, zoom=2)
    assert (dark[:540] == lit[:540]).all()
    assert lit[540:].astype(int).sum() > dark[540:].astype(int).sum() + 10_000


def test_a_person_and_the_agent_light_a_key_in_different_colours():
    profile = practice_profile()
    by = np.zeros(len(profile.keys), dtype=np.uint8)
    strips = []
    for who in (1, 2):
        by[profile.keys.index("d")] = who
        strips.append(with_keys(picture(0), by, profile, zoom=2)[540:].reshape(-1, 3).mean(axis=0))
    person, agent = strips
    assert person[2] > agent[2]  # a person's is yellow, the agent's blue
    assert agent[0] > person[0]


def test_whoever_pressed_a_key_last_holds_it():
    events = [
        KeyEvent(10, "d", True, By.AGENT),
        KeyEvent(30, "d", False, By.AGENT),
        KeyEvent(50, "d", True, By.HUMAN),
        KeyEvent(55, "s", True, By.AGENT),
    ]
    found = held_by(events, ("a", "d", "s"), np.array([0, 20, 40, 60]))
    assert found.tolist() == [[0, 0, 0], [0, 2, 0], [0, 0, 0], [0, 1, 2]]

from pathlib import Path

import av
import numpy as np
import pytest

from data.errors import OutputExistsError
from data.export import export_mp4, with_keys
from data.keys import KeyEvent
from tests.factories import TICK_NS, picture, practice_profile, write_recording


def test_a_film_has_every_frame_at_the_recorded_rate(tmp_path: Path):
    path = write_recording(tmp_path / "a.h5", frames=25, keys=[KeyEvent(TICK_NS, "d", True)])
    film = export_mp4(path, tmp_path / "a.mp4")
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 20
        assert sum(1 for _ in container.decode(stream)) == 25
    with pytest.raises(OutputExistsError):
        export_mp4(path, film)


def test_a_held_key_is_lit():
    profile = practice_profile()
    held = np.zeros(len(profile.keys), dtype=np.bool_)
    dark = with_keys(picture(0), held, profile, zoom=2)
    held[profile.keys.index("d")] = True
    lit = with_keys(picture(0), held, profile, zoom=2)
    assert (dark[:540] == lit[:540]).all()
    assert lit[540:].astype(int).sum() > dark[540:].astype(int).sum() + 10_000

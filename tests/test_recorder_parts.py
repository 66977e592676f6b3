import pytest

from data.errors import OutputExistsError, RecordingError
from data.writer import RecordingWriter
from recorder.parts import Parts, begin, leftovers, resume
from tests.factories import altered_profile, capture_facts, picture, practice_profile


def record_part(part, profile=None):
    with RecordingWriter(
        part.path,
        profile=profile or practice_profile(),
        facts=capture_facts(30),
        attributes=part.attributes,
    ) as writer:
        writer.append_frame(picture(0), 0)
    return part


def test_the_files_of_a_session_are_numbered_and_none_is_named_twice(tmp_path):
    (tmp_path / "game-2.h5").write_bytes(b"precious")
    (tmp_path / "game-3.h5.part").write_bytes(b"precious")
    parts = Parts(tmp_path / "game.h5")
    found = [parts.take() for _ in range(3)]
    assert [(part.path.name, part.index) for part in found] == [
        ("game.h5", 1),
        ("game-4.h5", 4),
        ("game-5.h5", 5),
    ]
    assert len({part.session for part in found}) == 1
    assert Parts(tmp_path / "game.h5").take().session != found[0].session


def test_a_recording_that_exists_is_refused_before_anything_begins(tmp_path):
    (tmp_path / "game.h5").write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match="--force"):
        begin(tmp_path / "game.h5", force=False)
    part = begin(tmp_path / "game.h5", force=True).take()
    assert part.force


@pytest.mark.parametrize("force", [False, True])
def test_a_leftover_is_named_with_its_cure_and_never_overwritten(tmp_path, force):
    (tmp_path / "game.h5.part").write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match=r"understudy repair .*game\.h5\.part"):
        begin(tmp_path / "game.h5", force=force)


def test_a_resumed_session_goes_on_with_profile_rate_and_number(tmp_path):
    mine = altered_profile(description="mine")
    first = record_part(begin(tmp_path / "game.h5", force=False).take(), mine)
    resumed = resume(tmp_path / "game.h5")
    assert resumed.profile == mine
    assert resumed.rate_hz == 30
    second = record_part(resumed.parts.take())
    assert (second.path.name, second.index) == ("game-2.h5", 2)
    assert second.session == first.session
    third = resume(tmp_path / "game-2.h5").parts.take()
    assert (third.path.name, third.index, third.session) == ("game-3.h5", 3, first.session)


def test_a_session_that_was_cut_short_can_be_resumed(tmp_path):
    path = tmp_path / "game.h5"
    part = begin(path, force=False).take()
    writer = RecordingWriter(
        path, profile=practice_profile(), facts=capture_facts(), attributes=part.attributes
    )
    writer.flush()
    leftover = (tmp_path / "game.h5.part").read_bytes()
    writer.abandon()
    (tmp_path / "game.h5.part").write_bytes(leftover)
    (tmp_path / "other.h5.part").touch()
    assert resume(path).parts.take().session == part.session
    assert leftovers(path) == [tmp_path / "game.h5.part"]


def test_nothing_to_resume_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="--resume"):
        resume(tmp_path / "gone.h5")


def test_a_recording_that_knows_of_no_session_can_be_resumed(tmp_path):
    with RecordingWriter(
        tmp_path / "old.h5", profile=practice_profile(), facts=capture_facts()
    ) as writer:
        writer.append_frame(picture(0), 0)
    part = resume(tmp_path / "old.h5").parts.take()
    assert (part.path.name, part.index) == ("old-2.h5", 2)
    assert part.session

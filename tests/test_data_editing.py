import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest

from data.boxes import Box, BoxOrigin
from data.editing import BORDER_NS, merge, trim
from data.errors import OutputExistsError, RecordingError, UnderstudyError
from data.frames import encode_jpeg
from data.inspection.summary import summarise
from data.keys import By, KeyEvent
from data.profile import GameProfile
from data.reader import Recording
from data.schema import CaptureFacts, Span, SpanKind
from data.writer import RecordingWriter, TickRow
from tests.conftest import Run
from tests.factories import TICK_NS, altered_profile, capture_facts, picture, practice_profile

JPEGS = [encode_jpeg(picture(index), 90) for index in range(16)]
S = 1_000_000_000


def write(
    path: Path,
    *,
    frames: int = 200,
    keys: Iterable[KeyEvent] = (),
    spans: Sequence[Span] = (),
    start_ns: int = 0,
    profile: GameProfile | None = None,
    facts: CaptureFacts | None = None,
    flight_log: bool = False,
    attributes: dict[str, object] | None = None,
) -> Path:
    """Write play at 20 Hz; each picture says in its comment which frame it is, and has a box."""
    with RecordingWriter(
        path,
        profile=profile or practice_profile(),
        facts=facts or capture_facts(),
        head_probabilities=flight_log,
        attributes=attributes,
    ) as writer:
        for index in range(frames):
            at_ns = start_ns + index * TICK_NS
            writer.append_jpeg(numbered(index), at_ns)
            writer.append_boxes(index, [Box("ball", index + 1, 2, 2000, 9, BoxOrigin.TRUTH)])
            if flight_log:
                row = np.full(16, index, np.float32)
                writer.append_tick(TickRow(at_ns + 7, index, row, (1, 2, 3, 4, index)))
        writer.append_keys(keys)
        for span in spans:
            writer.append_span(span.kind, span.start_ns, span.end_ns)
        writer.set_counter("late_ticks", 3)
    return path


def numbered(index: int) -> np.ndarray:
    """A JPEG picture with its frame's number in a comment (ITU T.81, marker COM)."""
    jpeg, number = JPEGS[index % 16], f"{index:06}".encode()
    comment = np.frombuffer(b"\xff\xfe\x00\x08" + number, np.uint8)
    return np.concatenate([jpeg[:2], comment, jpeg[2:]])


def numbers(recording: Recording) -> list[int]:
    """Which frames of the source these are."""
    return [int(recording.jpeg(i)[6:12].tobytes()) for i in range(recording.frame_count)]


def lively(seconds: float, start_ns: int = 0) -> list[KeyEvent]:
    """Holds, taps shorter than a frame, and two keys at a time, at no even moments."""
    chance = np.random.default_rng(3)
    events = []
    for key in ("right", "up", "e", "d"):
        at_ns = start_ns
        while at_ns < start_ns + seconds * S:
            at_ns += int(chance.integers(20_000_000, 900_000_000))
            events.append(KeyEvent(at_ns, key, True, By(int(chance.integers(2)))))
            at_ns += int(chance.choice([7_000_000, 30_000_000, 400_000_000]))
            events.append(KeyEvent(at_ns, key, False, events[-1].by))
    return sorted(events, key=lambda event: event.at_ns)


def assert_same_labels(copy: Recording, source: Recording, kept: list[int], first: int) -> None:
    """Compare the labels of a copy's frames from `first` on with those of their sources."""
    for head, labels in source.labels().items():
        found = copy.labels()[head][first : first + len(kept)]
        assert found.tolist() == labels[kept].tolist(), head


@pytest.mark.parametrize("offset_ns", [0, 1, 12_345_678, 49_999_999])
def test_a_trimmed_copy_has_the_chosen_frames_with_the_same_labels(tmp_path: Path, offset_ns: int):
    path = write(tmp_path / "a.h5", start_ns=5 * S, keys=lively(10, start_ns=5 * S + offset_ns))
    done = trim(path, tmp_path / "b.h5", from_s=2.01, to_s=9, cuts=[(4, 5.5), (7, 7.2)])
    kept = [i for i in range(41, 180) if not (80 <= i < 110 or 140 <= i < 144)]
    assert (done.frames, done.left_out) == (len(kept), 200 - len(kept))
    with Recording(path) as source, Recording(tmp_path / "b.h5") as copy:
        assert numbers(copy) == kept
        assert copy.times_ns.tolist() == source.times_ns[kept].tolist()
        assert_same_labels(copy, source, kept, 0)
        assert [labelled.boxes[0].x1 - 1 for labelled in copy.boxes()] == kept
        assert {labelled.boxes[0].origin for labelled in copy.boxes()} == {BoxOrigin.TRUTH}
        ends = [n for n, i in enumerate(kept) if i + 1 not in kept]
        assert [stop - 1 for _, stop in copy.segments()] == ends


def test_keys_held_at_a_cut_are_released_there_and_pressed_again(tmp_path: Path):
    keys = [KeyEvent(S, "right", True, By.AGENT), KeyEvent(9 * S, "right", False, By.AGENT)]
    path = write(tmp_path / "a.h5", keys=keys)
    trim(path, tmp_path / "b.h5", from_s=2, to_s=8, cuts=[(4, 6)])
    with Recording(tmp_path / "b.h5") as copy:
        assert copy.key_events() == [
            KeyEvent(at_s * S, "right", down, By.AGENT)
            for at_s, down in ((2, True), (4, False), (6, True), (8, False))
        ]


def test_a_tap_just_before_the_first_frame_counts_there_and_only_there(tmp_path: Path):
    keys = [KeyEvent(2 * S - 30_000_000, "d", True), KeyEvent(2 * S - 10_000_000, "d", False)]
    path = write(tmp_path / "a.h5", keys=keys)
    trim(path, tmp_path / "b.h5", from_s=2)
    with Recording(path) as source, Recording(tmp_path / "b.h5") as copy:
        shoot = practice_profile().head("action").names.index("shoot")
        assert copy.labels()["action"][:2].tolist() == [shoot, 0]
        assert_same_labels(copy, source, list(range(40, 200)), 0)


def test_a_cut_out_stretch_is_a_discarded_span_and_no_dropped_frames(tmp_path: Path):
    trim(write(tmp_path / "a.h5"), tmp_path / "b.h5", cuts=[(4, 5), (4.5, 6)])
    with Recording(tmp_path / "b.h5") as copy:
        assert copy.frame_count == 160
        assert [span.kind for span in copy.spans()] == [SpanKind.DISCARDED]
        assert copy.segments() == [(0, 80), (80, 160)]
    assert summarise(tmp_path / "b.h5").dropped == 0


def test_spans_are_cut_where_the_copy_is(tmp_path: Path):
    spans = [
        Span(SpanKind.TAKEOVER, 1 * S, 5 * S),
        Span(SpanKind.MOVED, 6 * S, 6 * S),
        Span(SpanKind.RESIZED, 9 * S, 9 * S + 5),
    ]
    trim(write(tmp_path / "a.h5", spans=spans), tmp_path / "b.h5", from_s=2, to_s=8)
    with Recording(tmp_path / "b.h5") as copy:
        assert copy.spans() == [Span(SpanKind.TAKEOVER, 2 * S, 5 * S), spans[1]]
        assert copy.counters == {"dropped": 0, "late_ticks": 0, "takeovers": 1}


def test_a_trimmed_flight_log_keeps_the_decisions_of_its_frames(tmp_path: Path):
    path = write(tmp_path / "a.h5", flight_log=True)
    trim(path, tmp_path / "b.h5", from_s=1, to_s=3)
    with Recording(tmp_path / "b.h5") as copy:
        assert copy.tick_frames().tolist() == list(range(40))
        assert copy.probabilities()[:, 0].tolist() == list(range(20, 60))
        assert copy.latencies()[:, 4].tolist() == list(range(20, 60))
        assert copy.tick_times_ns()[0] == S + 7


def test_a_copy_keeps_what_is_known_of_its_source_and_says_what_was_done(tmp_path: Path):
    facts = CaptureFacts(1, 2, 960, 540, 2.0, "mss", 20.0, "Football")
    about = {"session": "abc", "started_at": "then"}
    profile = altered_profile(description="mine")
    path = write(tmp_path / "a.h5", facts=facts, attributes=about, profile=profile)
    trim(path, tmp_path / "b.h5", from_s=1)
    trim(tmp_path / "b.h5", tmp_path / "c.h5", to_s=5, cuts=[(2, 3)])
    with Recording(tmp_path / "c.h5") as copy:
        assert copy.facts == facts
        assert copy.profile == profile
        assert copy.complete
        assert copy.attributes["session"] == "abc"
        assert copy.attributes["started_at"] == "then"
        assert json.loads(copy.attributes["edited"]) == copy.history
        first, second = copy.history
    assert (first["did"], first["source"], first["from_s"]) == ("trim", "a.h5", 1)
    assert (second["source"], second["to_s"], second["cut_s"]) == ("b.h5", 5, [[2, 3]])


def test_cutting_nothing_away_changes_nothing(tmp_path: Path):
    path = write(tmp_path / "a.h5", keys=[*lively(9), KeyEvent(10 * S, "s", True)])
    done = trim(path, tmp_path / "b.h5", to_s=600)
    assert done.left_out == 0
    with Recording(path) as source, Recording(tmp_path / "b.h5") as copy:
        assert copy.key_events() == source.key_events()
        assert copy.times_ns.tolist() == source.times_ns.tolist()


def test_a_trim_that_leaves_nothing_or_harms_its_source_is_refused(tmp_path: Path):
    path = write(tmp_path / "a.h5", frames=20)
    before = path.read_bytes()
    with pytest.raises(RecordingError, match=r"between 0:00 and 0:01"):
        trim(path, tmp_path / "b.h5", from_s=30)
    with pytest.raises(UnderstudyError, match="would overwrite"):
        trim(path, path, from_s=0.5, force=True)
    leftover = tmp_path / "c.h5.part"
    leftover.write_bytes(before)
    with pytest.raises(UnderstudyError, match="would overwrite"):
        trim(leftover, tmp_path / "c.h5", from_s=0.5, force=True)
    (tmp_path / "b.h5").write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        trim(path, tmp_path / "b.h5", from_s=0.5)
    assert path.read_bytes() == leftover.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 3


def test_a_recording_without_a_frame_is_neither_trimmed_nor_merged(tmp_path: Path):
    empty = write(tmp_path / "empty.h5", frames=0)
    with pytest.raises(RecordingError, match=r"empty\.h5 holds no frame"):
        trim(empty, tmp_path / "b.h5", from_s=0.5)
    with pytest.raises(RecordingError, match=r"empty\.h5 holds no frame"):
        merge([empty, write(tmp_path / "a.h5", frames=5)], tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()


def test_what_was_cut_short_is_not_overwritten_by_force(tmp_path: Path):
    path = write(tmp_path / "a.h5", frames=20)
    leftover = tmp_path / "me.h5.part"
    leftover.write_bytes(path.read_bytes())
    for edit in (
        lambda out: trim(path, out, to_s=0.5, force=True),
        lambda out: merge([path], out, force=True),
    ):
        with pytest.raises(OutputExistsError, match=f"understudy repair {leftover}"):
            edit(tmp_path / "me.h5")
    assert leftover.read_bytes() == path.read_bytes()
    assert not (tmp_path / "me.h5").exists()


def test_what_a_killed_edit_left_goes_when_it_is_made_anew_by_force(tmp_path: Path):
    path = write(tmp_path / "a.h5", frames=20)
    trim(path, tmp_path / "b.h5", to_s=0.3)
    leftover = tmp_path / "b.h5.part"
    (tmp_path / "b.h5").rename(leftover)
    with pytest.raises(OutputExistsError, match="understudy repair"):
        trim(path, tmp_path / "b.h5", to_s=0.5)
    done = trim(path, tmp_path / "b.h5", to_s=0.5, force=True)
    assert done.frames == 10
    assert not leftover.exists()


def test_a_stopped_edit_leaves_nothing(tmp_path: Path):
    path = write(tmp_path / "a.h5")
    asked = iter([False] * 150 + [True])
    with pytest.raises(UnderstudyError, match="stopped after 150 of 180"):
        trim(path, tmp_path / "b.h5", from_s=1, stop=lambda: next(asked))
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


def test_an_edit_that_can_not_be_written_leaves_nothing_and_says_why(tmp_path: Path):
    write(tmp_path / "a.h5", frames=1900)
    command = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (6_000_000, 6_000_000)); "
        "import understudy; sys.argv = ['understudy', *sys.argv[1:]]; understudy.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, "trim", "a.h5", "--from", "1", "--out", "b.h5"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(Path.cwd())}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("understudy: b.h5: can't be written: it has reached")
    assert done.stderr.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5"]


@pytest.mark.parametrize("offset_ns", [0, 12_345_678, 49_999_999])
def test_merged_recordings_follow_one_another_with_the_same_labels(tmp_path: Path, offset_ns: int):
    a_ns, b_ns = 700 * S, 3 * S  # the machine was started anew in between
    keys = [*lively(10, start_ns=a_ns), KeyEvent(a_ns + 11 * S, "s", True)]
    first = write(tmp_path / "a.h5", start_ns=a_ns, keys=keys)
    taps = lively(6, start_ns=b_ns - 3 * S + offset_ns)
    second = write(tmp_path / "b.h5", frames=100, start_ns=b_ns, keys=taps)
    done = merge([first, second, first], tmp_path / "c.h5")
    assert (done.frames, done.left_out) == (500, 0)
    with (
        Recording(first) as a,
        Recording(second) as b,
        Recording(tmp_path / "c.h5") as whole,
    ):
        assert numbers(whole) == [*range(200), *range(100), *range(200)]
        assert (np.diff(whole.times_ns) > 0).all()
        assert whole.times_ns[200] - whole.times_ns[199] >= BORDER_NS
        assert whole.segments() == [(0, 200), (200, 300), (300, 500)]
        assert [span.kind for span in whole.spans()] == [SpanKind.PAUSED] * 2
        assert_same_labels(whole, a, list(range(200)), 0)
        assert_same_labels(whole, b, list(range(100)), 200)
        assert_same_labels(whole, a, list(range(200)), 300)
        pause = whole.spans()[0]
        held = {
            event.key: event.down for event in whole.key_events() if event.at_ns <= pause.start_ns
        }
        assert not any(held.values())
        assert [labelled.frame for labelled in whole.boxes()] == list(range(500))
        assert whole.counters["late_ticks"] == 9
        assert whole.history[-1] == {"did": "merge", "sources": ["a.h5", "b.h5", "a.h5"]}
    assert summarise(tmp_path / "c.h5").dropped == 0


def test_recordings_that_do_not_fit_are_not_merged(tmp_path: Path):
    path = write(tmp_path / "a.h5", frames=5)
    small = altered_profile(capture={"width_px": 240, "height_px": 136})
    heads = altered_profile(heads=practice_profile().heads[:1], mirror=None)
    others = {
        "another rate": write(tmp_path / "rate.h5", frames=5, facts=capture_facts(30.0)),
        "another picture size": write(tmp_path / "size.h5", frames=5, profile=small),
        "other heads": write(tmp_path / "heads.h5", frames=5, profile=heads),
        "flight log": write(tmp_path / "log.h5", frames=5, flight_log=True),
        "no frame": write(tmp_path / "empty.h5", frames=0),
    }
    for words, other in others.items():
        with pytest.raises(RecordingError, match=f"{other.name} .*{words}"):
            merge([path, other], tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_trim_and_merge_print_one_object(run: Run, tmp_path: Path):
    write(tmp_path / "a.h5")
    status, said, _ = run(
        "trim", "a.h5", "--from", "0:02", "--to", "8", "--cut", "3-0:04", "--cut", "5-6",
        "--out", "b.h5", "--json",
    )  # fmt: skip
    assert status == 0
    found = json.loads(said)
    assert (found["path"], found["frames"], found["left_out"]) == ("b.h5", 80, 120)
    assert found["seconds"] == pytest.approx(4)
    status, said, _ = run("merge", "a.h5", "b.h5", "--out", "c.h5", "--json")
    assert (status, json.loads(said)["frames"]) == (0, 280)
    assert "trimmed from a.h5; merged from a.h5, b.h5" in run("inspect", "c.h5")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("trim", "a.h5", "--out", "b.h5"),
        ("trim", "a.h5", "--from", "soon", "--out", "b.h5"),
        ("trim", "a.h5", "--cut", "5-3", "--out", "b.h5"),
        ("merge", "a.h5", "--out", "b.h5"),
    ],
)
def test_wrong_moments_are_wrong_usage(run: Run, tmp_path: Path, words: tuple[str, ...]):
    write(tmp_path / "a.h5", frames=20)
    assert run(*words)[0] == 2
    assert not (tmp_path / "b.h5").exists()


def leftover(path: Path) -> Path:
    """Make a finished recording what a dead recorder leaves, the last picture half written."""
    with h5py.File(path, "r+") as file:
        file.attrs["complete"] = 0
        file["frames/bytes"].resize(int(file["frames/end"][-1]) - 5, axis=0)
    return path.rename(path.with_name(path.name + ".part"))


def test_repair_closes_several_and_says_what_was_kept(run: Run, tmp_path: Path):
    for name in ("a.h5", "b.h5"):
        leftover(write(tmp_path / name, frames=41))
    status, said, complained = run("repair", "a.h5.part", "gone.h5.part", "b.h5.part", "--json")
    assert status == 1
    assert complained.startswith("understudy: gone.h5.part: no such file")
    told = json.loads(said)["repaired"]
    assert [one["file"] for one in told] == ["a.h5", "b.h5"]
    assert (told[0]["frames"], told[0]["lost_frames"]) == (40, 1)
    assert told[0]["seconds"] == pytest.approx(2.0)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.h5", "b.h5"]


def test_a_renamed_leftover_is_repaired_in_place_and_a_complete_file_left_alone(
    run: Run, tmp_path: Path
):
    leftover(write(tmp_path / "a.h5", frames=41)).rename(tmp_path / "b.h5")
    status, said, _ = run("repair", "b.h5")
    assert status == 0
    assert "b.h5: 40 frames, 2.0 s of play; 1 without pictures lost" in said
    before = (tmp_path / "b.h5").read_bytes()
    status, _, complained = run("repair", "b.h5")
    assert (status, "nothing to repair" in complained) == (1, True)
    assert (tmp_path / "b.h5").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["b.h5"]

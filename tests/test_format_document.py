"""Reads recordings with h5py alone, by what docs/format.md says, and compares with our reader."""

import json
import re
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from data.keys import By, KeyEvent
from data.reader import Recording
from data.schema import SpanKind
from gui.practice.demonstration import record_coach
from tests.docs_check import ROOT
from tests.factories import TICK_NS, capture_facts
from tests.flights import toy_flight
from tests.recorded_play import S, held, write_play

DOCUMENT = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
SHIFT_NS = 150_000_000


@pytest.fixture(scope="module")
def coached(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("format") / "coach.h5"
    record_coach(out, difficulty="beginner", seconds=6.0, seed=1)
    return out


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    taken = [KeyEvent(S, "left", True, By.HUMAN), KeyEvent(S + S // 3, "left", False, By.HUMAN)]
    return toy_flight(tmp_path_factory.mktemp("format") / "flight.h5", human=taken)


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taps shorter than a picture, a hole, and spans of every kind."""
    times = [i * TICK_NS for i in range(200) if not 60 <= i < 70]
    keys = held("right", 0.26, 0.27, 1.0, 1.6) + held("up", 1.2, 1.9) + held("d", 2.01, 2.03)
    spans = [(kind, 4.0 + 0.5 * kind, 4.12 + 0.5 * kind) for kind in SpanKind]
    out = tmp_path_factory.mktemp("format") / "broken.h5"
    return write_play(out, times=times, keys=keys, spans=spans, facts=capture_facts())


def rows_of(part: str) -> list[list[str]]:
    """The cells of a chapter's tables, without the heads of the tables."""
    chapter = DOCUMENT.split(f"\n## {part}\n")[1].split("\n## ")[0]
    lines = [line for line in chapter.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[1] and row[0] not in ("attribute", "dataset", "---")]


def datasets_of(part: str) -> dict[str, tuple[str, int]]:
    """Type and number of dimensions of the datasets that a chapter names."""
    found = {}
    for name, kind, shape, *_ in rows_of(part):
        if name.startswith("`"):
            found[name.strip("`")] = (kind, shape.count(",") + 1)
    return found


def test_the_document_names_every_dataset_and_its_type(coached: Path, flight: Path):
    plain, more = datasets_of("Datasets"), datasets_of("Flight logs")
    for path, wanted in ((coached, plain), (flight, plain | more)):
        found: dict[str, tuple[str, int]] = {}

        def note(name: str, each: object, found: dict[str, tuple[str, int]] = found) -> None:
            if isinstance(each, h5py.Dataset):
                found[name] = (str(each.dtype), each.ndim)

        with h5py.File(path, "r") as file:
            file.visititems(note)
        assert found == wanted


def test_the_document_names_every_attribute_and_its_type(coached: Path, flight: Path):
    named: dict[str, str] = {}
    always: set[str] = set()
    for cell, kind, *_ in rows_of("Attributes of the file"):
        for name in re.findall(r"`(\w+)`", cell):
            named[name] = kind
    for name in named:
        if name == "session":
            break
        always.add(name)
    for path in (coached, flight):
        with h5py.File(path, "r") as file:
            assert always <= set(file.attrs) <= set(named)
            for name in file.attrs:
                value = np.asarray(file.attrs[name])
                assert str(value.dtype) == named[name] or "text" in named[name], name
                assert (value.ndim == 1) == (named[name] == "texts"), name


@pytest.mark.parametrize("which", ["coached", "flight", "broken"])
def test_a_reader_made_from_the_document_reads_what_ours_does(
    which: str, request: pytest.FixtureRequest
):
    path = request.getfixturevalue(which)
    with h5py.File(path, "r", locking=False) as file, Recording(path) as ours:
        profile = json.loads(file.attrs["profile"])
        ends, times = file["frames/end"][:], file["frames/at_ns"][:]
        assert len(ends) == ours.frame_count > 50
        for index in (0, 1, len(ends) - 1):
            start = ends[index - 1] if index else 0
            coded = file["frames/bytes"][start : ends[index]]
            picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)
            capture = profile["capture"]
            assert picture.shape == (capture["height_px"], capture["width_px"], 3)
            assert np.array_equal(picture, ours.frame(index))
        events = read_events(file)
        assert events == [(e.at_ns, e.key, e.down, e.by) for e in ours.key_events()]
        assert events
        for shift_ns in (0, SHIFT_NS):
            theirs = ours.labels(shift_ns=shift_ns)
            assert read_labels(profile, events, times + shift_ns) == {
                head: list(classes) for head, classes in theirs.items()
            }
        assert read_segments(file, times) == ours.segments()
        boxes = {(int(f), file.attrs["object_names"][c]) for f, c in read_boxes(file)}
        assert boxes == {(f.frame, b.class_name) for f in ours.boxes() for b in f.boxes}


def test_a_leftover_is_read_as_the_document_says(tmp_path: Path):
    whole = write_play(tmp_path / "whole.h5", seconds=5)
    torn = tmp_path / "torn.h5.part"
    torn.write_bytes(whole.read_bytes())
    with torn.open("r+b") as file:
        file.seek(11)
        assert file.read(1) == b"\0", "HDF5 marks a file that is being written here"
    with h5py.File(torn, "r+", libver="latest") as file:
        file.swmr_mode = True
        data = torn.read_bytes()  # as kill -9 would leave it
    torn.write_bytes(data)
    with pytest.raises(OSError, match="already open for write"):
        h5py.File(torn, "r")
    with h5py.File(torn, "r", libver="latest", swmr=True) as file:
        assert len(file["frames/end"]) == 100


def read_events(file: h5py.File) -> list[tuple[int, str, bool, int]]:
    names = file.attrs["key_names"]
    columns = [file[f"keys/{name}"][:] for name in ("at_ns", "code", "down", "by")]
    rows = zip(*columns, strict=True)
    found = [(int(at), names[code], bool(down), int(by)) for at, code, down, by in rows]
    return sorted(found, key=lambda row: row[0])


def read_labels(profile: dict, events: list, times: np.ndarray) -> dict[str, list[int]]:
    """By the two steps under "Deriving labels"."""
    labels = {}
    for head in profile["heads"]:
        chords = [set(keys) for keys in head["classes"].values()]
        labels[head["name"]] = []
        for index, now in enumerate(times):
            before = times[index - 1] if index else now
            state = {key: down for at, key, down, _ in events if at <= now}
            taps = {key for at, key, down, _ in events if down and before < at <= now}
            keys = {key for key, down in state.items() if down} | taps
            fitting = [chord for chord in chords if chord <= keys]
            largest = max(map(len, fitting))
            first = next(chord for chord in fitting if len(chord) == largest)
            labels[head["name"]].append(chords.index(first))
    return labels


def read_segments(file: h5py.File, times: np.ndarray) -> list[tuple[int, int]]:
    """By the three points under "Segments"."""
    breaking = {int(kind) for kind, _, breaks in rows_of_spans() if breaks == "yes"}
    columns = [file[f"spans/{name}"][:] for name in ("kind", "start_ns", "end_ns")]
    rows = zip(*columns, strict=True)
    spans = [(start, end) for kind, start, end in rows if int(kind) in breaking]
    inside = [any(start <= at <= end for start, end in spans) for at in times]
    most_ns = 3.5 / file.attrs["capture_rate_hz"] * 1e9

    def joined(i: int) -> bool:
        a, b = times[i - 1], times[i]
        whole = any(a <= start and end <= b for start, end in spans)
        return not inside[i - 1] and not whole and b - a <= most_ns

    found: list[tuple[int, int]] = []
    for i in range(len(times)):
        if inside[i]:
            continue
        if i and found and joined(i):
            found[-1] = (found[-1][0], i + 1)
        else:
            found.append((i, i + 1))
    return found


def rows_of_spans() -> list[tuple[str, str, str]]:
    rows = re.findall(r"^\| (\d) \| ([^|]+) \| (yes|no) \|$", DOCUMENT, re.MULTILINE)
    assert [int(kind) for kind, _, _ in rows] == [int(kind) for kind in SpanKind]
    return rows


def read_boxes(file: h5py.File) -> list[tuple[int, int]]:
    return list(zip(file["boxes/frame"][:], file["boxes/class"][:], strict=True))

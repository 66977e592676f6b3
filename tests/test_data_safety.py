"""A file that is damaged, or that a stranger made, ends in a result or in one clear line."""

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from data import schema
from data.errors import ProfileError, RecordingError, UnderstudyError
from data.frames import FrameSize, decode_jpeg, encode_jpeg
from data.keys import KeyEvent
from data.opening import lookup3
from data.profile import GameProfile, load_profile
from data.reader import AHEAD_BYTES, Recording
from data.writer import RecordingWriter
from tests.bench.mutants import make_seeds, read_mutant, read_recording, with_index, write_mutant
from tests.factories import TICK_NS, capture_facts, picture, practice_profile, write_recording


def test_mutated_files_end_in_a_result_or_in_one_of_our_errors(tmp_path: Path):
    seeds = make_seeds(tmp_path)
    ends = set()
    for number in range(300):
        path = tmp_path / "mutant"
        ends.add(read_mutant(write_mutant(seeds, number, 7, path), path))
    assert {"read", "RecordingError", "ProfileError"} <= ends


def recording(path: Path) -> Path:
    keys = [KeyEvent(i * TICK_NS, "d", i % 2 == 0) for i in range(10)]
    return write_recording(path, frames=10, keys=keys)


def refused(path: Path, said: str) -> None:
    with pytest.raises(RecordingError, match=said) as caught:
        read_recording(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (schema.KEY_CODE, 60000, "names no key"),
        (schema.KEY_BY, 9, "not a valid By"),
        (schema.KEY_AT, -(2**63), "times are damaged"),
        (schema.FRAME_AT, 2**62, "times are damaged"),
        (schema.FRAME_END, -1, "frame table is damaged"),
    ],
)
def test_values_that_no_recorder_writes_are_refused(
    tmp_path: Path, name: str, value: int, said: str
):
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        file[name][3] = value
    refused(path, said)


def test_a_span_of_an_unknown_kind_is_refused(tmp_path: Path):
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        for name, value in ((schema.SPAN_KIND, 99), (schema.SPAN_START, 0), (schema.SPAN_END, 1)):
            file[name].resize(1, axis=0)
            file[name][0] = value
    refused(path, "not a valid SpanKind")


def test_boxes_without_a_place_are_left_out(tmp_path: Path):
    path = recording(tmp_path / "a.h5")
    corners = [(0, 0, 5, 5), (0, 0, np.nan, 5), (-np.inf, 0, 5, 5), (9, 0, 5, 5)]
    with h5py.File(path, "r+", libver="latest") as file:
        for name in schema.TABLES[3]:
            file[name].resize(len(corners), axis=0)
        for i, name in enumerate((schema.BOX_X1, schema.BOX_Y1, schema.BOX_X2, schema.BOX_Y2)):
            file[name][:] = [corner[i] for corner in corners]
    with Recording(path) as opened:
        assert [len(labelled.boxes) for labelled in opened.boxes()] == [1]


def test_rows_that_a_file_only_claims_are_not_allocated(tmp_path: Path):
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        for name in schema.TABLES[1]:
            file[name].resize(2**40, axis=0)
    with Recording(path) as opened:
        assert len(opened.key_events()) <= path.stat().st_size


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda f, n: f.create_dataset(n, shape=(9,), dtype="i8", compression="gzip"), "plainly"),
        (lambda f, n: f.create_dataset(n, shape=(9,), dtype="i8"), "plainly"),
        (
            lambda f, n: f.create_dataset(
                n, shape=(9,), dtype="i8", maxshape=(None,), chunks=(2**23,)
            ),
            "too large",
        ),
        (lambda f, n: f.create_dataset(n, shape=(9, 9), dtype="i8", chunks=(9, 9)), "has type"),
        (lambda f, n: f.create_dataset(n, shape=(9,), dtype="f8", chunks=(9,)), "has type"),
        (lambda f, n: f.create_group(n), "is missing"),
        (lambda f, n: f.__setitem__(n, h5py.SoftLink("/frames/end")), "is missing"),
        (lambda f, n: f.__setitem__(n, h5py.ExternalLink("other.h5", "/frames/at_ns")), "missing"),
    ],
)
def test_only_plain_rows_in_the_file_itself_are_read(tmp_path: Path, make, said: str):
    recording(tmp_path / "other.h5")
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        del file[schema.FRAME_AT]
        make(file, schema.FRAME_AT)
    refused(path, said)


def test_a_virtual_dataset_does_not_open_another_file(tmp_path: Path):
    other = recording(tmp_path / "other.h5")
    path = recording(tmp_path / "a.h5")
    layout = h5py.VirtualLayout(shape=(10,), dtype="i8")
    layout[:] = h5py.VirtualSource(str(other), schema.FRAME_AT, shape=(10,))
    with h5py.File(path, "r+", libver="latest") as file:
        del file[schema.FRAME_AT]
        file.create_virtual_dataset(schema.FRAME_AT, layout)
    refused(path, "plainly")


def test_a_tick_table_behind_a_link_to_another_file_is_not_followed(tmp_path: Path):
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        file["ticks"] = h5py.ExternalLink("/dev/zero", "/ticks")
    with Recording(path) as opened:
        assert not opened.is_flight_log


@pytest.mark.parametrize("length", [0, 8, 1 << 40])
def test_a_wrong_length_in_the_text_is_refused_at_once(tmp_path: Path, length: int):
    """Text has no checksum, and HDF5 would turn for ever over a piece that is empty."""
    path = recording(tmp_path / "a.h5")
    data = bytearray(path.read_bytes())
    at = start = data.index(b"GCOL")
    at += 16
    while data[at : at + 2] != b"\0\0":  # number 0 is the free space, the last piece
        at += 16 + -(-int.from_bytes(data[at + 8 : at + 16], "little") // 8) * 8
    assert at < start + 16_000
    data[at + 8 : at + 16] = length.to_bytes(8, "little")
    path.write_bytes(data)
    refused(path, "text is damaged")


def test_another_version_is_refused_by_its_number(tmp_path: Path):
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        file.attrs["version"] = 2
    refused(path, "format version is 2")


@pytest.mark.parametrize(
    ("name", "value"),
    [("capture_rate_hz", 0.0), ("capture_rate_hz", np.nan), ("capture_width_px", np.inf)],
)
def test_facts_without_sense_are_refused(tmp_path: Path, name: str, value: float):
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        file.attrs[name] = value
    refused(path, "damaged")


def test_more_attributes_than_a_recorder_writes_are_refused(tmp_path: Path):
    path = recording(tmp_path / "a.h5")
    with h5py.File(path, "r+", libver="latest") as file:
        for number in range(300):
            file.attrs[f"n{number}"] = number
    refused(path, "kept in an index|attributes; at most")


def test_a_wrong_byte_in_a_leftovers_index_is_refused_at_once(tmp_path: Path):
    """Told of the writer, HDF5 would read the piece again and again, for half an hour."""
    with RecordingWriter(
        tmp_path / "a.h5", profile=practice_profile(), facts=capture_facts()
    ) as writer:
        writer.append_frame(picture(0), 0)
        writer.flush()
        data = bytearray(writer.part.read_bytes())
    left = tmp_path / "b.h5.part"
    left.write_bytes(data)
    with Recording(left) as opened:
        assert opened.frame_count == 1
        assert not opened.complete
    data[data.index(b"OHDR") + 12] ^= 0x10
    left.write_bytes(data)
    refused(left, "damaged")


def forged(path: Path, mark: bytes, offset: int, value: bytes) -> Path:
    """Change metadata after a mark, and mend its checksum as only a forger does."""
    data = bytearray(path.read_bytes())
    at = data.index(mark)
    length = next(n for n in range(8, 9999) if lookup3(data[at : at + n]) == seal(data, at + n))
    data[at + offset : at + offset + len(value)] = value
    data[at + length : at + length + 4] = struct.pack("<I", lookup3(data[at : at + length]))
    path.write_bytes(data)
    return path


def seal(data: bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def test_a_forged_header_is_refused_before_hdf5_believes_it(tmp_path: Path):
    path = recording(tmp_path / "a.h5")
    data = path.read_bytes()
    at = data.index(b"OHDR")
    pieces = data.index(b"OCHK")
    told = data.index(struct.pack("<Q", pieces), at)  # where the first header goes on
    refused(forged(path, b"OHDR", told + 8 - at, struct.pack("<Q", 1 << 32)), "too large")


def test_attributes_in_an_index_are_read(tmp_path: Path):
    """So h5py keeps them unless it is asked not to."""
    path = with_index(recording(tmp_path / "a.h5"), tmp_path / "b.h5")
    with Recording(path) as indexed, Recording(tmp_path / "a.h5") as plain:
        assert indexed.profile == plain.profile
        assert indexed.attributes.keys() == plain.attributes.keys()
        assert indexed.frame_count == plain.frame_count


def test_the_checksum_is_that_of_hdf5(tmp_path: Path):
    head = recording(tmp_path / "a.h5").read_bytes()[:48]
    assert lookup3(head[:44]) == struct.unpack("<I", head[44:])[0]


def resized_jpeg(width: int, height: int, marker: int = 0xC0) -> np.ndarray:
    data = bytearray(encode_jpeg(picture(0), 84).tobytes())
    at = data.index(b"\xff\xc0")
    data[at + 1] = marker
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return np.frombuffer(bytes(data), dtype=np.uint8)


def test_a_picture_of_another_size_is_never_decoded(monkeypatch: pytest.MonkeyPatch):
    size = FrameSize(480, 270)
    monkeypatch.setattr("cv2.imdecode", lambda *given: pytest.fail("it was decoded"))
    assert decode_jpeg(resized_jpeg(481, 270), size) is None
    assert decode_jpeg(resized_jpeg(65535, 65535)) is None
    assert decode_jpeg(resized_jpeg(480, 270, marker=0xC2), size) is None  # progressive
    assert decode_jpeg(np.frombuffer(b"\x89PNG\r\n\x1a\n" + bytes(90), dtype=np.uint8)) is None
    assert decode_jpeg(np.zeros(0, dtype=np.uint8)) is None


def test_frames_taken_in_turn_or_not_are_the_same(tmp_path: Path):
    path = tmp_path / "a.h5"
    with RecordingWriter(path, profile=practice_profile(), facts=capture_facts()) as writer:
        for index in range(400):  # more than is read ahead at once
            writer.append_frame(picture(index), index * TICK_NS)
        assert writer.byte_count > AHEAD_BYTES
    with Recording(path) as opened:
        in_turn = [opened.jpeg(index).tobytes() for index in range(400)]
        order = np.random.default_rng(0).permutation(400)
        assert all(opened.jpeg(int(i)).tobytes() == in_turn[i] for i in order)


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 20_000,
        "a=" + "{a=" * 20_000,
        "name=" + "9" * 5_000,
        "\n".join(f"a{number}=1" for number in range(20_000)),
        "name=0x" + "f" * 3_900,
        "# " + "x" * 1_100_000,
    ],
)
def test_a_profile_that_would_choke_its_reader_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError, match=r"a\.toml"):
        load_profile(str(path))


def test_a_dotted_key_without_end_is_refused_before_it_takes_seconds(tmp_path: Path):
    path = tmp_path / "a.toml"
    path.write_text("a." * 30_000 + "a=1", encoding="utf-8")
    with pytest.raises(ProfileError, match="thousands of dots"):
        load_profile(str(path))


@pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 50_000, "9" * 5_000, "nul", '"x"'])
def test_a_profile_inside_a_file_that_is_no_profile_is_refused(text: str):
    with pytest.raises(ProfileError, match="here"):
        GameProfile.from_json(text, source="here")


def test_a_folder_is_no_recording(tmp_path: Path):
    with pytest.raises(UnderstudyError, match="it is a folder"):
        Recording(tmp_path)

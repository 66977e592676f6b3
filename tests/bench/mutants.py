"""Damaged and hostile files: bytes flipped, cut and swapped, sizes made absurd."""

import os
import random
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

from data import schema
from data.boxes import Box
from data.errors import UnderstudyError
from data.inspection.summary import summarise
from data.keys import KeyEvent
from data.opening import lookup3
from data.profile import GameProfile, load_profile
from data.reader import Recording
from data.writer import RecordingWriter, TickRow
from tests.factories import TICK_NS, capture_facts, picture, practice_profile

FRAMES = 24
ABSURD = (0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1)
_SEALED = (b"OHDR", b"OCHK", b"EAHD", b"EAIB", b"EASB", b"EADB", b"FRHP", b"FHDB", b"FHIB",
           b"BTHD", b"BTLF", b"BTIN", b"FSHD", b"FSSE", b"\x89HDF")  # fmt: skip
_LONGEST_SEALED = 1200


@dataclass(frozen=True)
class Seed:
    """A sound file, what reads it, and where its bytes are worth changing."""

    kind: str
    suffix: str
    data: bytes
    read: Callable[[Path], None]
    hot: tuple[tuple[int, int], ...] = ()
    """Ranges of metadata; the pictures are most of a file and the least of it."""
    sealed: tuple[tuple[int, int], ...] = ()
    """Ranges that end in a checksum."""


def read_recording(path: Path) -> None:
    """Read all that a recording holds, and all that `inspect` says of it."""
    with Recording(path) as recording:
        _ = (recording.profile, recording.facts, recording.counters, recording.complete)
        _ = (recording.times_ns, recording.byte_count, recording.lost_frames, recording.history)
        for read in (recording.key_events, recording.spans, recording.boxes, recording.segments):
            read()
        recording.labels(shift_ns=100_000_000)
        if recording.is_flight_log:
            _ = (recording.tick_frames(), recording.probabilities(), recording.latencies())
        for index in range(min(3, recording.frame_count)):
            recording.frame(index)
    summarise(path)


def read_profile(path: Path) -> None:
    load_profile(str(path))


def read_profile_json(path: Path) -> None:
    GameProfile.from_json(path.read_bytes().decode("utf-8", "replace"), source=str(path))


def _write(path: Path, *, flight_log: bool) -> RecordingWriter:
    profile = practice_profile()
    writer = RecordingWriter(
        path, profile=profile, facts=capture_facts(), head_probabilities=flight_log
    )
    columns = sum(len(head.classes) for head in profile.heads)
    for index in range(FRAMES):
        writer.append_frame(picture(index), index * TICK_NS)
        writer.append_boxes(index, [Box("ball", 10, 20, 16, 26)])
        writer.append_keys([KeyEvent(index * TICK_NS, "d", index % 2 == 0)])
        if flight_log:
            row = np.zeros(columns, dtype=np.float32)
            writer.append_tick(TickRow(index * TICK_NS, index, row, (1, 2, 3, 4, 5)))
    writer.append_span(schema.SpanKind.PAUSED, 5 * TICK_NS, 6 * TICK_NS)
    writer.flush()
    return writer


def write_and_die(path: Path) -> None:
    """Leave an unfinished recording behind, as `kill -9` does."""
    _write(path, flight_log=False)
    os.kill(os.getpid(), signal.SIGKILL)


def with_index(path: Path, out: Path) -> Path:
    """Copy a recording as h5py makes one: its attributes in an index, not in the header."""
    with h5py.File(path) as old, h5py.File(out, "w", libver="latest") as new:
        new.attrs.update(old.attrs)
        for name in old:
            old.copy(name, new)
    return out


def make_seeds(folder: Path) -> list[Seed]:
    """Make a sound file of every kind."""
    for name, flight_log in (("recording", False), ("flight log", True)):
        _write(folder / f"{name}.h5", flight_log=flight_log).close()
    code = (
        "import sys, pathlib; from tests.bench.mutants import write_and_die;"
        "write_and_die(pathlib.Path(sys.argv[1]))"
    )
    left = folder / "leftover.h5"
    subprocess.run([sys.executable, "-c", code, str(left)], check=False, env=os.environ | _PATH)
    toml = (files("data") / "profiles" / "practice.toml").read_bytes()
    return [
        _hdf5_seed("recording", folder / "recording.h5"),
        _hdf5_seed("flight log", folder / "flight log.h5"),
        _hdf5_seed("indexed", with_index(folder / "recording.h5", folder / "indexed.h5")),
        _hdf5_seed("leftover", folder / "leftover.h5.part"),
        Seed("profile", ".toml", toml, read_profile),
        Seed("profile inside", ".json", practice_profile().to_json().encode(), read_profile_json),
    ]


_PATH = {"PYTHONPATH": str(Path(__file__).parents[2])}


def _hdf5_seed(kind: str, path: Path) -> Seed:
    data = path.read_bytes()
    with Recording(path) as recording:
        file = recording._open()._file
        pieces = file[schema.FRAME_BYTES].id
        found = [pieces.get_chunk_info(i) for i in range(pieces.get_num_chunks())]
    pictures = sorted((info.byte_offset, info.byte_offset + info.size) for info in found)
    edges = [(0, 0), *pictures, (len(data), len(data))]
    hot = tuple((a[1], b[0]) for a, b in pairwise(edges) if b[0] > a[1])
    return Seed(kind, path.suffix, data, read_recording, hot, tuple(_find_sealed(data, hot)))


def _find_sealed(data: bytes, hot: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Find every piece of metadata with its checksum, by trying each length."""
    found = []
    for first, last in hot:
        for at in range(first, last):
            if not any(data.startswith(mark, at) for mark in _SEALED):
                continue
            for length in range(8, _LONGEST_SEALED):
                seal = data[at + length : at + length + 4]
                if seal not in (b"", b"\0\0\0\0") and lookup3(
                    data[at : at + length]
                ) == int.from_bytes(seal, "little"):
                    found.append((at, at + length))
                    break
    return found


def mutant(seed: Seed, rng: random.Random, *, resealed: bool = False) -> bytes:
    """Damage a file in one to three ways; `resealed`: its metadata, with the checksums mended."""
    data = bytearray(seed.data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        way = rng.choice((_flip, _flip, _size, _size) if resealed else _WAYS)
        way(data, _place(seed, data, rng, resealed=resealed), rng)
    if resealed:
        for first, last in seed.sealed:
            struct.pack_into("<I", data, last, lookup3(bytes(data[first:last])))
    return bytes(data)


def _place(seed: Seed, data: bytearray, rng: random.Random, *, resealed: bool) -> int:
    if resealed:
        return rng.randrange(*rng.choice(seed.sealed))
    if seed.hot and rng.random() < 0.8:
        return min(rng.randrange(*rng.choice(seed.hot)), max(0, len(data) - 1))
    return rng.randrange(max(1, len(data)))


def _flip(data: bytearray, at: int, rng: random.Random) -> None:
    for place in range(at, min(len(data), at + rng.choice((1, 1, 1, 2, 8)))):
        data[place] = rng.choice((data[place] ^ (1 << rng.randrange(8)), rng.randrange(256)))


def _size(data: bytearray, at: int, rng: random.Random) -> None:
    width = rng.choice((1, 2, 4, 8))
    new = (rng.choice(ABSURD) & (2 ** (8 * width) - 1)).to_bytes(
        width, rng.choice(("big", "little"))
    )
    kept = data[at : at + width]
    data[at : at + width] = new[: len(kept)]


def _cut(data: bytearray, at: int, rng: random.Random) -> None:
    del data[at:]


def _drop(data: bytearray, at: int, rng: random.Random) -> None:
    del data[at : at + rng.randrange(1, min(5000, len(data) // 8 + 2))]


def _swap(data: bytearray, at: int, rng: random.Random) -> None:
    other, length = rng.randrange(max(1, len(data))), rng.randrange(1, 2000)
    a, b = bytes(data[at : at + length]), bytes(data[other : other + length])
    data[at : at + len(b)], data[other : other + len(a)] = b, a


def _repeat(data: bytearray, at: int, rng: random.Random) -> None:
    piece = bytes(data[at : at + rng.randrange(1, 400)])
    data[at:at] = piece * rng.choice((1, 2, 50))


def _wipe(data: bytearray, at: int, rng: random.Random) -> None:
    length = min(rng.randrange(1, min(5000, len(data) // 8 + 2)), len(data) - at)
    data[at : at + length] = bytes([rng.choice((0, 255))]) * length


_WAYS = (_flip, _flip, _size, _size, _cut, _drop, _swap, _repeat, _wipe)


# Changes that HDF5 itself makes, so that every checksum is right and only the content is hostile.
def _column(file: h5py.File, rng: random.Random) -> h5py.Dataset:
    return file[rng.choice([name for name in schema.DATASETS if name in file])]


def _absurd_rows(file: h5py.File, rng: random.Random) -> None:
    column = _column(file, rng)
    column.resize(rng.choice((0, 1, 10**6, 2**31, 2**40, 2**62)), axis=0)


def _other_kind(file: h5py.File, rng: random.Random) -> None:
    name = _column(file, rng).name
    del file[name]
    rng.choice(
        (
            lambda: file.create_dataset(name, data=np.zeros(20, dtype="f8"), chunks=(20,)),
            lambda: file.create_dataset(name, data=np.zeros((20, 9), dtype="i8")),
            lambda: file.create_dataset(name, shape=(10**12,), dtype="u1", compression="gzip"),
            lambda: file.create_dataset(name, shape=(2**33,), dtype="i8", chunks=(2**29 - 1,)),
            lambda: file.create_dataset(name, data="text"),
            lambda: file.create_dataset(name, data=h5py.Empty("i8")),
            lambda: file.create_group(name),
            lambda: file.__setitem__(name, h5py.SoftLink("/frames/end")),
            lambda: file.__setitem__(name, h5py.ExternalLink("/etc/passwd", "/x")),
        )
    )()


def _bad_values(file: h5py.File, rng: random.Random) -> None:
    column = _column(file, rng)
    if not column.shape[0]:
        return
    if column.dtype.kind == "f":
        values = (np.nan, np.inf, -np.inf, 1e38, -1.0)
    else:
        limits = np.iinfo(column.dtype)
        values = (limits.min, limits.max, limits.max // 2, 0, 255)
    column[rng.randrange(column.shape[0]) :] = rng.choice(values)


def _shuffled(file: h5py.File, rng: random.Random) -> None:
    column = _column(file, rng)
    rows = column[: min(10**4, column.shape[0])]
    column[: len(rows)] = rows[::-1]


def _bad_attribute(file: h5py.File, rng: random.Random) -> None:
    file.attrs[rng.choice(list(file.attrs))] = rng.choice(
        (
            "",
            "x" * 60000,
            "[" * 60000,
            -1,
            0,
            2**63 - 1,
            np.nan,
            np.inf,
            np.zeros(4000),
            h5py.Empty("f"),
        )
    )


def _other_profile(file: h5py.File, rng: random.Random) -> None:
    name = rng.choice(("tuxfootball", "fifa18"))
    capture = {"width_px": rng.choice((32, 3840)), "height_px": rng.choice((32, 2160))}
    profile = GameProfile.model_validate(load_profile(name).model_dump() | {"capture": capture})
    file.attrs["profile"] = profile.to_json()


_STRUCTURAL = (_absurd_rows, _other_kind, _bad_values, _bad_values, _shuffled, _bad_attribute,
               _other_profile)  # fmt: skip


def structural(seed: Seed, rng: random.Random, path: Path) -> None:
    """Write a file that HDF5 finds sound and that no recorder would write."""
    path.write_bytes(seed.data)
    with h5py.File(path, "r+", libver="latest") as file:
        for _ in range(rng.choice((1, 1, 2))):
            rng.choice(_STRUCTURAL)(file, rng)


def write_mutant(
    seeds: list[Seed], number: int, seed: int, path: Path, *, resealed: bool = False
) -> Seed:
    """Write the mutant of that number; the same numbers give the same file.

    A resealed one is not damaged but forged: whoever made it computed HDF5's checksums anew.
    """
    rng = random.Random(f"{seed}/{number}")
    if resealed:
        seeds = [one for one in seeds if one.sealed]
    chosen = seeds[number % len(seeds)]
    if not resealed and chosen.kind in ("recording", "flight log") and rng.random() < 0.25:
        structural(chosen, rng, path)
    else:
        path.write_bytes(mutant(chosen, rng, resealed=resealed))
    return chosen


def read_mutant(seed: Seed, path: Path) -> str:
    """Read it; say how that ended."""
    try:
        seed.read(path)
    except UnderstudyError as error:
        return type(error).__name__
    return "read"

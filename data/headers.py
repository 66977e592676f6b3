"""Look through HDF5's object headers before HDF5 does.

HDF5 takes lengths out of a file and allocates them, and it crashes on some indexes that nobody but
a forger writes: its checksums keep away accidents, not people. So the headers must lie inside the
file, and links must be kept in them, not in an index. Text lies in global heaps, which have no
checksum at all, and in which one wrong byte makes HDF5 turn for ever. From the HDF5 file format
specification, III.E (global heap), IV.A.1.b (version 2 object headers) and IV.A.2 (their messages).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

_LINK_INFO, _LINK, _CONTINUATION = 0x02, 0x06, 0x10
_NOWHERE = 0xFFFF_FFFF_FFFF_FFFF
_DEEPEST = 2  # root, group, dataset
_MOST_BLOCKS = 64
_MOST_BLOCK_BYTES = 1 << 20
_MOST_OBJECTS = 256


_HEAP = b"GCOL\1\0\0\0"
_HEAP_AREA_BYTES = 1 << 22  # a recorder writes its text before everything else
_OBJECT = struct.Struct("<HH4xQ")  # index, references, bytes


def check_headers(file: BinaryIO, root: int) -> None:
    """Walk from the root group to every dataset, and through the text.

    Raises:
        ValueError: A header or a heap isn't one that a recorder writes.
    """
    _Walk(file).look_at(root, depth=0)
    file.seek(0)
    area = file.read(_HEAP_AREA_BYTES)
    at = area.find(_HEAP)
    while at >= 0:
        _check_heap(area, at)
        at = area.find(_HEAP, at + 1)


def _check_heap(area: bytes, start: int) -> None:
    """Walk from object to object, the last of which is the free space."""
    size = int.from_bytes(area[start + 8 : start + 16], "little")
    end = start + size
    at = start + 16
    if at > end or end > len(area):
        raise ValueError("its text lies outside the file")
    while at + _OBJECT.size <= end:
        index, _, length = _OBJECT.unpack_from(area, at)
        taken = length if index == 0 else _OBJECT.size + -(-length // 8) * 8
        if taken < _OBJECT.size or at + taken > end:
            raise ValueError("its text is damaged")
        at += taken


class _Walk:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._objects = 0

    def look_at(self, address: int, *, depth: int) -> None:
        self._objects += 1
        if depth > _DEEPEST or self._objects > _MOST_OBJECTS:
            raise ValueError("it holds more objects than a recording has")
        for kind, body in self._messages(address):
            if kind == _LINK_INFO:
                ordered = 8 if body[1] & 1 else 0  # the highest creation order, if kept
                heap = struct.unpack_from("<Q", body, 2 + ordered)[0]
                if heap != _NOWHERE:
                    raise ValueError("its names are kept in an index")
            elif kind == _LINK and (target := _hard_link(body)) is not None:
                self.look_at(target, depth=depth + 1)

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        """Yield kind and content of every message of one object."""
        head = self._read(address, 34)
        if head[:5] != b"OHDR\2":
            raise ValueError("an object has no header")
        flags = head[5]
        at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        first = int.from_bytes(head[at : at + width], "little")
        blocks = [(address + at + width, first)]
        prefix = 6 if flags & 0x04 else 4
        for number in range(_MOST_BLOCKS + 1):
            if number == len(blocks):
                return
            data = self._read(*blocks[number])
            at = 0
            while at + prefix <= len(data):
                kind, size = data[at], int.from_bytes(data[at + 1 : at + 3], "little")
                body = data[at + prefix : at + prefix + size].ljust(24, b"\0")
                at += prefix + size
                if kind == _CONTINUATION:
                    start, length = struct.unpack_from("<QQ", body)
                    if length < 8 or self._read(start, 4) != b"OCHK":
                        raise ValueError("an object's header breaks off")
                    blocks.append((start + 4, length - 8))
                yield kind, body
        raise ValueError("an object's header is in too many pieces")

    def _read(self, address: int, length: int) -> bytes:
        if length > _MOST_BLOCK_BYTES or address >= 1 << 62:
            raise ValueError("an object's header is too large")
        self._file.seek(address)
        data = self._file.read(length)
        if len(data) < length:
            raise ValueError("an object's header lies outside the file")
        return data


def _hard_link(body: bytes) -> int | None:
    flags = body[1]
    at = 2
    if flags & 0x08:
        if body[at]:
            return None  # soft or external: never followed
        at += 1
    at += (8 if flags & 0x04 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    name = int.from_bytes(body[at : at + width], "little")
    if at + width + name + 8 > len(body):
        raise ValueError("a link breaks off")
    return int(struct.unpack_from("<Q", body, at + width + name)[0])

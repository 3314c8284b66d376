"""The directories of a TIFF file: which bytes each one owns, and how to take some out without moving the others.

tifffile reads values; here it is the places in the file that matter, because what is taken out must be overwritten.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_READABLE = {1: "B", 3: "H", 4: "I", 11: "f", 12: "d", 13: "I", 16: "Q", 18: "Q"}
DESCRIPTION = 270
_NDPI_FLAG = 65420
"""In every directory of Hamamatsu's NDPI, whose links are of 8 bytes and whose values lie before their directory."""
_DATA = ((273, 279), (324, 325))
"""Tags of the places and lengths of strips, and of tiles."""
MAX_DIRECTORIES = 10_000
MAX_ENTRIES = 4096

Span = tuple[int, int]
"""A place in the file and how many bytes from there."""


@dataclass(frozen=True)
class Directory:
    """One image file directory.

    Attributes:
        start: where it begins.
        next_link: where in it the place of the following one stands.
        description: the image's description, as text.
        spans: all bytes of the directory, its values and its pixels.
        values: by tag, where the value lies, its type and how many there are.
    """

    start: int
    next_link: int
    description: str
    spans: tuple[Span, ...]
    values: Mapping[int, tuple[int, int, int]]


class TiffDirectories:
    """Reads and changes the chain of directories of a classic or BigTIFF file.

    Raises:
        ValueError: the file is no TIFF, or its directories can't be followed.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        head = self._read(0, 8)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None:
            raise ValueError("it is no TIFF file")
        self._order = order
        (version,) = self._unpack("H", head[2:4])
        if version not in (42, 43):
            raise ValueError(f"it is no TIFF file (version {version})")
        self._is_big = version == 43
        self._pointer = "Q" if self._is_big else "I"
        self._first_link = 8 if self._is_big else 4
        self._link = self._pointer
        self._is_ndpi = not self._is_big and self._looks_like_ndpi()
        if self._is_ndpi:
            self._link = "Q"

    def read(self) -> list[Directory]:
        """All directories of the chain, in order.

        Raises:
            ValueError: one lies outside the file, or the chain goes in circles.
        """
        found: list[Directory] = []
        seen: set[int] = set()
        link = self._first_link
        while (at := self._link_at(link)) != 0:
            if at in seen or len(found) >= MAX_DIRECTORIES:
                raise ValueError("its directories go in circles")
            seen.add(at)
            found.append(self._read_directory(at))
            link = found[-1].next_link
        return found

    def keep(self, kept: Sequence[Directory], removed: Sequence[Directory]) -> int:
        """Chain up those kept, and overwrite every byte that only the others have with zeros; the bytes overwritten."""
        link = self._first_link
        for directory in kept:
            self._write_pointer(link, directory.start)
            link = directory.next_link
        self._write_pointer(link, 0)
        # A directory may claim what lies beyond the end: nothing is to be written there, least of all gigabytes.
        end = self._file.seek(0, io.SEEK_END)
        own = _subtract(
            [(start, min(length, end - start)) for one in removed for start, length in one.spans if start < end],
            [span for one in kept for span in one.spans],
        )
        for start, length in own:
            self._file.seek(start)
            for piece in range(0, length, 1 << 20):
                self._file.write(bytes(min(1 << 20, length - piece)))
        return sum(length for _, length in own)

    def numbers(self, directory: Directory, tag: int) -> tuple[float, ...]:
        """The numbers under a tag; empty when it is not there."""
        return self._numbers(directory.values[tag]) if tag in directory.values else ()

    def overwrite(self, directory: Directory, tag: int, data: bytes) -> None:
        """Put bytes in the place of a value of the same length.

        Raises:
            ValueError: the length is another.
        """
        place, kind, length = directory.values[tag]
        if _TYPE_BYTES.get(kind, 1) * length != len(data):
            raise ValueError(f"a value of {len(data)} bytes does not fit into tag {tag}")
        self._file.seek(place)
        self._file.write(data)

    def raw(self, directory: Directory, tag: int) -> bytes:
        """The bytes of a value."""
        place, kind, length = directory.values[tag]
        return self._read(place, _TYPE_BYTES.get(kind, 1) * length)

    def _write_pointer(self, place: int, value: int) -> None:
        self._file.seek(place)
        self._file.write(struct.pack(self._order + self._link, value))

    def _looks_like_ndpi(self) -> bool:
        """Whether the first link, read as one of 8 bytes, leads to a directory with NDPI's flag."""
        try:
            (at,) = self._unpack("Q", self._read(self._first_link, 8))
            (count,) = self._unpack("H", self._read(at, 2))
            entries = self._read(at + 2, 12 * count)
        except (ValueError, OverflowError, OSError):
            return False
        return any(self._unpack("H", entries[start : start + 2]) == (_NDPI_FLAG,) for start in range(0, 12 * count, 12))

    def _read_directory(self, at: int) -> Directory:
        count_format, entry_bytes = ("Q", 20) if self._is_big else ("H", 12)
        count_bytes = struct.calcsize(count_format)
        (count,) = self._unpack(count_format, self._read(at, count_bytes))
        if not 0 < count <= MAX_ENTRIES:
            raise ValueError(f"a directory has {count} entries")
        entries = self._read(at + count_bytes, count * entry_bytes)
        next_link = at + count_bytes + count * entry_bytes
        spans: list[Span] = [(at, count_bytes + count * entry_bytes + struct.calcsize(self._link))]
        values: dict[int, tuple[int, int, int]] = {}
        for entry in range(0, len(entries), entry_bytes):
            tag, kind = self._unpack("HH", entries[entry : entry + 4])
            length_end = entry + 4 + struct.calcsize(self._pointer)
            (length,) = self._unpack(self._pointer, entries[entry + 4 : length_end])
            size = _TYPE_BYTES.get(kind, 1) * length
            place = at + count_bytes + length_end
            if size > entry_bytes - (length_end - entry):
                place = self._fixed(at, *self._unpack(self._pointer, self._read(place, struct.calcsize(self._pointer))))
                spans.append((place, size))
            values[tag] = place, kind, length
        for places_tag, lengths_tag in _DATA:
            if places_tag in values and lengths_tag in values:
                places = (self._fixed(at, place) for place in self._numbers(values[places_tag]))
                spans += zip(places, self._numbers(values[lengths_tag]), strict=True)
        place, kind, length = values.get(DESCRIPTION, (0, 2, 0))
        description = self._read(place, length).rstrip(b"\0").decode("latin-1")
        return Directory(at, next_link, description, tuple(spans), values)

    def _fixed(self, directory_at: int, place: int) -> int:
        """A place that an entry names; NDPI keeps the lower half of it, and puts everything before its directory."""
        if not self._is_ndpi:
            return place
        whole = (directory_at & ~0xFFFF_FFFF) | place
        return whole if whole < directory_at else max(place, whole - (1 << 32))

    def _numbers(self, value: tuple[int, int, int]) -> tuple[Any, ...]:
        place, kind, length = value
        if kind not in _READABLE:
            raise ValueError(f"a list of places has type {kind}")
        form = f"{length}{_READABLE[kind]}"
        return self._unpack(form, self._read(place, struct.calcsize(self._order + form)))

    def _link_at(self, place: int) -> int:
        (link,) = self._unpack(self._link, self._read(place, struct.calcsize(self._link)))
        return int(link)

    def _unpack(self, form: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + form, data)

    def _read(self, place: int, length: int) -> bytes:
        self._file.seek(place)
        data = self._file.read(length)
        if len(data) != length:
            raise ValueError(f"{length} bytes at {place} are not there")
        return data


def _subtract(spans: Iterable[Span], kept: Iterable[Span]) -> list[Span]:
    """The parts of `spans` that no span of `kept` covers."""
    keeps = sorted((start, start + length) for start, length in kept if length)
    left: list[Span] = []
    for begin, length in spans:
        start, end = begin, begin + length
        for keep_start, keep_end in keeps:
            if keep_end <= start or keep_start >= end:
                continue
            if keep_start > start:
                left.append((start, keep_start - start))
            start = max(start, keep_end)
            if start >= end:
                break
        if start < end:
            left.append((start, end - start))
    return left

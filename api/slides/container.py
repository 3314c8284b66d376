"""Tiled TIFF containers: where each stored tile lies, and how to hand it out without decoding it.

The index is read once per slide, in an isolated process; serving a tile is then one `os.pread` and a splice of the
shared JPEG tables.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tifffile

from api.errors import UnsupportedSlide
from api.slides.jpeg import ADOBE_RGB, SOI, first_frame, has_jfif

Codec = str
JPEG: Final[Codec] = "jpeg"
JPEG2000: Final[Codec] = "jpeg2000"

PASSTHROUGH_VENDORS = frozenset({"aperio", "generic-tiff"})
"""Vendors whose OpenSlide level is exactly the grid of stored tiles, without overlaps or gaps."""

_CODECS: dict[int, Codec] = {7: JPEG, 33005: JPEG2000}
_PHOTOMETRIC_RGB = 2
_PHOTOMETRIC_YCBCR = 6
_MAGIC = b"CSTI1\n"


@dataclass(frozen=True)
class ContainerLevel:
    """The stored tiles of one level of the file.

    Attributes:
        native: the level's index in the file, finest first.
        header: what goes before a stored tile's bytes after its SOI marker: SOI, colour marker and shared tables.
        offsets, counts: position and length in bytes of each tile, row by row; count 0 is a tile that was never
            scanned.
    """

    native: int
    width: int
    height: int
    tile_size: int
    codec: Codec
    header: bytes
    offsets: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.uint32]

    @property
    def columns(self) -> int:
        return -(-self.width // self.tile_size)

    @property
    def rows(self) -> int:
        return -(-self.height // self.tile_size)

    def tile_number(self, column: int, row: int) -> int:
        return row * self.columns + column


@dataclass(frozen=True)
class ContainerIndex:
    """The levels of a file whose stored tiles can be read directly, by native index.

    Levels stored otherwise are absent.
    """

    levels: dict[int, ContainerLevel]

    def to_bytes(self) -> bytes:
        """The index as stored beside the slide."""
        described: list[dict[str, Any]] = []
        arrays: list[bytes] = []
        for level in self.levels.values():
            described.append(
                {
                    "native": level.native,
                    "width": level.width,
                    "height": level.height,
                    "tile_size": level.tile_size,
                    "codec": level.codec,
                    "header": level.header.hex(),
                    "tiles": int(level.offsets.size),
                }
            )
            arrays += [level.offsets.astype("<u8").tobytes(), level.counts.astype("<u4").tobytes()]
        head = json.dumps(described).encode()
        return b"".join([_MAGIC, len(head).to_bytes(4, "little"), head, *arrays])

    @classmethod
    def from_bytes(cls, data: bytes) -> ContainerIndex:
        """The index that `to_bytes` wrote.

        Raises:
            ValueError: the bytes are something else or cut short.
        """
        if not data.startswith(_MAGIC):
            raise ValueError(f"not a tile index: it starts with {data[:6]!r}")
        at = len(_MAGIC) + 4
        end = at + int.from_bytes(data[len(_MAGIC) : at], "little")
        levels: dict[int, ContainerLevel] = {}
        described = json.loads(data[at:end])
        at = end
        for level in described:
            tiles = int(level.pop("tiles"))
            offsets = np.frombuffer(data, "<u8", tiles, at)
            counts = np.frombuffer(data, "<u4", tiles, at + 8 * tiles)
            at += 12 * tiles
            header = bytes.fromhex(level.pop("header"))
            levels[level["native"]] = ContainerLevel(**level, header=header, offsets=offsets, counts=counts)
        return cls(levels)


class StoredTiles:
    """An open slide file and its index; reads stored tiles. Safe to use from several threads."""

    def __init__(self, path: Path, index: ContainerIndex) -> None:
        self.path = path
        self.index = index
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    @classmethod
    def beside(cls, path: Path, index_path: Path) -> StoredTiles:
        """A stored slide with the index that was made when it was taken in."""
        return cls(path, ContainerIndex.from_bytes(index_path.read_bytes()))

    def read(self, native: int, column: int, row: int) -> bytes | None:
        """The tile as a complete JPEG or JPEG 2000 stream, padded to the full tile; None where nothing was stored."""
        level = self.index.levels[native]
        number = level.tile_number(column, row)
        count = int(level.counts[number])
        if not count:
            return None
        if level.codec == JPEG:
            return level.header + os.pread(self._fd, count - 2, int(level.offsets[number]) + 2)
        return os.pread(self._fd, count, int(level.offsets[number]))

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        self.close()


def index_container(path: Path, vendor: str, level_sizes: Sequence[tuple[int, int]]) -> ContainerIndex:
    """Read where the stored tiles lie; empty for files whose tiles can't be used as they are.

    Call in an isolated process.

    Args:
        level_sizes: (width, height) of the file's levels as OpenSlide reports them.
    """
    if vendor not in PASSTHROUGH_VENDORS:
        return ContainerIndex({})
    levels: dict[int, ContainerLevel] = {}
    with tifffile.TiffFile(path) as tiff:
        for page in tiff.pages:
            if not isinstance(page, tifffile.TiffPage) or not page.is_tiled:
                continue
            shape = (page.imagewidth, page.imagelength)
            if shape not in level_sizes or (native := list(level_sizes).index(shape)) in levels:
                continue
            level = _index_page(page, native)
            if level is not None:
                levels[native] = level
    stored = {native: level for native, level in sorted(levels.items()) if _is_plain(path, level)}
    return ContainerIndex(stored)


def check_complete(path: Path) -> None:
    """Raise when a TIFF's pixels reach beyond the end of the file: a transfer that broke off. Other files pass.

    Raises:
        UnsupportedSlide: `SLIDE_TRUNCATED`.
    """
    actual_bytes = path.stat().st_size
    expected_bytes = 0
    try:
        with tifffile.TiffFile(path) as tiff:
            for page in tiff.pages:
                offsets, counts = np.array(page.dataoffsets, np.uint64), np.array(page.databytecounts, np.uint64)
                expected_bytes = max(expected_bytes, int((offsets + counts)[counts > 0].max(initial=0)))
    except (tifffile.TiffFileError, struct.error, ValueError, IndexError):
        # What there is of the directory can't be read to its end; whoever opens the file says so better.
        return
    if expected_bytes > actual_bytes:
        raise UnsupportedSlide(
            f"The file is cut short: its tiles reach to byte {expected_bytes}, but it has {actual_bytes}. Copy it from "
            f"the scanner again and upload it anew.",
            code="SLIDE_TRUNCATED",
            params={"expected_bytes": expected_bytes, "actual_bytes": actual_bytes},
        )


def _index_page(page: tifffile.TiffPage, native: int) -> ContainerLevel | None:
    codec = _CODECS.get(int(page.compression))
    usable = (
        codec is not None
        and page.tilewidth == page.tilelength
        and page.tilewidth % 16 == 0
        and page.samplesperpixel == 3
        and page.bitspersample == 8
        and int(page.planarconfig) == 1
        and page.imagedepth == 1
        and int(page.photometric) in (_PHOTOMETRIC_RGB, _PHOTOMETRIC_YCBCR)
    )
    tiles = -(-page.imagewidth // page.tilewidth) * -(-page.imagelength // page.tilelength)
    if not usable or codec is None or len(page.dataoffsets) != tiles or len(page.databytecounts) != tiles:
        return None
    header = b""
    if codec == JPEG:
        colour = ADOBE_RGB if int(page.photometric) == _PHOTOMETRIC_RGB else b""
        tables = page.jpegtables[2:-2] if page.jpegtables else b""
        header = SOI + colour + tables
    return ContainerLevel(
        native=native,
        width=page.imagewidth,
        height=page.imagelength,
        tile_size=page.tilewidth,
        codec=codec,
        header=header,
        offsets=np.array(page.dataoffsets, np.uint64),
        counts=np.array(page.databytecounts, np.uint32),
    )


def _is_plain(path: Path, level: ContainerLevel) -> bool:
    """Whether the first stored tile is what its directory says, so that a browser shows spliced tiles right."""
    stored = np.flatnonzero(level.counts)
    if level.codec != JPEG or not stored.size:
        return True
    tiles = StoredTiles(path, ContainerIndex({level.native: level}))
    try:
        first = int(stored[0])
        data = tiles.read(level.native, first % level.columns, first // level.columns)
    finally:
        tiles.close()
    if data is None:
        return False
    frame = first_frame(data)
    is_rgb = ADOBE_RGB in level.header
    return (
        frame is not None
        and frame.is_browser_safe
        and (frame.width, frame.height) == (level.tile_size, level.tile_size)
        and not (is_rgb and has_jfif(data))
    )

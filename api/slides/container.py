"""Tiled TIFF containers: where each stored tile lies, and how to hand it out without decoding it.

The index is read once per slide (`container_index`), in an isolated process; serving a tile is then one `os.pread` and
a splice of the shared JPEG tables.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Codec = str
JPEG: Final[Codec] = "jpeg"
JPEG2000: Final[Codec] = "jpeg2000"

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

"""Pixels written as a pyramid TIFF of JPEG tiles, band by band: gigapixels need the memory of a row of tiles.

libvips, which makes pyramids of flat pictures, writes JPEG either as RGB (four times the bytes) or with a quarter of
the colour; and it chooses the levels' sizes, while viewers who are on the slide already know them.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg
import tifffile

from api.slides.pyramid import TIFF_TILE_STEP

Pixels = npt.NDArray[np.uint8]
ReadBand = Callable[[int, int], Pixels]
"""(top, rows) in level-0 pixels to uint8 RGB (rows, width of the slide, 3)."""

QUALITY = 90
BIG_PX = 1_000_000_000
_ICC_TAG = 34675


class _Level:
    """One level on its way: rows that do not fill a row of tiles yet, and, below level 0, tiles that wait on disk."""

    def __init__(self, size: tuple[int, int], tile_size: int, spool: IO[bytes] | None) -> None:
        self.width, self.height = size
        self._side = tile_size
        self._rows: list[Pixels] = []
        self._last: Pixels | None = None
        self._waiting = 0
        self._taken = 0
        self._spool = spool
        self._lengths: list[int] = []

    def add(self, rows: Pixels) -> Iterator[Pixels]:
        """Take further rows, of about the level's width; each band that fills a row of tiles, and the last one."""
        rows = _fitted(rows, self.width)[: self.height - self._taken - self._waiting]
        if rows.shape[0]:
            self._rows.append(rows)
            self._waiting += rows.shape[0]
            self._last = rows[-1:]
        while self._waiting >= self._side:
            yield self._take(self._side)

    def rest(self) -> Iterator[Pixels]:
        """The last band; what the level's height has beyond the pixels that came repeats their last row."""
        missing = self.height - self._taken - self._waiting
        if missing > 0 and self._last is not None:
            self._rows.append(np.repeat(self._last, missing, axis=0))
            self._waiting += missing
        while self._waiting:
            yield self._take(min(self._side, self._waiting))

    def keep(self, tile: bytes) -> None:
        assert self._spool is not None, "level 0 goes straight into the file"
        self._spool.write(tile)
        self._lengths.append(len(tile))

    def kept(self) -> Iterator[bytes]:
        assert self._spool is not None, "level 0 goes straight into the file"
        self._spool.seek(0)
        for length in self._lengths:
            yield self._spool.read(length)

    def _take(self, count: int) -> Pixels:
        band = self._rows[0] if len(self._rows) == 1 else np.concatenate(self._rows)
        self._rows = [band[count:]] if band.shape[0] > count else []
        self._waiting -= count
        self._taken += count
        return band[:count]


def write_pyramid(
    target: Path,
    read_band: ReadBand,
    level_sizes: Sequence[tuple[int, int]],
    tile_size: int,
    *,
    mpp: tuple[float, float] | None = None,
    icc: bytes = b"",
    on_rows: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the levels, each half the one before, as YCbCr JPEG tiles with full colour; white tiles are left out.

    Args:
        read_band: asked once for each row of level 0's tiles, from the top down.
        level_sizes: (width, height) in pixels, finest first.
        tile_size: side of the tiles in pixels, a multiple of 16.
        mpp: micrometres per level-0 pixel, across and down, to say in the file.
        icc: a colour profile to embed.
        on_rows: told how many rows of level 0 are done.
    """
    if tile_size < TIFF_TILE_STEP or tile_size % TIFF_TILE_STEP:
        raise ValueError(f"tiles of {tile_size} pixels can't be stored in a TIFF: {TIFF_TILE_STEP} must divide it")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="levels-") as folder:
        spools = [(Path(folder) / str(number)).open("w+b") for number in range(1, len(level_sizes))]
        try:
            levels = [_Level(size, tile_size, spool) for size, spool in zip(level_sizes, (None, *spools), strict=True)]
            with tifffile.TiffWriter(target, bigtiff=level_sizes[0][0] * level_sizes[0][1] > BIG_PX) as tiff:
                for number, level in enumerate(levels):
                    tiles = level.kept() if number else _level0_tiles(levels, read_band, tile_size, on_rows)
                    # tifffile takes as many tiles as it needs, and would close the generator then; what makes the other
                    # levels stands behind the last one.
                    tiff.write(chain(tiles), **_layout(level, number, tile_size, mpp, icc))
                    deque(tiles, maxlen=0)
        finally:
            for spool in spools:
                spool.close()


def _level0_tiles(
    levels: Sequence[_Level], read_band: ReadBand, tile_size: int, on_rows: Callable[[int], None]
) -> Iterator[bytes]:
    """The tiles of level 0, one after the other; those of the other levels are made on the way."""
    height = levels[0].height
    for top in range(0, height, tile_size):
        band = read_band(top, min(tile_size, height - top))
        yield from _encoded(band, tile_size)
        _reduce(levels, 1, band, tile_size)
        on_rows(top + band.shape[0])
    for number, level in enumerate(levels[1:], 1):
        for band in level.rest():
            _keep(levels, number, band, tile_size)


def _reduce(levels: Sequence[_Level], number: int, finer: Pixels, tile_size: int) -> None:
    """Hand a band of the level before to this level, and on to those after it."""
    if number < len(levels):
        for band in levels[number].add(_halved(finer)):
            _keep(levels, number, band, tile_size)


def _keep(levels: Sequence[_Level], number: int, band: Pixels, tile_size: int) -> None:
    for tile in _encoded(band, tile_size):
        levels[number].keep(tile)
    _reduce(levels, number + 1, band, tile_size)


def _layout(level: _Level, number: int, tile_size: int, mpp: tuple[float, float] | None, icc: bytes) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if mpp is not None:
        across, down = (1e4 / value / (1 << number) for value in mpp)
        extra = {"resolution": (across, down), "resolutionunit": "CENTIMETER"}
    if icc:
        extra["extratags"] = [(_ICC_TAG, 7, len(icc), icc, True)]
    return {
        "shape": (level.height, level.width, 3),
        "dtype": np.uint8,
        "tile": (tile_size, tile_size),
        "photometric": "ycbcr",
        "compression": "jpeg",
        "subsampling": (1, 1),
        "subfiletype": 1 if number else 0,
        "metadata": None,
        "software": False,
        **extra,
    }


def _encoded(band: Pixels, tile_size: int) -> Iterator[bytes]:
    """A row of tiles; those at the edge are filled up with their last pixels, which compresses without a seam."""
    for left in range(0, band.shape[1], tile_size):
        tile = band[:, left : left + tile_size]
        if tile.min() == 255:
            yield b""
            continue
        height, width = tile.shape[:2]
        if (height, width) != (tile_size, tile_size):
            tile = np.pad(tile, ((0, tile_size - height), (0, tile_size - width), (0, 0)), mode="edge")
        yield simplejpeg.encode_jpeg(
            np.ascontiguousarray(tile), quality=QUALITY, colorspace="RGB", colorsubsampling="444"
        )


def _halved(band: Pixels) -> Pixels:
    """Means of 2 x 2 pixels; a last odd row or column counts twice."""
    height, width = band.shape[:2]
    if height % 2 or width % 2:
        band = np.pad(band, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    size = band.shape[1] // 2, band.shape[0] // 2
    return np.asarray(cv2.resize(band, size, interpolation=cv2.INTER_AREA), np.uint8)


def _fitted(rows: Pixels, width: int) -> Pixels:
    """Rows of exactly this width: scanners round a level's size either way."""
    missing = width - rows.shape[1]
    return rows[:, :width] if missing <= 0 else np.pad(rows, ((0, 0), (0, missing), (0, 0)), mode="edge")

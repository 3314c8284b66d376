"""Slides made for tests, whose every pixel says where it is: a wrong tile is a wrong number, not a blur.

Two codes. EXACT counts pixels and survives only lossless compression: red is x mod 256, green y mod 256, blue holds the
two high parts. SMOOTH is a ramp that JPEG and averaging keep within a level or two: red grows with x, green with y,
and blue is the slide's own number, so that tiles of two slides can't be confused.
"""

from __future__ import annotations

import enum
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile

Pixels = npt.NDArray[np.uint8]


class Code(enum.Enum):
    EXACT = "exact"
    SMOOTH = "smooth"


class Storing(enum.Enum):
    """How tiles are compressed."""

    DEFLATE = "deflate"
    JPEG_YCBCR = "jpeg-ycbcr"
    JPEG_RGB = "jpeg-rgb"
    """RGB components numbered 0, 1, 2 without an Adobe marker, and shared tables: as Aperio writes them."""
    JPEG2000 = "jpeg2000"


@dataclass(frozen=True)
class MadeSlide:
    """A generated slide and what its pixels must be."""

    path: Path
    width: int
    height: int
    tile_size: int
    number: int
    code: Code

    def expected(self, x: int, y: int, width: int, height: int, downsample: float = 1) -> npt.NDArray[np.float64]:
        """(height, width, 3) values in 0-255 of a region in pixels of the level; SMOOTH is what averaging gives."""
        columns = (np.arange(x, x + width) + 0.5) * downsample - 0.5
        rows = (np.arange(y, y + height) + 0.5) * downsample - 0.5
        return _paint(self.code, columns, rows, self.width, self.height, self.number)


def make_slide(
    path: Path,
    *,
    width: int = 1000,
    height: int = 700,
    tile_size: int = 256,
    downsamples: Sequence[int] = (1, 2, 4),
    storing: Storing = Storing.JPEG_YCBCR,
    code: Code = Code.SMOOTH,
    number: int = 100,
    mpp: float | None = None,
    empty_tiles: Sequence[int] = (),
) -> MadeSlide:
    """Write a tiled pyramid TIFF.

    Args:
        downsamples: the levels in the file; sizes are rounded down, as scanners do.
        mpp: micrometres per pixel, as a resolution tag; none when None.
        empty_tiles: numbers of level-0 tiles to leave unscanned (zero bytes).
    """
    slide = MadeSlide(path, width, height, tile_size, number, code)
    with tifffile.TiffWriter(path) as tiff:
        for place, downsample in enumerate(downsamples):
            level_width, level_height = width // downsample, height // downsample
            tiles = list(_tiles(slide, level_width, level_height, downsample, storing))
            if place == 0:
                tiles = [b"" if number in empty_tiles else tile for number, tile in enumerate(tiles)]
            extra: dict[str, Any] = {}
            if mpp is not None:
                extra = {"resolution": (1e4 / mpp / downsample, 1e4 / mpp / downsample), "resolutionunit": "CENTIMETER"}
            if storing is Storing.JPEG2000:
                # Only Aperio's files hold JPEG 2000 tiles.
                extra["description"] = f"Aperio Image Library v12.0.0\r\n{level_width}x{level_height} J2K/KDU Q=100"
                if mpp is not None:
                    extra["description"] += f"|AppMag = 20|MPP = {mpp}"
            if storing is Storing.JPEG_RGB:
                extra["extratags"] = [(347, 7, len(_TABLES), _TABLES, True)]
            tiff.write(
                iter(tiles),
                shape=(level_height, level_width, 3),
                dtype=np.uint8,
                tile=(tile_size, tile_size),
                subfiletype=1 if place else 0,
                metadata=None,
                software=False,
                **_LAYOUT[storing],
                **extra,
            )
    return slide


_LAYOUT: dict[Storing, dict[str, Any]] = {
    Storing.DEFLATE: {"photometric": "rgb", "compression": "adobe_deflate"},
    Storing.JPEG_YCBCR: {"photometric": "ycbcr", "compression": "jpeg", "subsampling": (1, 1)},
    Storing.JPEG_RGB: {"photometric": "rgb", "compression": "jpeg", "compressionargs": {"outcolorspace": "rgb"}},
    Storing.JPEG2000: {"photometric": "rgb", "compression": "aperio_jp2000_rgb"},
}


def _paint(
    code: Code, columns: npt.NDArray[Any], rows: npt.NDArray[Any], width: int, height: int, number: int
) -> npt.NDArray[np.float64]:
    x, y = np.meshgrid(columns, rows)
    if code is Code.SMOOTH:
        return np.stack([x * 255 / max(1, width - 1), y * 255 / max(1, height - 1), np.full(x.shape, number)], axis=2)
    whole_x, whole_y = np.floor(x).astype(int), np.floor(y).astype(int)
    return np.stack([whole_x & 255, whole_y & 255, (whole_x >> 8) | ((whole_y >> 8) << 4)], axis=2).astype(float)


def _tiles(slide: MadeSlide, width: int, height: int, downsample: int, storing: Storing) -> Iterator[bytes]:
    side = slide.tile_size
    for y in range(0, height, side):
        for x in range(0, width, side):
            inside = slide.expected(x, y, min(side, width - x), min(side, height - y), downsample)
            tile = np.zeros((side, side, 3), np.uint8)  # what lies beyond the edge is black: it must never be seen
            tile[: inside.shape[0], : inside.shape[1]] = np.clip(np.rint(inside), 0, 255)
            yield _encode(tile, storing)


def _encode(tile: Pixels, storing: Storing) -> bytes:
    if storing is Storing.DEFLATE:
        return bytes(imagecodecs.zlib_encode(tile.tobytes()))
    if storing is Storing.JPEG2000:
        return bytes(imagecodecs.jpeg2k_encode(tile, level=0, codecformat="j2k", reversible=True))
    if storing is Storing.JPEG_YCBCR:
        return bytes(
            imagecodecs.jpeg8_encode(tile, level=98, colorspace="rgb", outcolorspace="ycbcr", subsampling="444")
        )
    return _without_tables(_rgb_jpeg(tile))


def _rgb_jpeg(tile: Pixels) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(tile, level=98, colorspace="rgb", outcolorspace="rgb", optimize=False))


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, whole segment); the last one is the scan with all that follows."""
    at = 2
    while True:
        marker = jpeg[at + 1]
        if marker == 0xDA:
            yield marker, jpeg[at:]
            return
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        yield marker, jpeg[at : at + length]
        at += length


def _tables(jpeg: bytes) -> bytes:
    kept = [segment for marker, segment in _segments(jpeg) if marker in (0xDB, 0xC4)]
    return b"\xff\xd8" + b"".join(kept) + b"\xff\xd9"


def _without_tables(jpeg: bytes) -> bytes:
    """An abbreviated stream: no tables, no Adobe marker, components numbered 0, 1, 2."""
    out = io.BytesIO(b"\xff\xd8")
    out.seek(0, io.SEEK_END)
    for marker, segment in _segments(jpeg):
        if marker in (0xDB, 0xC4, 0xEE, 0xE0):
            continue
        changed = bytearray(segment)
        if marker in (0xC0, 0xC1, 0xC2):
            for component in range(3):
                changed[10 + 3 * component] = component
        elif marker == 0xDA:
            for component in range(3):
                changed[5 + 2 * component] = component
        out.write(changed)
    return out.getvalue()


_TABLES = _tables(_rgb_jpeg(np.zeros((16, 16, 3), np.uint8)))

"""A gigapixel slide of real tissue: the pixels of a small scan, mirrored and repeated over islands of tissue.

Written tile by tile as a tiled JPEG pyramid, so that memory stays small; made once and kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg
import tifffile

from api.slides.patch_source import PatchSource

TILE = 256
COLUMNS, ROWS = 352, 118
WIDTH, HEIGHT = COLUMNS * TILE, ROWS * TILE
LEVELS = (1, 4, 16, 64)
"""Downsamples, as scanners write them."""
TISSUE_SHARE = 0.30
_QUALITY = 80
_GLASS = 243

Pixels = npt.NDArray[np.uint8]


def giga_slide(path: Path, scan: Path) -> Path:
    """The slide at `path`, made from a scan of at least 6 x 6 tiles that shows tissue, unless it is there."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    source = PatchSource(scan)
    try:
        tissue = _densest(source)
        mpp = float(source.facts.mpp_x or 0.5)
    finally:
        source.close()
    pattern = np.concatenate([tissue, tissue[:, ::-1]], axis=1)
    pattern = np.concatenate([pattern, pattern[::-1]], axis=0)  # mirrored, so that it repeats without seams
    half_written = path.with_name(f".{path.name}.{os.getpid()}")
    islands = _islands()
    with tifffile.TiffWriter(half_written, bigtiff=True) as tiff:
        for downsample in LEVELS:
            tiff.write(
                _tiles(pattern, islands, downsample),
                shape=(HEIGHT // downsample, WIDTH // downsample, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="ycbcr",
                subsampling=(2, 2),
                compression="jpeg",
                resolution=(1e4 / (mpp * downsample), 1e4 / (mpp * downsample)),
                resolutionunit="CENTIMETER",
                subfiletype=0 if downsample == 1 else 1,
                metadata=None,
                software=False,
            )
    half_written.replace(path)
    return path


def _densest(source: PatchSource) -> Pixels:
    """The square of 6 x 6 tiles of the scan that holds the most tissue, uint8 RGB."""
    side = 6 * TILE
    low = source.read(0, 0, source.facts.width, source.facts.height, 16.0)
    colour = (low.max(axis=2).astype(np.int16) - low.min(axis=2) > 20).astype(np.float32)
    amount = cv2.boxFilter(colour, -1, (side // 16, side // 16), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    fits = amount[: (source.facts.height - side) // 16, : (source.facts.width - side) // 16]
    row, column = np.unravel_index(int(fits.argmax()), fits.shape)
    return source.read(int(column) * 16, int(row) * 16, side, side, 1.0)


def _islands() -> npt.NDArray[np.bool_]:
    """[rows, columns] of level-0 tiles that show tissue: smooth islands over `TISSUE_SHARE` of the slide."""
    noise = np.random.default_rng(6).normal(size=(ROWS, COLUMNS)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 12)
    return np.asarray(smooth > np.quantile(smooth, 1 - TISSUE_SHARE), np.bool_)


def _tiles(pattern: Pixels, islands: npt.NDArray[np.bool_], downsample: int) -> Iterator[bytes]:
    """The encoded tiles of a level, row by row; equal tiles are encoded once."""
    small = cv2.resize(pattern, None, fx=1 / downsample, fy=1 / downsample, interpolation=cv2.INTER_AREA)
    period, part = small.shape[0], TILE // downsample

    @lru_cache(maxsize=4096)
    def encoded(y: int, x: int, shown: bytes) -> bytes:
        rows = (np.arange(TILE) + y) % period
        columns = (np.arange(TILE) + x) % period
        tile = small[np.ix_(rows, columns)]
        mask = np.frombuffer(shown, np.bool_).reshape(downsample, downsample)
        tile[~mask.repeat(part, 0).repeat(part, 1)] = _GLASS
        data: bytes = simplejpeg.encode_jpeg(tile, quality=_QUALITY, colorspace="RGB", colorsubsampling="420")
        return data

    yield from _each(
        islands, downsample, lambda row, column, shown: encoded(row * TILE % period, column * TILE % period, shown)
    )


def _each(
    islands: npt.NDArray[np.bool_], downsample: int, encoded: Callable[[int, int, bytes], bytes]
) -> Iterator[bytes]:
    rows, columns = -(-ROWS // downsample), -(-COLUMNS // downsample)
    padded = np.zeros((rows * downsample, columns * downsample), np.bool_)
    padded[:ROWS, :COLUMNS] = islands
    for row in range(rows):
        for column in range(columns):
            top, left = row * downsample, column * downsample
            yield encoded(row, column, padded[top : top + downsample, left : left + downsample].tobytes())

"""Reads from a tiled TIFF file where its tiles lie. Call it in an isolated process: the file may be hostile."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from api.errors import UnsupportedSlide
from api.slides.container import JPEG, JPEG2000, Codec, ContainerIndex, ContainerLevel, StoredTiles
from api.slides.jpeg import ADOBE_RGB, SOI, first_frame, has_jfif

PASSTHROUGH_VENDORS = frozenset({"aperio", "generic-tiff"})
"""Vendors whose OpenSlide level is exactly the grid of stored tiles, without overlaps or gaps."""

_CODECS: dict[int, Codec] = {7: JPEG, 33005: JPEG2000}
_PHOTOMETRIC_RGB = 2
_PHOTOMETRIC_YCBCR = 6


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

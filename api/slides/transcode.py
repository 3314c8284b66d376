"""A slide's pixels as a pyramid that viewers get without decoding. Only for isolated processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from api.slides.patch_source import PatchSource
from api.slides.progress import teller
from api.slides.pyramid_writer import Pixels, write_pyramid
from api.slides.slide_file import open_slide

READ_PX = 4_000_000
"""Pixels asked for at once: little beside a band of a wide slide."""


def transcode(
    source: Path,
    target: Path,
    *,
    level_sizes: Sequence[tuple[int, int]],
    tile_size: int,
    mpp: tuple[float, float] | None,
    progress: Path,
) -> None:
    """Write the slide as a pyramid TIFF of JPEG tiles with its colour profile; neither label nor macro, nor any names.

    Args:
        level_sizes: (width, height) of the client's levels, finest first; the first is the slide's own.
        tile_size: side of the client's tiles in pixels, a multiple of 16.
        mpp: micrometres per level-0 pixel to say in the file.
        progress: a file that says from time to time how much is done, 0 to 1.

    Raises:
        UnsupportedSlide: a part of it can't be decoded.
        OSError: the disk is full.
    """
    slide = open_slide(source)
    try:
        icc = slide.colour_profile()
    finally:
        slide.close()
    tell = teller(progress)
    pixels = PatchSource(source)
    try:
        width, height = level_sizes[0]
        step = tile_size * max(1, READ_PX // tile_size**2)

        def read_band(top: int, rows: int) -> Pixels:
            band = np.empty((rows, width, 3), np.uint8)
            for left in range(0, width, step):
                columns = min(step, width - left)
                band[:, left : left + columns] = pixels.read(left, top, columns, rows, 1.0)
            return band

        write_pyramid(
            target,
            read_band,
            level_sizes,
            tile_size,
            mpp=mpp,
            icc=icc,
            on_rows=lambda rows: tell(rows / height),
        )
    finally:
        pixels.close()

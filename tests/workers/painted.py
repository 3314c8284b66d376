"""A slide painted for the stand-in models: glass, tissue, and lesions whose outlines are known in micrometres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
import tifffile

GLASS, TISSUE, LESION, ODD_LESION = (244, 244, 244), (200, 120, 200), (230, 60, 30), (230, 160, 30)
LESION_PROBABILITY = (230 - 30) / 255


@dataclass(frozen=True)
class PaintedSlide:
    """A slide file; shapes in micrometres from the slide's corner."""

    path: Path
    mpp: float
    width_um: float
    height_um: float
    tissue: shapely.Geometry
    lesions: shapely.Geometry
    odd_lesions: shapely.Geometry
    """Those of which the model `doubtful` is unsure."""

    @property
    def lesions_px(self) -> shapely.Geometry:
        """The lesions in level-0 pixels."""
        return shapely.transform(self.lesions, lambda points: points / self.mpp)


def paint_slide(
    path: Path,
    *,
    mpp: float,
    width_um: int = 1600,
    height_um: int = 1200,
    tissue: Sequence[shapely.Geometry] = (),
    lesions: Sequence[shapely.Geometry] = (),
    odd_lesions: Sequence[shapely.Geometry] = (),
    levels: int = 4,
) -> PaintedSlide:
    """Write a lossless tiled pyramid. A pixel shows what lies under its centre."""
    shapes = (shapely.union_all(one) for one in (tissue, lesions, odd_lesions))
    slide = PaintedSlide(path, mpp, width_um, height_um, *shapes)
    with tifffile.TiffWriter(path) as tiff:
        for level in range(levels):
            size = mpp * 2**level
            tiff.write(
                _paint(slide, size),
                tile=(256, 256),
                photometric="rgb",
                compression="adobe_deflate",
                resolution=(1e4 / size, 1e4 / size),
                resolutionunit="CENTIMETER",
                subfiletype=1 if level else 0,
                metadata=None,
                software=False,
            )
    return slide


def _paint(slide: PaintedSlide, um_a_pixel: float) -> np.ndarray:
    columns, rows = round(slide.width_um / um_a_pixel), round(slide.height_um / um_a_pixel)
    x, y = np.meshgrid((np.arange(columns) + 0.5) * um_a_pixel, (np.arange(rows) + 0.5) * um_a_pixel)
    picture = np.full((rows, columns, 3), GLASS, np.uint8)
    for shape, color in ((slide.tissue, TISSUE), (slide.lesions, LESION), (slide.odd_lesions, ODD_LESION)):
        if not shape.is_empty:
            shapely.prepare(shape)
            picture[shapely.contains_xy(shape, x, y)] = color
    return picture

"""A label mask: an image whose pixel value is the number of a term, 0 where nothing lies.

The mask is as fine as asked and as memory allows; its description says which number is which term and how many level-0
pixels one of its pixels spans. Larger areas are painted first, so that a small one in a large one shows.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from api.annotations.geometry import AREAL, extent_of
from api.errors import InvalidInput
from api.exchange.feature import Feature, SlideFacts

MAX_SIDE_PX = 16_384
DEFAULT_SIDE_PX = 8_192
MAX_TERMS = 255
_SHIFT = 6
"""Bits of a pixel's fraction that OpenCV is given."""


@dataclass(frozen=True)
class Mask:
    """A painted mask.

    Attributes:
        values: (h, w) uint8; 0 is nothing, n is `terms[n - 1]`.
        downsample: level-0 pixels per mask pixel.
    """

    values: NDArray[np.uint8]
    terms: tuple[str, ...]
    downsample: float


def default_downsample(slide: SlideFacts) -> float:
    """The finest power of two at which the mask's longer side is at most `DEFAULT_SIDE_PX`."""
    return 2.0 ** max(0, math.ceil(math.log2(max(slide.width, slide.height) / DEFAULT_SIDE_PX)))


def paint(features: Sequence[Feature], slide: SlideFacts, downsample: float) -> Mask:
    """The areas among `features` as a label mask; points and lines have no area and are left out.

    Raises:
        InvalidInput: the mask would be too large, or there are more terms than numbers.
    """
    if not 1 <= downsample <= 1024 or max(slide.width, slide.height) / downsample > MAX_SIDE_PX:
        least = max(1, math.ceil(max(slide.width, slide.height) / MAX_SIDE_PX))
        raise InvalidInput(
            f"A mask at downsample {downsample:g} can't be made of this slide. Ask for {least} to 1024.",
            code="BAD_DOWNSAMPLE",
            field="downsample",
            params={"least": least},
        )
    areas = [feature for feature in features if feature.geometry.kind in AREAL]
    terms = tuple(sorted({feature.term or "" for feature in areas}))
    if len(terms) > MAX_TERMS:
        raise InvalidInput(f"There are {len(terms)} terms; a mask has room for {MAX_TERMS}. Export one term at a time.")
    numbers = {term: number for number, term in enumerate(terms, start=1)}
    shape = math.ceil(slide.height / downsample), math.ceil(slide.width / downsample)
    values = np.zeros(shape, dtype=np.uint8)
    for feature in sorted(areas, key=lambda one: -extent_of(one.geometry).area_px):
        for polygon in feature.geometry.polygons:
            # A pixel's centre lies at +0.5; OpenCV takes whole numbers for centres. Holes fill by the even-odd rule.
            rings = [np.rint((ring / downsample - 0.5) * 2**_SHIFT).astype(np.int32) for ring in polygon]
            cv2.fillPoly(values, rings, numbers[feature.term or ""], lineType=cv2.LINE_8, shift=_SHIFT)
    return Mask(values, terms, downsample)


def to_png(mask: Mask) -> bytes:
    """8-bit grey PNG; the description travels in the TIFF only."""
    done, data = cv2.imencode(".png", mask.values)
    assert done, "OpenCV writes 8-bit grey PNGs"
    return bytes(data.tobytes())


def to_tiff(mask: Mask) -> bytes:
    """Tiled, deflated 8-bit TIFF with a JSON description: `{"downsample", "terms": {"1": name, …}}`."""
    names = {str(number): name or "none" for number, name in enumerate(mask.terms, start=1)}
    description = json.dumps({"downsample": mask.downsample, "terms": names})  # ASCII, as TIFF wants it
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, mask.values, tile=(512, 512), compression="zlib", photometric="minisblack", description=description
    )
    return buffer.getvalue()

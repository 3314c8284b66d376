"""A flat picture (PNG, JPEG, plain TIFF) made into a tiled pyramid. Only for isolated processes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import simplejpeg
import tifffile

from api.errors import UnsupportedSlide
from api.slides.slide_file import Pixels, damaged, on_white

MAX_FLAT_PX = 100_000_000
TILE_SIZE = 256
QUALITY = 92


def convert_to_pyramid(source: Path, target: Path, mpp: float | None = None) -> None:
    """Write a pyramid TIFF of JPEG tiles, levels halving until one tile is left.

    Args:
        mpp: micrometres per pixel to say in the file; a picture's own resolution is never a microscope's.

    Raises:
        UnsupportedSlide: `SLIDE_TOO_LARGE` over 100 megapixels, `SLIDE_DAMAGED` when it can't be decoded.
    """
    pixels = _decode(source)
    with tifffile.TiffWriter(target, bigtiff=False) as tiff:
        for level in itertools.count():
            height, width = pixels.shape[:2]
            tiff.write(
                _tiles(pixels),
                shape=(height, width, 3),
                dtype=np.uint8,
                tile=(TILE_SIZE, TILE_SIZE),
                photometric="ycbcr",
                subsampling=(1, 1),
                compression="jpeg",
                subfiletype=1 if level else 0,
                metadata=None,
                software="Coslide",
                **_resolution(None if mpp is None else mpp * 2**level),
            )
            if width <= TILE_SIZE and height <= TILE_SIZE:
                return
            half = (max(1, -(-width // 2)), max(1, -(-height // 2)))
            pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), np.uint8)


def _resolution(mpp: float | None) -> dict[str, Any]:
    """TIFF's resolution tags; centimetres are the unit that slide readers trust."""
    if mpp is None:
        return {"resolutionunit": "none"}
    per_centimetre = 10_000 / mpp
    return {"resolution": (per_centimetre, per_centimetre), "resolutionunit": "centimeter"}


def _decode(source: Path) -> Pixels:
    """The picture as uint8 RGB (h, w, 3)."""
    # The limit is checked below, before a pixel is decoded.
    PIL.Image.MAX_IMAGE_PIXELS = None
    try:
        with PIL.Image.open(source) as image:
            width, height = image.size
            if width * height > MAX_FLAT_PX:
                raise UnsupportedSlide(
                    f"The picture has {width} x {height} pixels; flat pictures may have {MAX_FLAT_PX // 1_000_000} "
                    f"million. Convert it to a tiled pyramid TIFF and upload that.",
                    code="SLIDE_TOO_LARGE",
                    params={"width": width, "height": height, "limit": MAX_FLAT_PX},
                )
            if image.mode.startswith(("I", "F")):
                raise UnsupportedSlide(
                    f"The picture's pixels are of kind '{image.mode}'; only 8-bit pictures are supported. Export it "
                    f"as 8-bit RGB.",
                    code="SLIDE_NOT_RGB",
                    params={"mode": image.mode},
                )
            return on_white(np.asarray(image.convert("RGBA" if "A" in image.mode or image.mode == "P" else "RGB")))
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged(str(error)) from error


def _tiles(pixels: Pixels) -> Iterator[bytes]:
    """The JPEG tiles row by row; those at the edges are filled up with their last pixels."""
    height, width = pixels.shape[:2]
    for y in range(0, height, TILE_SIZE):
        for x in range(0, width, TILE_SIZE):
            tile = pixels[y : y + TILE_SIZE, x : x + TILE_SIZE]
            missing = (TILE_SIZE - tile.shape[0], TILE_SIZE - tile.shape[1])
            if any(missing):
                tile = np.pad(tile, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
            yield simplejpeg.encode_jpeg(
                np.ascontiguousarray(tile), quality=QUALITY, colorspace="RGB", colorsubsampling="444"
            )

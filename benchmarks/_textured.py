"""Slides with enough texture that their tiles weigh what a stained section's do (about 15 kB for 256 x 256 pixels)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile

Pixels = npt.NDArray[np.uint8]
TILE = 256


def textured(side: int, seed: int) -> Pixels:
    """(side, side, 3) uint8 RGB: noise of three scales in pink and violet."""
    chance = np.random.default_rng(seed)
    picture = np.full((side, side, 3), (222, 170, 200), np.float32)
    for scale, strength in ((2, 10), (8, 22), (64, 30)):
        noise = chance.normal(size=(side // scale, side // scale, 1)).astype(np.float32)
        grown = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
        picture += grown[:, :, None] * strength * np.array([0.6, 1.0, 0.5], np.float32)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def write_slide(path: Path, pixels: Pixels, downsamples: Sequence[int], *, jpeg2000: bool = False) -> None:
    """A tiled pyramid of these levels: JPEG 4:2:0 as most scanners write, or JPEG 2000 as some of Aperio's do."""
    layout: dict[str, Any] = {"photometric": "ycbcr", "compression": "jpeg", "subsampling": (2, 2)}
    with tifffile.TiffWriter(path) as tiff:
        for place, downsample in enumerate(downsamples):
            side = pixels.shape[0] // downsample
            level = np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
            if jpeg2000:
                description = f"Aperio Image Library v12.0.0\r\n{side}x{side} J2K/KDU Q=70"
                layout = {"photometric": "rgb", "compression": "aperio_jp2000_rgb", "description": description}
            tiff.write(
                _tiles(level, jpeg2000),
                shape=level.shape,
                dtype=np.uint8,
                tile=(TILE, TILE),
                subfiletype=1 if place else 0,
                metadata=None,
                **layout,
            )


def _tiles(pixels: Pixels, jpeg2000: bool) -> Iterator[bytes]:
    for y in range(0, pixels.shape[0], TILE):
        for x in range(0, pixels.shape[1], TILE):
            tile = np.ascontiguousarray(pixels[y : y + TILE, x : x + TILE])
            if jpeg2000:
                yield bytes(imagecodecs.jpeg2k_encode(tile, level=38, codecformat="j2k", reversible=False))
            else:
                yield bytes(imagecodecs.jpeg8_encode(tile, level=80, subsampling="420"))

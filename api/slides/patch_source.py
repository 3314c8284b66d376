"""Patches of a slide at any downsample, fast: what models read. Only for processes that are isolated by being workers.

Stored JPEG tiles are decoded at 1/2, 1/4 or 1/8 size in the DCT domain, stored JPEG 2000 tiles as they are, and what
remains is resized by area. Everything else goes through OpenSlide.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

import cv2
import imagecodecs
import numpy as np
import simplejpeg

from api.slides.container import JPEG, ContainerLevel, StoredTiles
from api.slides.container_index import index_container
from api.slides.slide_file import MAX_REGION_PX, Pixels, damaged, open_slide

CACHED_TILE_BYTES = 24 << 20
_DCT_FACTORS = (8, 4, 2, 1)
_SLACK = 1.01
_WHOLE = 1e-3
"""A pixel that lies on the slide but for this share of it lies wholly on it."""


class PatchSource:
    """Reads patches of one slide. Not thread-safe: one per thread.

    Raises:
        UnsupportedSlide: the file can't be opened as a slide.
    """

    def __init__(self, path: Path, *, cache_bytes: int | None = None) -> None:
        self._slide = open_slide(path)
        self.facts = self._slide.describe()
        self._tiles = StoredTiles(path, index_container(path, self.facts.vendor, self.facts.level_sizes))
        self._cache: OrderedDict[tuple[int, int, int, int], Pixels | None] = OrderedDict()
        self._cached_bytes = 0
        self._most_bytes = CACHED_TILE_BYTES if cache_bytes is None else cache_bytes

    def read(self, x: int, y: int, width: int, height: int, downsample: float) -> Pixels:
        """A region as uint8 RGB (round(height / downsample), round(width / downsample), 3); outside the slide is white.

        Positions are exact where `x` and `y` are multiples of `downsample`, else within half an output pixel.

        Args:
            x, y, width, height: level-0 pixels; the region may lie partly or wholly outside the slide.
            downsample: level-0 pixels per output pixel, at least 1.

        Raises:
            UnsupportedSlide: `SLIDE_DAMAGED`, the pixels can't be decoded.
            ValueError: the region or the downsample makes no sense, or the output is too large for memory.
        """
        out_width, out_height = round(width / downsample), round(height / downsample)
        if downsample < 1 or out_width < 1 or out_height < 1 or out_width * out_height > MAX_REGION_PX:
            raise ValueError(f"can't read {width} x {height} level-0 pixels at downsample {downsample:g}")
        native = self._slide.best_level(downsample)
        own_downsample = self._slide.level_downsamples[native]
        stored = self._tiles.index.levels.get(native)
        factor = 1
        if stored is not None and stored.codec == JPEG:
            factor = next(f for f in _DCT_FACTORS if own_downsample * f <= downsample * _SLACK)
        # Pixels of the level as decoded, `factor` times smaller than stored.
        pixel = own_downsample * factor
        left, top = round(x / pixel), round(y / pixel)
        columns, rows = max(1, round(width / pixel)), max(1, round(height / pixel))
        if stored is not None:
            pixels = self._assemble(stored, factor, left, top, columns, rows)
        else:
            pixels = self._read_openslide(native, left, top, columns, rows)
        if (columns, rows) != (out_width, out_height):
            pixels = np.asarray(cv2.resize(pixels, (out_width, out_height), interpolation=cv2.INTER_AREA), np.uint8)
        return pixels

    def close(self) -> None:
        self._tiles.close()
        self._slide.close()

    def _assemble(self, level: ContainerLevel, factor: int, left: int, top: int, columns: int, rows: int) -> Pixels:
        """A region of stored tiles; all numbers in decoded pixels, `factor` times smaller than the level's."""
        canvas = np.full((rows, columns, 3), 255, np.uint8)
        side = level.tile_size // factor
        right = min(left + columns, -(-level.width // factor))
        bottom = min(top + rows, -(-level.height // factor))
        if right <= left or bottom <= top:
            return canvas
        for row in range(max(0, top) // side, -(-bottom // side)):
            for column in range(max(0, left) // side, -(-right // side)):
                tile = self._decoded(level, factor, column, row)
                if tile is None:
                    continue
                x0, x1 = max(left, column * side), min(right, (column + 1) * side)
                y0, y1 = max(top, row * side), min(bottom, (row + 1) * side)
                canvas[y0 - top : y1 - top, x0 - left : x1 - left] = tile[
                    y0 - row * side : y1 - row * side, x0 - column * side : x1 - column * side
                ]
        return canvas

    def _decoded(self, level: ContainerLevel, factor: int, column: int, row: int) -> Pixels | None:
        key = (level.native, factor, column, row)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        data = self._tiles.read(level.native, column, row)
        tile: Pixels | None = None
        if data is not None and level.codec == JPEG:
            tile = _reduced_at_edge(data, level, factor, column, row)
            if tile is None:
                tile = decode_reduced(data, level.tile_size, factor)
        elif data is not None:
            tile = decode_jpeg2000(data, level.tile_size)
        self._cache[key] = tile
        self._cached_bytes += 0 if tile is None else tile.nbytes
        while self._cached_bytes > self._most_bytes:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= 0 if dropped is None else dropped.nbytes
        return tile

    def _read_openslide(self, native: int, left: int, top: int, columns: int, rows: int) -> Pixels:
        """A region of one of the file's levels, in bands that bound the memory."""
        band = max(1, MAX_REGION_PX // 4 // columns)
        parts = [
            self._slide.read_region(native, left, top + start, columns, min(band, rows - start))
            for start in range(0, rows, band)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


class Source(Protocol):
    """Where pixels come from; `PatchSource` is one."""

    def read(self, x: int, y: int, width: int, height: int, downsample: float) -> Pixels: ...


def read_at(source: Source, x: float, y: float, width: float, height: float, downsample: float) -> Pixels:
    """A region as (round(height / downsample), round(width / downsample), 3); enlarged for a `downsample` under 1."""
    pixels = source.read(round(x), round(y), round(width), round(height), max(1.0, downsample))
    return _enlarged(pixels, width, height, downsample)


def read_window(source: Source, x: float, y: float, side: float, downsample: float, l0_size: tuple[int, int]) -> Pixels:
    """A model's window as `read_at` gives it, but for what lies beyond the slide's border: its mirror image.

    White there would be an edge of tissue that the slide does not have. A window wholly beside the slide is white.

    Args:
        x, y, side: level-0 pixels.
        l0_size: width and height of the slide in level-0 pixels.
    """
    l0_x, l0_y, l0_side, read_downsample = round(x), round(y), round(side), max(1.0, downsample)
    pixels = source.read(l0_x, l0_y, l0_side, l0_side, read_downsample)
    (left, right), (top, bottom) = (
        _on_slide(start, size, read_downsample, len(pixels)) for start, size in zip((l0_x, l0_y), l0_size, strict=True)
    )
    if left < right and top < bottom:
        beyond = top, len(pixels) - bottom, left, len(pixels) - right
        if any(beyond):
            inside = pixels[top:bottom, left:right]
            pixels = np.asarray(cv2.copyMakeBorder(inside, *beyond, borderType=cv2.BORDER_REFLECT), np.uint8)
    return _enlarged(pixels, side, side, downsample)


def _enlarged(pixels: Pixels, width: float, height: float, downsample: float) -> Pixels:
    """Level-0 pixels at a downsample under 1; for others `pixels` as they are."""
    if downsample >= 1:
        return pixels
    size = (round(width / downsample), round(height / downsample))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _on_slide(start: float, size: int, downsample: float, count: int) -> tuple[int, int]:
    """Of `count` pixels from `start` on, the first and the one after the last that lie wholly on the slide."""
    first = math.ceil(-start / downsample - _WHOLE)
    last = math.floor((size - start) / downsample + _WHOLE)
    return max(0, first), min(count, last)


def _reduced_at_edge(data: bytes, level: ContainerLevel, factor: int, column: int, row: int) -> Pixels | None:
    """A tile where the slide ends in the middle of a reduced pixel; None for all others.

    The DCT domain would mix the padding beyond the edge into that pixel.
    """
    side = level.tile_size
    width, height = min(side, level.width - column * side), min(side, level.height - row * side)
    if width % factor == 0 and height % factor == 0:
        return None
    inside = decode_reduced(data, side, 1)[:height, :width]
    padded = np.pad(inside, ((0, -height % factor), (0, -width % factor), (0, 0)), mode="edge")
    size = padded.shape[1] // factor, padded.shape[0] // factor
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), np.uint8)


def decode_reduced(data: bytes, tile_size: int, factor: int) -> Pixels:
    """A stored JPEG tile as (tile_size / factor, tile_size / factor, 3) uint8 RGB, reduced in the DCT domain.

    Args:
        factor: 1, 2, 4 or 8.

    Raises:
        UnsupportedSlide: `SLIDE_DAMAGED`, the stream is broken or of another size.
    """
    side = tile_size // factor
    try:
        tile: Pixels = simplejpeg.decode_jpeg(
            data, "RGB", min_height=side, min_width=side, min_factor=factor, strict=False
        )
    except ValueError as error:
        raise damaged(f"a tile is broken ({error})") from error
    if tile.shape != (side, side, 3):
        raise damaged(f"a tile has {tile.shape[1]} x {tile.shape[0]} pixels instead of {side} x {side}")
    return tile


def decode_jpeg2000(data: bytes, tile_size: int) -> Pixels:
    """A stored JPEG 2000 tile as (tile_size, tile_size, 3) uint8 RGB.

    Raises:
        UnsupportedSlide: `SLIDE_DAMAGED`, the stream is broken or of another kind.
    """
    try:
        tile = imagecodecs.jpeg2k_decode(data)
    except (imagecodecs.Jpeg2kError, ValueError) as error:
        raise damaged(f"a tile is broken ({error})") from error
    if tile.dtype != np.uint8 or tile.shape != (tile_size, tile_size, 3):
        raise damaged(f"a tile is {tile.dtype} {tile.shape} instead of 8-bit RGB of {tile_size} x {tile_size}")
    pixels: Pixels = tile
    return pixels

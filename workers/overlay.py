"""Draws the heatmap while a prediction runs: RGBA tiles at the model's resolution and a pyramid of halves above them.

R is the positive class's probability, G that of the other classes but the background, B how unsure the model is (128 or
more: unsure), A 255 where it has looked, else 0. Colour, threshold and opacity are the client's.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt

from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.model_info import ModelInfo
from workers.patches import Cell
from workers.plan import Plan
from workers.result import Blended
from workers.stitching import CellTracker, Probabilities

Tile = npt.NDArray[np.uint8]
"""(tile_px, tile_px, 4) uint8 RGBA."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_UNWRITTEN = 64


class Overlay:
    """Keeps the tile files of one prediction up to date; used from one thread at a time.

    A tile is drawn when its patch has come and once more when the neighbours that reach into it have. What is drawn
    depends only on which patches there are, so a prediction that was interrupted ends with the same picture.
    """

    def __init__(self, plan: Plan, model: ModelInfo, blended: Blended, store: HeatmapStore, levels: int) -> None:
        self._plan = plan
        self._model = model
        self._others = [index for index, item in enumerate(model.classes) if index > 0 and not item.positive]
        self._blended = blended
        self._store = store
        self._levels = levels
        self._versions = store.versions()
        self._unwritten: dict[TileKey, Tile] = {}
        self._tracker = CellTracker(plan.cells)

    @property
    def done(self) -> int:
        """How many cells are on the overlay."""
        return self._tracker.done

    def add(self, cells: Iterable[Cell], version: int, *, with_coarse: bool = True) -> list[TileKey]:
        """Draw newly finished cells as `version`, higher than any before; the tiles that changed.

        Args:
            with_coarse: also write the levels above the finest, which otherwise wait for the next call that does.
        """
        dirty: dict[Cell, None] = {}
        for cell in cells:
            dirty[cell] = None
            dirty.update(dict.fromkeys(self._tracker.finish(cell)))
        written: dict[TileKey, None] = {}
        for cell in dirty:
            key = TileKey(0, *cell)
            self._write(key, self._draw(cell), version)
            written[key] = None
            if len(self._unwritten) > _MOST_UNWRITTEN:
                written.update(dict.fromkeys(self._write_coarse(version)))
        if with_coarse:
            written.update(dict.fromkeys(self._write_coarse(version)))
        return list(written)

    def _write_coarse(self, version: int) -> list[TileKey]:
        """Write what waits, level by level: each changes the one above."""
        written = []
        for level in range(1, self._levels):
            for key in [key for key in self._unwritten if key.level == level]:
                self._write(key, self._unwritten.pop(key), version)
                written.append(key)
        return written

    def _draw(self, cell: Cell) -> Tile:
        """A cell's tile; clear outside what is predicted."""
        rows, columns = self._plan.grid.inside(cell)
        side = self._plan.grid.cell_px
        tile = np.zeros((side, side, 4), np.uint8)
        planes = self._blended.cell(cell, self._tracker.has)[:, rows, columns]
        inside = tile[rows, columns]
        inside[..., 0] = planes[self._model.positive_index]
        inside[..., 1] = planes[self._others].astype(np.uint16).sum(axis=0).clip(0, 255)
        inside[..., 2] = planes[self._model.unsure_index] if self._model.knows_unsure else undecided(planes)
        inside[..., 3] = 255
        return tile

    def _write(self, key: TileKey, tile: Tile, version: int) -> None:
        """Keep a tile's version and the one before, and put the tile's half into its parent."""
        self._store.write(key, version, encode_png(tile))
        versions = self._versions.setdefault(key, [])
        if not versions or versions[-1] != version:
            versions.append(version)
        while len(versions) > 2:
            self._store.forget(key, versions.pop(0))
        if key.level + 1 < self._levels:
            half = self._plan.grid.cell_px // 2
            y, x = (key.row % 2) * half, (key.column % 2) * half
            self._waiting(key.parent)[y : y + half, x : x + half] = halved(tile)

    def _waiting(self, key: TileKey) -> Tile:
        """The tile that waits to be written, begun from its newest version."""
        if key not in self._unwritten:
            side = self._plan.grid.cell_px
            versions = self._versions.get(key)
            data = self._store.read(key, versions[-1]) if versions else None
            self._unwritten[key] = np.zeros((side, side, 4), np.uint8) if data is None else decode_png(data)
        return self._unwritten[key]


def undecided(probabilities: Probabilities) -> npt.NDArray[np.uint8]:
    """(C, h, w) to (h, w): 255 where the two best classes tie, 0 where one has all. For models that know no better."""
    best, second = probabilities[0], np.zeros_like(probabilities[0])
    for probability in probabilities[1:]:
        second = np.maximum(second, np.minimum(best, probability))
        best = np.maximum(best, probability)
    return np.asarray(255 - (best - second), np.uint8)


def halved(tile: Tile) -> Tile:
    """Half the size; a pixel is the mean of those of its four that are inferred, and inferred when any of them is."""
    known = tile[..., 3] > 0
    if known.all():
        return np.asarray(cv2.resize(tile, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    sums = np.zeros((tile.shape[0] // 2, tile.shape[1] // 2, 4), np.uint16)
    number = np.zeros((*sums.shape[:2], 1), np.uint16)
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        counted = known[y::2, x::2, np.newaxis]
        sums += tile[y::2, x::2] * counted
        number += counted
    return np.asarray((sums + number // 2) // np.maximum(number, 1), np.uint8)


def encode_png(tile: Tile) -> bytes:
    """A PNG of the tile, lossless. Three times as fast as OpenCV's: one filter (Sub) and libdeflate."""
    height, width, _ = tile.shape
    pixels = tile.reshape(height, -1)
    rows = np.empty((height, 1 + 4 * width), np.uint8)
    rows[:, 0] = 1
    rows[:, 1:] = pixels
    rows[:, 5:] -= pixels[:, :-4]
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = bytes(imagecodecs.deflate_encode(rows.tobytes(), level=1))
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def decode_png(data: bytes) -> Tile:
    """The pixels of a tile that `encode_png` made."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"{len(data)} bytes are no PNG")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA), np.uint8)

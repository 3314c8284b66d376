"""Draws the heatmap while a prediction runs: RGBA tiles at the model's resolution and a pyramid of halves above them.

R is the positive class's probability, G that of the other classes but the background, B how unsure the model is (128 or
more: unsure), A 255 where it has looked, else 0. Colour, threshold and opacity are the client's.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from api.predictions.at_once import shown
from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.model_info import ModelInfo
from api.predictions.png import Tile, decode_png, encode_png
from workers.patches import Cell
from workers.plan import Plan
from workers.result import Blended
from workers.stitching import CellTracker

_MOST_UNWRITTEN = 64


class Overlay:
    """Keeps the tile files of one prediction up to date; used from one thread at a time.

    A tile is drawn when its patch has come and once more when the neighbours that reach into it have. What is drawn
    depends only on which patches there are, so a prediction that was interrupted ends with the same picture.
    """

    def __init__(self, plan: Plan, model: ModelInfo, blended: Blended, store: HeatmapStore, levels: int) -> None:
        self._plan = plan
        self._model = model
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
        tile[rows, columns] = shown(planes, self._model)
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

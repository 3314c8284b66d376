"""Draws the heatmap while a prediction runs: RGBA tiles at the model's resolution and a pyramid of halves above them.

R is the positive class's probability, G that of the other classes but the background, B how unsure the model is (255
when its two best classes tie), A 255 where it has looked, else 0. Colour, threshold and opacity are the client's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import cv2
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

_CACHED_TILES = 48


class Overlay:
    """Keeps the tile files of one prediction up to date; used from one thread at a time.

    A tile is drawn when its patch has come and once more when the neighbours that reach into it have. What is drawn
    depends only on which patches there are, so a prediction that was interrupted ends with the same picture.
    """

    def __init__(self, plan: Plan, model: ModelInfo, blended: Blended, store: HeatmapStore, levels: int) -> None:
        self._plan = plan
        self._positive = model.positive_index
        self._others = [index for index, item in enumerate(model.classes) if index > 0 and not item.positive]
        self._blended = blended
        self._store = store
        self._levels = levels
        self._versions = store.versions()
        self._cache: OrderedDict[TileKey, Tile] = OrderedDict()
        self._tracker = CellTracker(plan.cells)

    @property
    def done(self) -> int:
        """How many cells are on the overlay."""
        return self._tracker.done

    def add(self, cells: Iterable[Cell], version: int) -> list[TileKey]:
        """Draw newly finished cells as `version`, higher than any before; the tiles that changed, finest first."""
        dirty: dict[Cell, None] = {}
        for cell in cells:
            dirty[cell] = None
            dirty.update(dict.fromkeys(self._tracker.finish(cell)))
        changed: dict[TileKey, Tile] = {}
        for cell in dirty:
            changed[TileKey(0, *cell)] = self._draw(cell)
        drawn = list(changed)
        for key, tile in changed.items():
            self._keep(key, tile, version)
        while changed and next(iter(changed)).level + 1 < self._levels:
            changed = self._parents(changed)
            for key, tile in changed.items():
                self._keep(key, tile, version)
            drawn.extend(changed)
        return drawn

    def _draw(self, cell: Cell) -> Tile:
        """A cell's tile; clear outside what is predicted."""
        rows, columns = self._plan.grid.inside(cell)
        side = self._plan.grid.cell_px
        tile = np.zeros((side, side, 4), np.uint8)
        probabilities = self._blended.cell(cell, self._tracker.has)[:, rows, columns]
        inside = tile[rows, columns]
        inside[..., 0] = probabilities[self._positive]
        inside[..., 1] = probabilities[self._others].astype(np.uint16).sum(axis=0).clip(0, 255)
        inside[..., 2] = unsure(probabilities)
        inside[..., 3] = 255
        return tile

    def _parents(self, children: dict[TileKey, Tile]) -> dict[TileKey, Tile]:
        """The tiles one level up, with the changed quarters replaced."""
        parents: dict[TileKey, Tile] = {}
        for key, tile in children.items():
            if key.parent not in parents:
                parents[key.parent] = self._current(key.parent).copy()
            half = self._plan.grid.cell_px // 2
            y, x = (key.row % 2) * half, (key.column % 2) * half
            parents[key.parent][y : y + half, x : x + half] = halved(tile)
        return parents

    def _current(self, key: TileKey) -> Tile:
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        side = self._plan.grid.cell_px
        versions = self._versions.get(key)
        data = self._store.read(key, versions[-1]) if versions else None
        if data is None:
            return np.zeros((side, side, 4), np.uint8)
        return decode_png(data)

    def _keep(self, key: TileKey, tile: Tile, version: int) -> None:
        self._store.write(key, version, encode_png(tile))
        versions = self._versions.setdefault(key, [])
        versions.append(version)
        while len(versions) > 2:
            self._store.forget(key, versions.pop(0))
        if key.level > 0:
            self._cache[key] = tile
            self._cache.move_to_end(key)
            while len(self._cache) > _CACHED_TILES:
                self._cache.popitem(last=False)


def unsure(probabilities: Probabilities) -> npt.NDArray[np.uint8]:
    """(C, h, w) to (h, w): 255 where the two best classes tie, 0 where one has all."""
    best_two = np.partition(probabilities, len(probabilities) - 2, axis=0)[-2:]
    return np.asarray(255 - (best_two[1] - best_two[0]), np.uint8)


def halved(tile: Tile) -> Tile:
    """Half the size; a pixel is the mean of those of its four that are inferred, and inferred when any of them is."""
    known = tile[..., 3] > 0
    if known.all():
        return np.asarray(cv2.resize(tile, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = tile.shape[0] // 2, tile.shape[1] // 2
    quads = tile.reshape(height, 2, width, 2, 4).astype(np.uint16)
    counted = known.reshape(height, 2, width, 2, 1)
    number = counted.sum(axis=(1, 3), dtype=np.uint16)
    sums = (quads * counted).sum(axis=(1, 3), dtype=np.uint16)
    return np.asarray((sums + number // 2) // np.maximum(number, 1), np.uint8)


def encode_png(tile: Tile) -> bytes:
    """Lossless and fast: the lowest compression that still compresses."""
    _, data = cv2.imencode(".png", cv2.cvtColor(tile, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()


def decode_png(data: bytes) -> Tile:
    """The pixels of a tile that `encode_png` made."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"{len(data)} bytes are no PNG")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA), np.uint8)

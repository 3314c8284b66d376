"""Draws the heatmap while a prediction runs: RGBA tiles at the model's resolution and a pyramid of halves above them.

R is the positive class's probability, G that of the other classes but the background, B how unsure the model is (128 or
more: unsure), A 255 where it has looked, else 0. Colour, threshold and opacity are the client's.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

import cv2
import numpy as np
import numpy.typing as npt

from api.predictions.at_once import shown
from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.model_info import ModelInfo
from api.predictions.png import Tile, decode_png, encode_png, least_alpha
from workers.patches import Cell
from workers.plan import Plan
from workers.result import Blended
from workers.stitching import CellTracker

ROUGH = 2
"""The level on which a patch shows before it is final: a tile of it holds four by four cells."""
_FEW = 64
"""Predictions of so few patches are drawn as they come, wherever people look."""
_MOST_UNWRITTEN = 32
_MOST_WRITTEN = 24
"""Tiles in memory, of 0.8 MB each."""


class Overlay:
    """Keeps the tile files of one prediction up to date; used from one thread at a time.

    A tile of the finest level is drawn when it is final: when its patch and those that reach into it have come. Where
    somebody looks it is drawn before, as soon as its patch has come. Elsewhere the patch shows at once on the level
    `ROUGH`, which costs little. What is drawn in the end depends only on which patches there are, so a prediction
    that was interrupted ends with the same picture.
    """

    def __init__(self, plan: Plan, model: ModelInfo, blended: Blended, store: HeatmapStore, levels: int) -> None:
        self._plan = plan
        self._model = model
        self._blended = blended
        self._store = store
        self._levels = levels
        self._versions = store.versions()
        self._unwritten: OrderedDict[TileKey, Tile] = OrderedDict()
        self._written: OrderedDict[TileKey, Tile] = OrderedDict()  # the last ones, for their next change
        self._tracker = CellTracker(plan.cells)
        self._drawn: set[Cell] = set()
        self._final: list[Cell] = []
        self._looked_at: set[TileKey] = set()
        self._pairs: Counter[TileKey] = Counter(TileKey(0, *cell).parent for cell in plan.cells)  # not final yet
        self._show_all = len(plan.cells) <= _FEW or levels <= ROUGH

    @property
    def done(self) -> int:
        """How many cells have come."""
        return self._tracker.done

    def add(
        self,
        cells: Iterable[Cell],
        version: int,
        *,
        in_view: Callable[[Cell], bool] = lambda _: False,
        with_coarse: bool = True,
        closing: bool = False,
    ) -> list[TileKey]:
        """Draw newly finished cells as `version`, higher than any before; the tiles that changed.

        Args:
            in_view: whether somebody looks at a cell.
            with_coarse: also write the levels above, which otherwise wait for the next call that does.
            closing: nothing more will come: write all that waits.
        """
        written: dict[TileKey, None] = {}
        for cell in cells:
            final = self._tracker.finish(cell)
            self._final += final
            if cell not in final and self._tracker.has(cell):
                if self._show_all or in_view(cell):
                    self._draw_finest(cell, version, written)
                    self._looked_at.add(TileKey(0, *cell).parent)
                else:
                    self._sketch(cell)
            for other in final:
                self._draw_finest(other, version, written)
                parent = TileKey(0, *other).parent
                self._pairs[parent] -= 1
                if not self._pairs[parent] and parent in self._unwritten:
                    self._write(parent, self._unwritten.pop(parent), version, written)
            self._make_room(version, written)
        for cell in self._tracker.not_final() if closing else ():
            # Next to what was set aside: nothing more comes.
            self._draw_finest(cell, version, written)
            self._make_room(version, written)
        if with_coarse or closing:
            self._write_coarse(version, written, everything=closing or self._show_all)
        return list(written)

    def take_final(self) -> list[Cell]:
        """The cells that have become final since the last call."""
        final, self._final = self._final, []
        return final

    def show(self, cells: Iterable[Cell], version: int) -> list[TileKey]:
        """Draw cells that have come and that somebody looks at now, for the first time; the tiles that changed."""
        written: dict[TileKey, None] = {}
        for cell in cells:
            if self._tracker.has(cell) and cell not in self._drawn:
                self._draw_finest(cell, version, written)
                self._looked_at.add(TileKey(0, *cell).parent)
        return list(written)

    def _write_coarse(self, version: int, written: dict[TileKey, None], *, everything: bool) -> None:
        """Write what waits, level by level: each changes the one above.

        Below `ROUGH` a tile waits for its last part, unless somebody looks at it or `everything` is to be written.
        """
        for level in range(1, self._levels):
            for key in [key for key in self._unwritten if key.level == level]:
                if level < ROUGH and not everything and key not in self._looked_at:
                    continue
                self._write(key, self._unwritten.pop(key), version, written)

    def _make_room(self, version: int, written: dict[TileKey, None]) -> None:
        """Write the tiles that wait longest, so that memory does not grow."""
        while len(self._unwritten) > _MOST_UNWRITTEN:
            key, tile = self._unwritten.popitem(last=False)
            self._write(key, tile, version, written)

    def _draw_finest(self, cell: Cell, version: int, written: dict[TileKey, None]) -> None:
        """A cell's own tile; clear outside what is predicted."""
        rows, columns = self._plan.grid.inside(cell)
        side = self._plan.grid.cell_px
        planes = self._blended.cell(cell, self._tracker.has)
        picture = shown(planes, self._model, self._model.first_kept)
        if rows.stop - rows.start < side or columns.stop - columns.start < side:
            tile = np.zeros_like(picture)
            tile[rows, columns] = picture[rows, columns]
            picture = tile
        self._drawn.add(cell)
        self._write(TileKey(0, *cell), picture, version, written)

    def _sketch(self, cell: Cell) -> None:
        """Show a cell on the level `ROUGH`, by its own patch alone."""
        rows, columns = self._plan.grid.inside(cell)
        side, first = self._plan.grid.cell_px, self._model.first_kept
        planes = self._blended.own(cell)
        if rows.stop - rows.start == side == columns.stop - columns.start:
            small = shown(np.stack([_quarter(plane) for plane in planes]), self._model, first)
        else:
            tile = np.zeros((side, side, 4), np.uint8)
            tile[rows, columns] = shown(planes, self._model, first)[rows, columns]
            small = halved(halved(tile))
        y, x = (cell[1] % 4) * len(small), (cell[0] % 4) * len(small)
        self._waiting(TileKey(ROUGH, cell[0] // 4, cell[1] // 4))[y : y + len(small), x : x + len(small)] = small

    def _write(self, key: TileKey, tile: Tile, version: int, written: dict[TileKey, None]) -> None:
        """Keep a tile's version and the one before, and put the tile's half into its parent."""
        self._store.write(key, version, encode_png(tile))
        written[key] = None
        if key.level:
            self._written[key] = tile
            if len(self._written) > _MOST_WRITTEN:
                self._written.popitem(last=False)
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
        if key not in self._unwritten and key in self._written:
            self._unwritten[key] = self._written.pop(key)
        if key not in self._unwritten:
            side = self._plan.grid.cell_px
            versions = self._versions.get(key)
            data = self._store.read(key, versions[-1]) if versions else None
            self._unwritten[key] = np.zeros((side, side, 4), np.uint8) if data is None else decode_png(data)
        self._unwritten.move_to_end(key)
        return self._unwritten[key]


def _quarter(plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(plane, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.uint8)


def halved(tile: Tile) -> Tile:
    """Half the size; a pixel is the mean of those of its four that are inferred, and inferred when any of them is.

    Pixels that are not inferred must be 0 altogether.
    """
    if least_alpha(tile):
        return np.asarray(cv2.resize(tile, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    means = cv2.resize(tile.astype(np.float32), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    inferred = np.maximum(means[..., 3:], 1) / 255
    return np.asarray(np.rint(means / inferred), np.uint8)

"""From finished patches to polygons and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from api.predictions.model_info import ModelInfo
from api.predictions.patch_store import PatchStore, Probabilities
from workers.contours import ContourTracer, Outline
from workers.patches import Cell
from workers.plan import Plan
from workers.stitching import AROUND, Stitcher

MIN_AREA_MM2 = 0.0004
"""Smaller polygons are dropped and smaller holes filled: a square of 20 um, less than a small gland."""
_BLOCK_CELLS = 8


class Blended:
    """The seamless probabilities of a plan's cells, read from its patch store."""

    def __init__(self, plan: Plan, store: PatchStore) -> None:
        self._slots = {cell: slot for slot, cell in enumerate(plan.cells)}
        self._store = store
        self._stitcher = Stitcher(plan.grid.patch_px, plan.grid.overlap_px)

    def cell(
        self, cell: Cell, is_done: Callable[[Cell], bool] = lambda _: True, classes: slice = slice(None)
    ) -> Probabilities:
        """(C, cell_px, cell_px) uint8, blended with the planned neighbours that are done; of some classes if asked."""
        patches = {}
        for offset in AROUND:
            other = (cell[0] + offset[0], cell[1] + offset[1])
            if other in self._slots and is_done(other):
                patches[offset] = self._store.read(self._slots[other])[classes]
        return self._stitcher.blend(patches)


@dataclass(frozen=True)
class Figures:
    """What a prediction measured; `mp_per_s` is megapixels of model input a second."""

    patches: int
    tissue_mm2: float
    cancer_mm2: float
    polygons: int
    seconds: float
    mp_per_s: float


def trace(plan: Plan, model: ModelInfo, store: PatchStore) -> list[Outline]:
    """The polygons of the positive class, block by block, so that memory does not grow with the slide."""
    model_pixel_mm2 = (plan.grid.downsample * plan.mpp / 1000) ** 2
    tracer = ContourTracer(
        threshold=model.threshold,
        downsample=plan.grid.downsample,
        class_index=model.positive_index,
        min_area_px=MIN_AREA_MM2 / model_pixel_mm2,
        l0_size=plan.l0_size,
    )
    blended = Blended(plan, store)
    blocks: dict[Cell, list[Cell]] = {}
    for column, row in plan.cells:
        blocks.setdefault((column // _BLOCK_CELLS, row // _BLOCK_CELLS), []).append((column, row))
    side = plan.grid.cell_px
    for block_column, block_row in sorted(blocks):
        left, top = block_column * _BLOCK_CELLS, block_row * _BLOCK_CELLS
        positive = np.zeros((_BLOCK_CELLS * side, _BLOCK_CELLS * side), np.uint8)
        for cell in blocks[block_column, block_row]:
            rows, columns = plan.grid.inside(cell)
            y, x = (cell[1] - top) * side, (cell[0] - left) * side
            values = blended.cell(cell, classes=slice(model.positive_index, model.positive_index + 1))[0]
            positive[y + rows.start : y + rows.stop, x + columns.start : x + columns.stop] = values[rows, columns]
        tracer.add(positive, left * side, top * side)
    return tracer.finish()


def figures_of(plan: Plan, outlines: Iterable[Outline], seconds: float, inferred: int) -> Figures:
    """The figures of a finished prediction.

    Args:
        inferred: patches that were inferred in those seconds.
    """
    found = list(outlines)
    megapixels = inferred * plan.grid.patch_px**2 / 1e6
    return Figures(
        patches=len(plan.cells),
        tissue_mm2=round(plan.tissue_mm2, 4),
        cancer_mm2=round(sum(outline.area_mm2(plan.mpp) for outline in found), 4),
        polygons=len(found),
        seconds=round(seconds, 2),
        mp_per_s=round(megapixels / seconds, 2) if seconds > 0 else 0.0,
    )

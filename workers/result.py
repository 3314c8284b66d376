"""From finished patches to polygons and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.model_info import UNSURE_FROM, ModelInfo
from api.predictions.patch_store import PatchStore, Probabilities
from api.predictions.png import decode_png
from workers.contours import ContourTracer, Outline
from workers.patches import Cell
from workers.plan import Plan
from workers.stitching import AROUND, Stitcher

MIN_AREA_MM2 = 0.0004
"""Smaller polygons are dropped and smaller holes filled: a square of 20 um, less than a small gland."""
_BLOCK_CELLS = 4


class Blended:
    """The seamless probabilities of a plan's cells, read from its patch store."""

    def __init__(self, plan: Plan, store: PatchStore) -> None:
        self._slots = {cell: slot for slot, cell in enumerate(plan.cells)}
        self._store = store
        self._stitcher = Stitcher(plan.grid.patch_px, plan.grid.overlap_px)

    def has(self, cell: Cell) -> bool:
        """Whether a cell's own patch is there."""
        return cell in self._slots and self._store.has(self._slots[cell])

    def cell(self, cell: Cell, is_done: Callable[[Cell], bool] | None = None) -> Probabilities:
        """(P, cell_px, cell_px) uint8, blended with the planned neighbours that are done."""
        is_done = is_done or self.has
        patches = {}
        for offset in AROUND:
            other = (cell[0] + offset[0], cell[1] + offset[1])
            if other in self._slots and is_done(other):
                patches[offset] = self._store.read(self._slots[other])
        return self._stitcher.blend(patches)

    def own(self, cell: Cell) -> Probabilities:
        """(P, cell_px, cell_px) uint8 by the cell's own patch alone."""
        return self._stitcher.middle(self._store.read(self._slots[cell]))


@dataclass(frozen=True)
class Figures:
    """What a prediction measured.

    Attributes:
        cancer_mm2: area of the polygons that the model is sure of.
        unsure_mm2: area that would be cancer, but does not look like what the model was trained on.
        polygons: of both kinds.
        mp_per_s: megapixels of model input a second.
    """

    patches: int
    tissue_mm2: float
    cancer_mm2: float
    unsure_mm2: float
    polygons: int
    seconds: float
    mp_per_s: float


Evidence = Callable[[Cell], Probabilities | None]
"""(2, cell_px, cell_px) uint8 of a cell: the positive class's probability, and how unsure the model is; or None."""


def evidence_of_patches(model: ModelInfo, blended: Blended) -> Evidence:
    """From the checkpoint of a prediction."""
    planes = [index - model.first_kept for index in (model.positive_index, model.unsure_index)]
    planes = planes if model.knows_unsure else planes[:1]
    return lambda cell: blended.cell(cell)[planes] if blended.has(cell) else None


def evidence_of_heatmap(heatmap: HeatmapStore) -> Evidence:
    """From the finest tiles of a finished prediction's heatmap, which hold the same numbers."""

    def read(cell: Cell) -> Probabilities | None:
        found = heatmap.newest(TileKey(0, *cell))
        return None if found is None else np.moveaxis(decode_png(found[1])[..., (0, 2)], 2, 0)

    return read


class Tracing:
    """Makes polygons of the positive class from a plan's cells, block by block, so that memory does not grow with the
    slide; a block can be traced as soon as its cells are final. Used from one thread at a time.

    Args:
        evidence: of cells that are final.
    """

    def __init__(self, plan: Plan, model: ModelInfo, evidence: Evidence, threshold: float) -> None:
        self._plan = plan
        self._evidence = evidence
        self._sure = _tracer(plan, threshold, model.positive_index)
        self._unsure = _tracer(plan, threshold, model.unsure_index) if model.knows_unsure else None
        self._blocks: dict[Cell, list[Cell]] = {}
        for cell in plan.cells:
            self._blocks.setdefault(_block_of(cell), []).append(cell)
        self._not_final = {block: len(cells) for block, cells in self._blocks.items()}
        self._ready: list[Cell] = []

    def note_final(self, cells: Iterable[Cell]) -> None:
        """Take note of cells that do not change any more, each once."""
        for cell in cells:
            block = _block_of(cell)
            self._not_final[block] -= 1
            if not self._not_final[block]:
                self._ready.append(block)

    def trace_one(self) -> None:
        """Trace one block that is ready, if there is one."""
        if self._ready:
            self._trace(self._ready.pop(0))

    def finish(self) -> list[Outline]:
        """Trace what is left; the polygons, first those that the model is sure of."""
        for block in sorted(self._blocks):
            self._trace(block)
        return [*self._sure.finish(), *(self._unsure.finish() if self._unsure else [])]

    def _trace(self, block: Cell) -> None:
        cells = self._blocks.pop(block, ())
        side = self._plan.grid.cell_px
        left, top = block[0] * _BLOCK_CELLS, block[1] * _BLOCK_CELLS
        sure = np.zeros((_BLOCK_CELLS * side, _BLOCK_CELLS * side), np.uint8)
        unsure = np.zeros_like(sure) if self._unsure else None
        for cell in cells:
            values = self._evidence(cell)
            if values is None:
                continue
            rows, columns = self._plan.grid.inside(cell)
            y, x = (cell[1] - top) * side, (cell[0] - left) * side
            place = (slice(y + rows.start, y + rows.stop), slice(x + columns.start, x + columns.stop))
            positive = values[0, rows, columns]
            if unsure is not None:
                doubted = np.where(values[1, rows, columns] >= UNSURE_FROM, positive, np.uint8(0))
                unsure[place] = doubted
                positive = positive - doubted
            sure[place] = positive
        self._sure.add(sure, left * side, top * side)
        if self._unsure is not None and unsure is not None:
            self._unsure.add(unsure, left * side, top * side)


def _block_of(cell: Cell) -> Cell:
    return cell[0] // _BLOCK_CELLS, cell[1] // _BLOCK_CELLS


def trace(plan: Plan, model: ModelInfo, evidence: Evidence, threshold: float) -> list[Outline]:
    """The polygons of a prediction that is finished."""
    return Tracing(plan, model, evidence, threshold).finish()


def _tracer(plan: Plan, threshold: float, class_index: int) -> ContourTracer:
    model_pixel_mm2 = (plan.grid.downsample * plan.mpp / 1000) ** 2
    return ContourTracer(
        threshold=threshold,
        downsample=plan.grid.downsample,
        class_index=class_index,
        min_area_px=MIN_AREA_MM2 / model_pixel_mm2,
        l0_size=plan.l0_size,
    )


def figures_of(plan: Plan, model: ModelInfo, outlines: Iterable[Outline], seconds: float, inferred: int) -> Figures:
    """The figures of a finished prediction.

    Args:
        inferred: patches that were inferred in those seconds.
    """
    found = list(outlines)
    area_mm2 = {True: 0.0, False: 0.0}
    for outline in found:
        area_mm2[outline.class_index == model.unsure_index] += outline.area_mm2(plan.mpp)
    megapixels = inferred * plan.grid.patch_px**2 / 1e6
    return Figures(
        patches=len(plan.cells),
        tissue_mm2=round(plan.tissue_mm2, 4),
        cancer_mm2=round(area_mm2[False], 4),
        unsure_mm2=round(area_mm2[True], 4),
        polygons=len(found),
        seconds=round(seconds, 2),
        mp_per_s=round(megapixels / seconds, 2) if seconds > 0 else 0.0,
    )

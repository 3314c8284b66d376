"""What one prediction will do, decided once and kept beside its checkpoint, so that a restart goes on with it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from api.errors import InvalidInput
from api.predictions.model_info import ModelInfo
from api.predictions.resolution import OVERLAP_PX, downsample_for
from api.slides.patch_source import Source, read_at
from workers.patches import Cell, PatchGrid, Region, TissueFrame, find_tissue, in_order

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Plan:
    """The patches of a prediction.

    Attributes:
        grid: the cells of the model plane.
        cells: those with tissue, in the order of work; a cell's place here is its slot in the patch store.
        mpp: micrometres per level-0 pixel.
        l0_size: (width, height) of the slide in level-0 pixels.
    """

    grid: PatchGrid
    cells: tuple[Cell, ...]
    mpp: float
    l0_size: tuple[int, int]
    tissue_mm2: float

    def save(self, path: Path) -> None:
        """Write the plan, whole or not at all."""
        half_written = path.with_suffix(f".{os.getpid()}")
        half_written.write_text(json.dumps(asdict(self)), encoding="utf-8")
        half_written.replace(path)

    @classmethod
    def load(cls, path: Path) -> Plan:
        values = json.loads(path.read_text(encoding="utf-8"))
        width, height = values["l0_size"]
        return cls(
            grid=PatchGrid(**values["grid"]),
            cells=tuple((column, row) for column, row in values["cells"]),
            mpp=values["mpp"],
            l0_size=(width, height),
            tissue_mm2=values["tissue_mm2"],
        )


def make_plan(
    source: Source,
    model: ModelInfo,
    *,
    l0_size: tuple[int, int],
    mpp: float,
    region: Region | None = None,
    focus: Region | None = None,
) -> Plan:
    """Look at the slide from afar and decide which patches hold tissue.

    Raises:
        InvalidInput: the region lies outside the slide, or the slide is too coarse for the model.
        UnsupportedSlide: the slide can't be read.
    """
    downsample = downsample_for(model, mpp)
    grid = PatchGrid.over(_within(region, l0_size), downsample, model.patch_px, OVERLAP_PX)
    frame = TissueFrame.of(grid)
    tissue = frame.clip(find_tissue(_overview(source, frame)))
    return Plan(
        grid=grid,
        cells=tuple(in_order(frame.cells(tissue), grid, focus)),
        mpp=mpp,
        l0_size=l0_size,
        tissue_mm2=float(tissue.sum()) * (frame.downsample * mpp / 1000) ** 2,
    )


def _overview(source: Source, frame: TissueFrame) -> Pixels:
    """What the tissue map is made from, read by rows of cells: no file is decoded all at once."""
    view = frame.l0_region
    height = view.height / len(frame.grid.rows)
    rows = range(len(frame.grid.rows))
    return np.concatenate(
        [read_at(source, view.x, view.y + row * height, view.width, height, frame.downsample) for row in rows]
    )


def _within(region: Region | None, l0_size: tuple[int, int]) -> Region:
    """The part of a region that lies on the slide; the whole slide for None."""
    width, height = l0_size
    if region is None:
        return Region(0, 0, width, height)
    x, y = max(0.0, region.x), max(0.0, region.y)
    right, bottom = min(float(width), region.x + region.width), min(float(height), region.y + region.height)
    if right - x < 1 or bottom - y < 1:
        raise InvalidInput(
            f"The region {region.as_list()} lies outside the slide of {width} x {height} pixels. Choose one on it.",
            code="REGION_OUTSIDE",
            field="region",
        )
    return Region(x, y, right - x, bottom - y)

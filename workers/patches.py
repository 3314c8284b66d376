"""Which patches of a slide a model looks at, and in which order. PURE.

Coordinate planes, and the variables' prefixes: `l0` level-0 pixels, `m` model pixels (`downsample` level-0 pixels each,
same origin). The model plane is cut into cells; the patch of a cell is the cell and a margin on every side, so that
neighbouring patches overlap by two margins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Cell = tuple[int, int]
"""(column, row) of a cell."""
Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]

BLOCK_CELLS = 4
"""Side of a block of cells that are done together."""
_TISSUE_MAP_PIXELS = 4_000_000
_MIN_CHROMA, _MIN_DENSITY = 16, 0.045
_DARK_DENSITY, _BLACK = 0.5, 12
_MIN_SPECK_PX = 12


@dataclass(frozen=True)
class Region:
    """A rectangle in level-0 pixels."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def from_list(cls, values: list[float] | tuple[float, float, float, float]) -> Region:
        x, y, width, height = values
        return cls(x, y, width, height)

    def as_list(self) -> list[float]:
        return [self.x, self.y, self.width, self.height]


@dataclass(frozen=True)
class PatchGrid:
    """The cells over a part of the model plane.

    Attributes:
        downsample: level-0 pixels per model pixel.
        patch_px, overlap_px: the model's window and how far neighbouring windows overlap, in model pixels.
        m_left, m_top, m_right, m_bottom: what is predicted, in model pixels; right and bottom are exclusive.
    """

    downsample: float
    patch_px: int
    overlap_px: int
    m_left: int
    m_top: int
    m_right: int
    m_bottom: int

    @classmethod
    def over(cls, region: Region, downsample: float, patch_px: int = 512, overlap_px: int = 64) -> PatchGrid:
        """The grid over a region of level 0; every model pixel that touches the region belongs to it."""
        return cls(
            downsample=downsample,
            patch_px=patch_px,
            overlap_px=overlap_px,
            m_left=math.floor(region.x / downsample),
            m_top=math.floor(region.y / downsample),
            m_right=math.ceil((region.x + region.width) / downsample),
            m_bottom=math.ceil((region.y + region.height) / downsample),
        )

    @property
    def cell_px(self) -> int:
        """A cell's side in model pixels."""
        return self.patch_px - self.overlap_px

    @property
    def margin_px(self) -> int:
        return self.overlap_px // 2

    @property
    def columns(self) -> range:
        return range(self.m_left // self.cell_px, -(-self.m_right // self.cell_px))

    @property
    def rows(self) -> range:
        return range(self.m_top // self.cell_px, -(-self.m_bottom // self.cell_px))

    def l0_patch(self, cell: Cell) -> tuple[float, float, float]:
        """(x, y, side) of a cell's patch in level-0 pixels; parts may lie outside the slide (`read_window`)."""
        column, row = cell
        x = (column * self.cell_px - self.margin_px) * self.downsample
        y = (row * self.cell_px - self.margin_px) * self.downsample
        return x, y, self.patch_px * self.downsample

    def touches(self, cell: Cell, region: Region) -> bool:
        """Whether any of the cell lies in the region of level 0."""
        side = self.cell_px * self.downsample
        x, y = cell[0] * side, cell[1] * side
        within = x < region.x + region.width and region.x < x + side
        return within and y < region.y + region.height and region.y < y + side

    def inside(self, cell: Cell) -> tuple[slice, slice]:
        """[rows, columns] of the cell's own pixels that belong to what is predicted."""
        m_x, m_y = cell[0] * self.cell_px, cell[1] * self.cell_px
        return (
            slice(max(0, self.m_top - m_y), max(0, min(self.cell_px, self.m_bottom - m_y))),
            slice(max(0, self.m_left - m_x), max(0, min(self.cell_px, self.m_right - m_x))),
        )


@dataclass(frozen=True)
class TissueFrame:
    """Where the tissue map of a grid lies: it covers the grid's cells exactly, at `factor` model pixels a map pixel."""

    grid: PatchGrid
    factor: int

    @classmethod
    def of(cls, grid: PatchGrid) -> TissueFrame:
        """The finest frame of at most four million pixels; about 8 um a pixel for a model at 1 um."""
        factor = 8
        while (len(grid.columns) * len(grid.rows)) * (grid.cell_px // factor) ** 2 > _TISSUE_MAP_PIXELS:
            if grid.cell_px % (2 * factor):
                break
            factor *= 2
        return cls(grid, factor)

    @property
    def l0_region(self) -> Region:
        """What to read, in level-0 pixels."""
        side = self.grid.cell_px * self.grid.downsample
        return Region(
            self.grid.columns.start * side,
            self.grid.rows.start * side,
            len(self.grid.columns) * side,
            len(self.grid.rows) * side,
        )

    @property
    def downsample(self) -> float:
        """Level-0 pixels per map pixel."""
        return self.grid.downsample * self.factor

    def clip(self, tissue: Mask) -> Mask:
        """The map without the pixels that lie wholly outside what is predicted."""
        m_x, m_y = self.grid.columns.start * self.grid.cell_px, self.grid.rows.start * self.grid.cell_px
        kept = np.zeros_like(tissue)
        area = (
            slice((self.grid.m_top - m_y) // self.factor, -(-(self.grid.m_bottom - m_y) // self.factor)),
            slice((self.grid.m_left - m_x) // self.factor, -(-(self.grid.m_right - m_x) // self.factor)),
        )
        kept[area] = tissue[area]
        return kept

    def cells(self, tissue: Mask) -> list[Cell]:
        """The cells that hold any tissue, row by row.

        Args:
            tissue: [rows, columns] as `l0_region` at `downsample`.
        """
        side = self.grid.cell_px // self.factor
        columns, rows = self.grid.columns, self.grid.rows
        has_tissue = tissue.reshape(len(rows), side, len(columns), side).any(axis=(1, 3))
        return [(columns[column], rows[row]) for row, column in np.argwhere(has_tissue).tolist()]


def find_tissue(pixels: Pixels) -> Mask:
    """Where a picture of a slide, (h, w, 3) RGB at about 8 to 32 um a pixel, shows tissue and not glass.

    Tissue is coloured (chroma) and takes light away (optical density), or is dark without being the black that scanners
    put where they did not scan. Gaps of one or two pixels are closed, and specks of dust dropped.
    """
    brightest = pixels.max(axis=2)
    chroma = brightest - pixels.min(axis=2)
    density = _DENSITY[pixels].mean(axis=2)
    tissue = ((chroma >= _MIN_CHROMA) & (density >= _MIN_DENSITY)) | (density >= _DARK_DENSITY)
    tissue &= brightest > _BLACK
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(tissue.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    kept = statistics[:, cv2.CC_STAT_AREA] >= _MIN_SPECK_PX
    kept[0] = False
    return np.asarray(kept[labels], dtype=np.bool_)


_DENSITY = (-np.log10((np.arange(256, dtype=np.float32) + 1) / 256)).astype(np.float32)


def in_order(cells: Iterable[Cell], grid: PatchGrid, focus: Region | None = None) -> list[Cell]:
    """The order of work: what is looked at, from its middle outwards; then block by block.

    Blocks far apart come first, which gives a rough picture of the whole early; then those between. Within a block
    rows go to and fro, so that neighbours come together, which is kind to the reader.
    """
    side = grid.cell_px * grid.downsample

    def key(cell: Cell) -> tuple[int, float, int, int, int, int]:
        column, row = cell
        if focus is not None and grid.touches(cell, focus):
            from_middle = math.hypot(
                (column + 0.5) * side - (focus.x + focus.width / 2), (row + 0.5) * side - (focus.y + focus.height / 2)
            )
            return 0, from_middle, 0, 0, row, column
        block_column, block_row = column // BLOCK_CELLS, row // BLOCK_CELLS
        coarseness = 3 if block_row % 2 or block_column % 2 else 2 if block_row % 4 or block_column % 4 else 1
        return coarseness, 0.0, block_row, block_column, row, column if row % 2 == 0 else -column

    return sorted(cells, key=key)

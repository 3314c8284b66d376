"""Patch grids: every tissue pixel is covered, coordinates are exact, the order is kind."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.patches import Cell, PatchGrid, Region, TissueFrame, find_tissue, in_order

downsamples = st.one_of(st.sampled_from([1.0, 2.0, 4.0]), st.floats(0.6, 9.0))
regions = st.builds(Region, st.floats(0, 30_000), st.floats(0, 30_000), st.floats(1, 20_000), st.floats(1, 20_000))


@given(region=regions, downsample=downsamples)
def test_cells_tile_the_region_without_gap_or_overlap(region: Region, downsample: float) -> None:
    grid = PatchGrid.over(region, downsample)
    covered = 0
    for row in grid.rows:
        for column in grid.columns:
            rows, columns = grid.inside((column, row))
            assert rows.start < rows.stop <= grid.cell_px
            assert columns.start < columns.stop <= grid.cell_px
            covered += (rows.stop - rows.start) * (columns.stop - columns.start)
    assert covered == (grid.m_right - grid.m_left) * (grid.m_bottom - grid.m_top)
    # Every level-0 pixel of the region lies in what is predicted, and nothing a whole model pixel beyond it.
    assert grid.m_left * downsample <= region.x < (grid.m_left + 1) * downsample
    assert (grid.m_right - 1) * downsample < region.x + region.width <= grid.m_right * downsample + 1e-6


@given(downsample=downsamples, column=st.integers(-3, 200), row=st.integers(-3, 200))
def test_patches_lie_exactly_one_cell_apart(downsample: float, column: int, row: int) -> None:
    grid = PatchGrid.over(Region(0, 0, 1000, 1000), downsample)
    x, y, side = grid.l0_patch((column, row))
    assert side == 512 * downsample
    assert x / downsample == pytest.approx(column * 448 - 32, abs=1e-9 * max(1, abs(x)))
    assert y == (row * 448 - 32) * downsample
    right, below = grid.l0_patch((column + 1, row))[0], grid.l0_patch((column, row + 1))[1]
    assert right - x == pytest.approx(448 * downsample, rel=1e-9)
    assert below - y == pytest.approx(448 * downsample, rel=1e-9)


@given(data=st.data(), region=regions, downsample=st.sampled_from([1.0, 2.0, 3.7, 4.3]))
def test_every_tissue_pixel_is_covered_by_a_cell(data: st.DataObject, region: Region, downsample: float) -> None:
    grid = PatchGrid.over(region, downsample)
    frame = TissueFrame.of(grid)
    shape = (
        len(grid.rows) * (grid.cell_px // frame.factor),
        len(grid.columns) * (grid.cell_px // frame.factor),
    )
    tissue = np.zeros(shape, bool)
    for _ in range(data.draw(st.integers(0, 6))):
        tissue[data.draw(st.integers(0, shape[0] - 1)), data.draw(st.integers(0, shape[1] - 1))] = True

    cells = set(frame.cells(tissue))

    origin = (grid.columns.start * grid.cell_px, grid.rows.start * grid.cell_px)
    expected: set[Cell] = set()
    for t_row, t_column in np.argwhere(tissue).tolist():
        m_x, m_y = origin[0] + t_column * frame.factor, origin[1] + t_row * frame.factor
        expected.add((m_x // grid.cell_px, m_y // grid.cell_px))
    assert cells == expected
    # The frame reads exactly the cells.
    view = frame.l0_region
    assert view.x == pytest.approx(origin[0] * downsample, rel=1e-12)
    assert round(view.width / frame.downsample) == shape[1]
    assert round(view.height / frame.downsample) == shape[0]


@given(region=regions)
def test_clipping_drops_only_what_lies_wholly_outside(region: Region) -> None:
    grid = PatchGrid.over(region, 2.0)
    frame = TissueFrame.of(grid)
    side = grid.cell_px // frame.factor
    kept = frame.clip(np.ones((len(grid.rows) * side, len(grid.columns) * side), bool))
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    left, top = grid.columns.start * grid.cell_px, grid.rows.start * grid.cell_px
    assert columns[0] == (grid.m_left - left) // frame.factor
    assert columns[-1] == math.ceil((grid.m_right - left) / frame.factor) - 1
    assert rows[0] == (grid.m_top - top) // frame.factor
    assert rows[-1] == math.ceil((grid.m_bottom - top) / frame.factor) - 1
    assert kept.sum() == len(rows) * len(columns)


@given(cells=st.sets(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=200))
def test_the_order_loses_nothing_and_goes_coarse_to_fine(cells: set[Cell]) -> None:
    grid = PatchGrid.over(Region(0, 0, 50_000, 50_000), 2.0)
    ordered = in_order(cells, grid)
    assert sorted(ordered) == sorted(cells)
    blocks = [(column // 4, row // 4) for column, row in ordered]
    fineness = [2 if column % 2 or row % 2 else 1 if column % 4 or row % 4 else 0 for column, row in blocks]
    assert fineness == sorted(fineness)
    assert len(list(groupby(blocks))) == len(set(blocks)), "a block's cells are done together"


def test_what_is_looked_at_comes_first_from_its_middle() -> None:
    grid = PatchGrid.over(Region(0, 0, 10_000, 10_000), 1.0)
    cells = [(column, row) for row in range(10) for column in range(10)]
    ordered = in_order(cells, grid, Region(5 * 448 - 100, 7 * 448 + 10, 300, 300))
    assert ordered[:2] == [(5, 7), (4, 7)]
    assert ordered[2] == (0, 0)


def picture(color: tuple[int, int, int], on: tuple[int, int, int] = (243, 243, 243)) -> np.ndarray:
    pixels = np.full((60, 80, 3), on, np.uint8)
    pixels[20:40, 30:60] = color
    return pixels


@pytest.mark.parametrize(
    "color", [(220, 180, 210), (190, 120, 180), (90, 60, 130), (235, 210, 225), (60, 60, 60), (150, 110, 60)]
)
def test_tissue_is_found_where_it_is(color: tuple[int, int, int]) -> None:
    expected = np.zeros((60, 80), bool)
    expected[20:40, 30:60] = True
    assert np.array_equal(find_tissue(picture(color)), expected)


@pytest.mark.parametrize(
    "color", [(250, 250, 250), (236, 236, 240), (238, 232, 226), (0, 0, 0), (8, 8, 8), (215, 215, 215)]
)
def test_glass_grey_and_unscanned_black_are_no_tissue(color: tuple[int, int, int]) -> None:
    assert find_tissue(picture(color)).sum() == 0


def test_dust_is_dropped_and_small_gaps_are_closed() -> None:
    pixels = picture((190, 120, 180))
    pixels[5:8, 5:8] = (190, 120, 180)
    pixels[30, 45:47] = (243, 243, 243)
    found = find_tissue(pixels)
    assert found.sum() == 20 * 30

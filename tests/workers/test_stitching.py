"""Blending: no seams, no dependence on order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.stitching import AROUND, CellTracker, Stitcher, around, window

PATCH, OVERLAP = 64, 16
CELL, MARGIN = PATCH - OVERLAP, OVERLAP // 2


def cut(plane: np.ndarray, column: int, row: int) -> np.ndarray:
    """The patch of a cell from a plane (C, H, W) whose first pixel is that of patch (0, 0)."""
    return plane[:, row * CELL : row * CELL + PATCH, column * CELL : column * CELL + PATCH]


@given(overlap=st.integers(1, 32).map(lambda half: 2 * half), extra=st.integers(0, 100))
def test_weights_of_neighbours_add_up_to_the_same_everywhere(overlap: int, extra: int) -> None:
    weights = window(2 * overlap + extra, overlap)
    assert weights.min() == 1
    assert set((weights[-overlap:] + weights[:overlap]).tolist()) == {overlap + 1}
    assert set(weights[overlap : overlap + extra].tolist()) <= {overlap + 1}


@given(seed=st.integers(0, 2**32 - 1))
def test_patches_of_one_picture_give_that_picture(seed: int) -> None:
    plane = np.random.default_rng(seed).integers(0, 256, (2, 3 * CELL + OVERLAP, 3 * CELL + OVERLAP), dtype=np.uint8)
    patches = {(dx, dy): cut(plane, 1 + dx, 1 + dy) for dx, dy in AROUND}

    blended = Stitcher(PATCH, OVERLAP).blend(patches)

    assert np.array_equal(blended, plane[:, CELL + MARGIN : 2 * CELL + MARGIN, CELL + MARGIN : 2 * CELL + MARGIN])


@settings(max_examples=30)
@given(
    present=st.sets(st.sampled_from([offset for offset in AROUND if offset != (0, 0)])),
    seed=st.integers(0, 2**32 - 1),
    order=st.randoms(use_true_random=False),
)
def test_a_blend_is_the_weighted_mean_in_any_order(present: set[tuple[int, int]], seed: int, order: object) -> None:
    rng = np.random.default_rng(seed)
    offsets = [(0, 0), *present]
    patches = {offset: rng.integers(0, 256, (3, PATCH, PATCH), dtype=np.uint8) for offset in offsets}
    order.shuffle(offsets)  # type: ignore[attr-defined]

    blended = Stitcher(PATCH, OVERLAP).blend({offset: patches[offset] for offset in offsets})

    # The formula, pixel by pixel, on a plane of three by three cells.
    along = window(PATCH, OVERLAP).astype(np.int64)
    total = np.zeros((3 * CELL + OVERLAP,) * 2, np.int64)
    summed = np.zeros((3, *total.shape), np.int64)
    for (dx, dy), patch in patches.items():
        rows = slice((1 + dy) * CELL, (1 + dy) * CELL + PATCH)
        columns = slice((1 + dx) * CELL, (1 + dx) * CELL + PATCH)
        weights = along[:, None] * along[None, :]
        total[rows, columns] += weights
        summed[:, rows, columns] += patch * weights
    inner = slice(CELL + MARGIN, 2 * CELL + MARGIN)
    expected = (summed[:, inner, inner] + total[inner, inner] // 2) // total[inner, inner]
    assert np.array_equal(blended, expected)


@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_equal_patches_leave_no_seam(value: int) -> None:
    patches = {offset: np.full((1, PATCH, PATCH), value, np.uint8) for offset in AROUND}
    assert set(Stitcher(PATCH, OVERLAP).blend(patches).reshape(-1).tolist()) == {value}


@given(
    cells=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1), order=st.randoms(use_true_random=False)
)
def test_each_cell_becomes_final_once_when_its_last_neighbour_comes(cells: set[tuple[int, int]], order: object) -> None:
    sequence = sorted(cells)
    order.shuffle(sequence)  # type: ignore[attr-defined]
    tracker = CellTracker(cells)
    final: list[tuple[int, int]] = []
    for place, cell in enumerate(sequence):
        done = set(sequence[: place + 1])
        for ready in tracker.finish(cell):
            assert {other for other in around(ready) if other in cells} <= done
            final.append(ready)
        assert tracker.finish(cell) == []
        assert tracker.done == place + 1
    assert sorted(final) == sorted(cells)
    assert tracker.finish((99, 99)) == []

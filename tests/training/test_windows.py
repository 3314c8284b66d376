"""Cutting and joining: what goes in comes out where it was, at any size."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.windows import OVERLAP_PX, WINDOW_PX, WindowGrid


def test_a_small_image_is_one_window_with_the_image_in_the_middle() -> None:
    image = np.arange(100 * 60 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 60, 3)
    windows = WindowGrid(100, 60).cut(image)
    assert windows.shape == (1, WINDOW_PX, WINDOW_PX, 3)
    assert (windows[0, 206:306, 226:286] == image).all()


@pytest.mark.parametrize(
    ("side", "starts"), [(1, [0]), (512, [0]), (513, [0, 1]), (896, [0, 384]), (1000, [0, 384, 488])]
)
def test_windows_overlap_and_end_flush(side: int, starts: list[int]) -> None:
    corners = WindowGrid(side, 10).corners
    assert [row for row, _ in corners] == starts
    assert all(later - earlier <= WINDOW_PX - OVERLAP_PX for earlier, later in pairwise(starts))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 1100), st.integers(1, 1100))
def test_joining_what_was_cut_gives_the_image_back(height: int, width: int) -> None:
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([rows % 251, columns % 241, (rows + columns) % 239], axis=2).astype(np.uint8)
    grid = WindowGrid(height, width)
    joined = grid.join(grid.cut(image).transpose(0, 3, 1, 2))
    assert (joined == image.transpose(2, 0, 1)).all()

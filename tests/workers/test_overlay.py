"""Heatmap tiles as pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from api.predictions.at_once import undecided
from api.predictions.png import decode_png, encode_png
from workers.overlay import halved

TILES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(4)))


@given(tile=TILES)
def test_a_png_holds_the_pixels_exactly(tile: np.ndarray) -> None:
    data = encode_png(tile)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")), tile)
    assert np.array_equal(decode_png(data), tile)


def test_what_is_no_png_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes are no PNG"):
        decode_png(b"abc")


@given(values=arrays.arrays(np.uint8, st.tuples(st.integers(2, 5), st.just(3), st.just(4))))
def test_undecided_is_the_distance_of_the_two_best(values: np.ndarray) -> None:
    ordered = np.sort(values.astype(int), axis=0)
    assert np.array_equal(undecided(values), 255 - (ordered[-1] - ordered[-2]))


@given(tile=arrays.arrays(np.uint8, (4, 6, 4)), known=arrays.arrays(np.bool_, (4, 6)))
def test_half_the_size_is_the_mean_of_what_is_known(tile: np.ndarray, known: np.ndarray) -> None:
    tile[~known] = 0
    tile[known, 3] = 255
    half = halved(tile)
    for row in range(2):
        for column in range(3):
            block = tile[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].reshape(4, 4).astype(int)
            counted = block[block[:, 3] > 0]
            expected = counted.mean(axis=0) if len(counted) else np.zeros(4)
            assert np.abs(half[row, column] - expected).max() <= 0.5
            assert half[row, column, 3] == (255 if len(counted) else 0)

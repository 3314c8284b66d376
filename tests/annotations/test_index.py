"""The quadtree never misses an object and asks for few ranges."""

from __future__ import annotations

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from api.annotations.index import LEVELS, MAX_RANGES_PER_LEVEL, Region, cell_of, ranges_of
from tests.annotations.strategies import coordinates

sides = st.one_of(st.floats(0, 100), st.floats(0, 2.0**21))


@st.composite
def boxes(draw: st.DrawFn) -> Region:
    x, y = draw(coordinates), draw(coordinates)
    return Region(x, y, x + draw(sides), y + draw(sides))


@given(boxes(), boxes())
@example(Region(0, 0, 0, 0), Region(0, 0, 0, 0))
@example(Region(-1, -1, 1, 1), Region(1, 1, 2, 2))
def test_every_object_that_touches_a_region_lies_in_its_ranges(box: Region, region: Region) -> None:
    touches = (
        box.min_x <= region.max_x
        and box.max_x >= region.min_x
        and box.min_y <= region.max_y
        and box.max_y >= region.min_y
    )
    key = cell_of(box.min_x, box.min_y, box.max_x, box.max_y)
    found = any(low <= key <= high for low, high in ranges_of(region))
    assert found or not touches


@given(boxes())
def test_ranges_are_few_ascending_and_apart(region: Region) -> None:
    ranges = ranges_of(region)
    assert len(ranges) <= LEVELS * MAX_RANGES_PER_LEVEL
    assert all(low <= high for low, high in ranges)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(ranges))


def test_a_small_region_leaves_most_of_a_slide_out() -> None:
    region = Region(10_000, 10_000, 12_000, 11_000)
    ranges = ranges_of(region)
    keys = [cell_of(x, y, x + 10, y + 10) for x in range(0, 60_000, 500) for y in range(0, 60_000, 500)]
    hits = sum(any(low <= key <= high for low, high in ranges) for key in keys)
    inside = sum(10_000 - 10 <= x <= 12_000 for x in range(0, 60_000, 500)) * 3
    assert inside <= hits <= 10 * inside


@given(boxes())
def test_keys_are_signed_64_bit(box: Region) -> None:
    assert 0 <= cell_of(box.min_x, box.min_y, box.max_x, box.max_y) < 2**63

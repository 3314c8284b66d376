"""The client's pyramid: arithmetic that must hold for every slide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import InvalidInput, NotFound
from api.slides.pyramid import (
    Level,
    Pyramid,
    TileAddress,
    build_pyramid,
    grid_tile_size,
    native_downsamples,
)

sizes = st.tuples(st.integers(1, 300_000), st.integers(1, 300_000))
tile_sizes = st.sampled_from([128, 240, 256, 512, 1024])


@st.composite
def stored_levels(draw: st.DrawFn) -> list[tuple[int, int]]:
    """A file's levels as scanners write them: some powers of two, each side rounded either way, some odd ratios."""
    width, height = draw(sizes)
    powers = draw(st.lists(st.integers(1, 8), unique=True, max_size=5))
    levels = [(width, height)]
    for power in sorted(powers):
        factor = draw(st.sampled_from([1 << power, 1 << power, 3 * power]))
        rounded = [-(-side // factor) if draw(st.booleans()) else max(1, side // factor) for side in (width, height)]
        levels.append((rounded[0], rounded[1]))
    return levels


def test_the_pyramid_of_a_scan_with_one_level() -> None:
    pyramid = build_pyramid([(2220, 2967)], 240)
    assert pyramid.levels == (
        Level(0, 2220, 2967, 1.0, 10, 13, 0),
        Level(1, 1110, 1484, 2.0, 5, 7, None),
        Level(2, 555, 742, 4.0, 3, 4, None),
        Level(3, 278, 371, 8.0, 2, 2, None),
        Level(4, 139, 186, 16.0, 1, 1, None),
    )


def test_levels_of_the_file_keep_their_own_size() -> None:
    """A scanner that rounds down stores 2221 of 4443 / 2; the next level the file lacks halves that, rounding up."""
    pyramid = build_pyramid([(4443, 3567), (2221, 1783)], 256)
    assert [(level.width, level.height, level.native) for level in pyramid.levels[:3]] == [
        (4443, 3567, 0),
        (2221, 1783, 1),
        (1111, 892, None),
    ]


def test_ratios_other_than_two_are_made_not_passed_through() -> None:
    pyramid = build_pyramid([(9000, 9000), (3000, 3000), (1000, 1000)], 256)
    assert [level.native for level in pyramid.levels] == [0, None, None, None, None, None, None]
    quarter = build_pyramid([(9000, 9000), (2250, 2250)], 256)
    assert [level.native for level in quarter.levels] == [0, None, 1, None, None, None, None]


@given(stored_levels(), tile_sizes)
def test_levels_halve_until_one_tile_is_left(levels: list[tuple[int, int]], tile_size: int) -> None:
    pyramid = build_pyramid(levels, tile_size)
    width, height = levels[0]
    assert (pyramid.width, pyramid.height) == (width, height)
    for index, level in enumerate(pyramid.levels):
        assert (level.index, level.downsample) == (index, 2.0**index)
        # Within one pixel of the exact size, whoever did the rounding.
        assert abs(level.width - width / 2**index) < 1 or level.width == 1
        assert abs(level.height - height / 2**index) < 1 or level.height == 1
        assert level.columns == (level.width + tile_size - 1) // tile_size
        assert level.rows == (level.height + tile_size - 1) // tile_size
        if level.native is not None:
            assert levels[level.native] == (level.width, level.height)
    assert (pyramid.levels[-1].columns, pyramid.levels[-1].rows) == (1, 1)
    assert all(level.columns > 1 or level.rows > 1 for level in pyramid.levels[:-1])


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=1, max_size=1), tile_sizes)
def test_tiles_cover_each_level_exactly(levels: list[tuple[int, int]], tile_size: int) -> None:
    pyramid = build_pyramid(levels, tile_size)
    for level in pyramid.levels:
        area = 0
        for address in pyramid.addresses(level.index):
            x, y, width, height = pyramid.tile_extent(address)
            assert (x, y) == (address.column * tile_size, address.row * tile_size)
            assert 1 <= width <= tile_size
            assert 1 <= height <= tile_size
            assert pyramid.is_edge(address) == (width < tile_size or height < tile_size)
            area += width * height
        assert area == level.width * level.height


@given(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), tile_sizes)
def test_children_at_half_size_fill_their_parent(size: tuple[int, int], tile_size: int) -> None:
    pyramid = build_pyramid([size], tile_size)
    for level in pyramid.levels[1:]:
        for address in pyramid.addresses(level.index):
            _, _, width, height = pyramid.tile_extent(address)
            covered = set()
            for place, child in enumerate(pyramid.children(address)):
                if child is None:
                    continue
                left, top = (place % 2) * tile_size // 2, (place // 2) * tile_size // 2
                _, _, child_width, child_height = pyramid.tile_extent(child)
                covered.add((left + -(-child_width // 2), top + -(-child_height // 2)))
            assert (max(right for right, _ in covered), max(bottom for _, bottom in covered)) == (width, height)


@given(stored_levels(), tile_sizes)
def test_rows_of_the_database_give_the_pyramid_back(levels: list[tuple[int, int]], tile_size: int) -> None:
    pyramid = build_pyramid(levels, tile_size)
    assert Pyramid.from_rows(pyramid.as_rows(), tile_size) == pyramid


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (TileAddress(5, 0, 0), "The slide has levels 0 to 4, not 5."),
        (TileAddress(-1, 0, 0), "The slide has levels 0 to 4, not -1."),
        (TileAddress(0, 10, 0), "Level 0 has 10 x 13 tiles; there is no column 10, row 0."),
        (TileAddress(4, 0, 1), "Level 4 has 1 x 1 tiles; there is no column 0, row 1."),
        (TileAddress(0, -1, 0), "Level 0 has 10 x 13 tiles; there is no column -1, row 0."),
    ],
)
def test_an_address_outside_the_pyramid(address: TileAddress, message: str) -> None:
    with pytest.raises(NotFound) as caught:
        build_pyramid([(2220, 2967)], 240).tile_extent(address)
    assert (caught.value.code, caught.value.message) == ("NO_SUCH_TILE", message)


@pytest.mark.parametrize(
    ("native", "used"),
    [
        ((240, 240), 240),
        ((1024, 1024), 1024),
        ((64, 64), 256),  # too small: a screen would need hundreds
        ((4096, 4096), 256),
        ((2220, 16), 256),  # strips
        ((255, 255), 256),  # can't be halved
        ((None, None), 256),
    ],
)
def test_the_tile_size_follows_the_file_where_it_is_usable(native: tuple[int | None, int | None], used: int) -> None:
    assert grid_tile_size(*native) == used


def test_the_files_own_downsamples_are_exact_powers_where_only_rounding_differs() -> None:
    assert native_downsamples([(300, 250), (150, 125), (75, 62), (37, 31)]) == (1.0, 2.0, 4.0, 8.0)
    assert native_downsamples([(9000, 9000), (3000, 3000)]) == (1.0, 3.0)


def test_sizes_must_be_positive() -> None:
    with pytest.raises(InvalidInput, match=r"Level sizes must be positive, not \[\(0, 5\)\]\."):
        build_pyramid([(0, 5)], 256)

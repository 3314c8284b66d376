"""What IIIF and Deep Zoom addresses mean, in terms of our own tiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import InvalidInput, NotFound
from api.slides import dzi, iiif
from api.slides.pyramid import TileAddress, build_pyramid

PYRAMID = build_pyramid([(1000, 700)], 256)

sizes = st.integers(1, 70_000)


@given(sizes, sizes, st.data())
def test_every_tile_has_an_address_in_both_worlds(width: int, height: int, data: st.DataObject) -> None:
    pyramid = build_pyramid([(width, height)], 256)
    level = data.draw(st.sampled_from(pyramid.levels))
    column, row = data.draw(st.integers(0, level.columns - 1)), data.draw(st.integers(0, level.rows - 1))
    address = TileAddress(level.index, column, row)
    assert dzi.tile_of(pyramid, dzi.top_level(pyramid) - level.index, column, row) == address
    side = 256 << level.index
    x, y = column * side, row * side
    _, _, out_width, out_height = pyramid.tile_extent(address)
    region = f"{x},{y},{min(side, width - x)},{min(side, height - y)}"
    assert iiif.tile_of(pyramid, iiif.parse(pyramid, region, f"{out_width},{out_height}")) is not None


def test_deep_zoom_goes_down_to_one_pixel() -> None:
    assert dzi.top_level(PYRAMID) == 10
    assert [dzi.tile_of(PYRAMID, level, 0, 0) for level in (10, 8, 7, 1, 0)] == [
        TileAddress(0, 0, 0),
        TileAddress(2, 0, 0),
        (125, 88),
        (2, 2),
        (1, 1),
    ]
    for level, column, row in ((11, 0, 0), (-1, 0, 0), (7, 1, 0), (10, 4, 0)):
        with pytest.raises(NotFound):
            dzi.tile_of(PYRAMID, level, column, row)
    assert dzi.descriptor(PYRAMID) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
        'Format="jpg" Overlap="0" TileSize="256"><Size Width="1000" Height="700"/></Image>\n'
    )


@pytest.mark.parametrize(
    ("region", "size", "expected"),
    [
        ("full", "max", (0, 0, 1000, 700, 1000, 700)),
        ("full", "200,", (0, 0, 1000, 700, 200, 140)),
        ("full", ",70", (0, 0, 1000, 700, 100, 70)),
        ("square", "10,10", (150, 0, 700, 700, 10, 10)),
        ("full", "!100,100", (0, 0, 1000, 700, 100, 70)),
        ("900,600,500,500", "50,50", (900, 600, 100, 100, 50, 50)),
    ],
)
def test_regions_and_sizes(region: str, size: str, expected: tuple[int, ...]) -> None:
    asked = iiif.parse(PYRAMID, region, size)
    assert (asked.x, asked.y, asked.width, asked.height, asked.out_width, asked.out_height) == expected


@pytest.mark.parametrize(
    ("region", "size"),
    [
        ("pct:0,0,10,10", "max"),
        ("0,0,0,10", "max"),
        ("1000,0,10,10", "max"),
        ("full", "^2000,"),
        ("full", "1001,"),
        ("full", ","),
        ("full", "0,"),
        ("full", "!10,"),
        ("-1,0,10,10", "max"),
        ("full", "9999999999,"),
    ],
)
def test_what_can_not_be_made(region: str, size: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        iiif.parse(PYRAMID, region, size)
    assert caught.value.code == "IIIF_REQUEST"


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_understood_or_refused(region: str, size: str) -> None:
    try:
        asked = iiif.parse(PYRAMID, region, size)
    except InvalidInput:
        return
    assert 0 < asked.out_width <= asked.width <= 1000
    assert 0 < asked.out_height <= asked.height <= 700

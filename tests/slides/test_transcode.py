"""A slide's pixels written as a pyramid of stored tiles: the same picture, the same levels, little memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import openslide
import pytest
import simplejpeg
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from api.slides.check import describe_checked
from api.slides.container import StoredTiles
from api.slides.passthrough import native_whole
from api.slides.patch_source import PatchSource
from api.slides.progress import read_progress
from api.slides.pyramid import TileAddress
from api.slides.pyramid_writer import Pixels, write_pyramid
from api.slides.slide_file import on_white
from api.slides.transcode import transcode
from tests.slides.made import Code, Storing, make_slide

TCGA = "slides/aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs"


def transcoded(source: Path, target: Path, mpp: tuple[float, float] | None = None) -> tuple[tuple[int, int], ...]:
    """The client's levels of a slide, and its pyramid in `target`."""
    pyramid = describe_checked(source)[0].pyramid
    sizes = tuple((level.width, level.height) for level in pyramid.levels)
    progress = target.with_name("progress")
    transcode(source, target, level_sizes=sizes, tile_size=pyramid.tile_size, mpp=mpp, progress=progress)
    assert read_progress(progress) == 1
    return sizes


@pytest.mark.parametrize("downsamples", [(1,), (1, 2, 4), (1, 4)])
@pytest.mark.parametrize("tile_size", [256, 240])
def test_every_level_is_stored_with_the_sizes_that_viewers_know(
    tmp_path: Path, downsamples: tuple[int, ...], tile_size: int
) -> None:
    """Odd sizes, rounded down by the scanner in the levels it wrote."""
    made = make_slide(
        tmp_path / "a.svs",
        width=1023,
        height=717,
        tile_size=tile_size,
        downsamples=downsamples,
        storing=Storing.JPEG2000,
        mpp=0.25,
    )
    sizes = transcoded(made.path, tmp_path / "b.tiff", (0.25, 0.25))
    facts, index = describe_checked(tmp_path / "b.tiff")
    assert facts.level_sizes == sizes
    assert (facts.vendor, facts.tile_size, facts.mpp_x, facts.mpp_y) == ("generic-tiff", tile_size, 0.25, 0.25)
    assert facts.associated == ()
    pyramid = facts.pyramid
    assert [level.native for level in pyramid.levels] == list(range(len(sizes)))
    stored = StoredTiles(tmp_path / "b.tiff", index)
    for level in pyramid.levels:
        for address in pyramid.addresses(level.index):
            x, y, width, height = pyramid.tile_extent(address)
            data = stored.read(level.index, address.column, address.row)
            assert data is not None
            pixels = simplejpeg.decode_jpeg(data)[:height, :width].astype(float)
            assert np.abs(pixels - made.expected(x, y, width, height, level.downsample)).mean() < 2
    assert native_whole(index, pyramid, TileAddress(0, 0, 0)) == 0


def test_a_real_jpeg_2000_slide_is_within_two_levels_of_grey(shared_data: Path, tmp_path: Path) -> None:
    transcoded(shared_data / TCGA, tmp_path / "b.tiff")
    with openslide.OpenSlide(shared_data / TCGA) as before, openslide.OpenSlide(tmp_path / "b.tiff") as after:
        width, height = before.dimensions
        assert after.dimensions == (width, height)
        pictures = [
            on_white(np.asarray(slide.read_region((0, 0), 0, (width, height)))).astype(int) for slide in (before, after)
        ]
        assert np.abs(pictures[0] - pictures[1]).mean() < 2
        assert (tmp_path / "b.tiff").stat().st_size < 2 * (shared_data / TCGA).stat().st_size


def test_places_that_were_never_scanned_take_no_room_and_stay_white(tmp_path: Path) -> None:
    made = make_slide(tmp_path / "a.tiff", storing=Storing.DEFLATE, code=Code.EXACT, empty_tiles=(0, 5))
    sizes = transcoded(made.path, tmp_path / "b.tiff")
    _, index = describe_checked(tmp_path / "b.tiff")
    assert [number for number, count in enumerate(index.levels[0].counts) if count == 0] == [0, 5]
    with openslide.OpenSlide(tmp_path / "b.tiff") as slide:
        assert slide.level_dimensions == sizes
        assert np.asarray(slide.read_region((0, 0), 0, (256, 256)))[:, :, 3].max() == 0
    assert PatchSource(tmp_path / "b.tiff").read(0, 0, 256, 256, 1.0).min() == 255


def test_the_colour_profile_comes_along(tmp_path: Path) -> None:
    profile = bytes(range(256)) * 3
    side = 512
    write_pyramid(
        tmp_path / "a.tiff", lambda _, rows: np.zeros((rows, side, 3), np.uint8), [(side, side)], 256, icc=profile
    )
    with tifffile.TiffFile(tmp_path / "a.tiff") as tiff:
        assert tiff.pages.first.tags[34675].value == profile


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    rounding=st.lists(st.booleans(), min_size=14, max_size=14),
    tile_size=st.sampled_from([16, 32]),
)
def test_any_size_and_any_rounding(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, rounding: list[bool], tile_size: int
) -> None:
    sizes = [(width, height)]
    for down, across in zip(rounding[::2], rounding[1::2], strict=True):
        if max(sizes[-1]) <= tile_size:
            break
        factor = 1 << len(sizes)
        sizes.append(
            (
                max(1, width // factor if across else -(-width // factor)),
                max(1, height // factor if down else -(-height // factor)),
            )
        )
    target = tmp_path_factory.mktemp("any") / "a.tiff"
    columns = 2 * np.arange(width)[None, :, None]
    asked: list[tuple[int, int]] = []

    def read(top: int, rows: int) -> Pixels:
        asked.append((top, rows))
        down = 0.5 * np.arange(top, top + rows)[:, None, None]
        return (np.zeros((rows, width, 3)) + columns + down).astype(np.uint8)

    write_pyramid(target, read, sizes, tile_size)
    assert sum(rows for _, rows in asked) == height
    with tifffile.TiffFile(target) as tiff:
        pages = [page.aspage() for page in tiff.pages]
        assert [(page.imagewidth, page.imagelength) for page in pages] == sizes
        for number, page in enumerate(pages):
            assert page.is_tiled
            picture = page.asarray().astype(float)
            middle = np.clip((np.arange(page.imagewidth) + 0.5) * (1 << number) - 0.5, 0, width - 1)
            # What rounding adds or leaves out at the edge is less than a pixel of the level.
            assert np.abs(picture[0, :, 0] - 2 * middle).max() < 10 + (3 << number)


def test_tiles_that_no_tiff_can_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 must divide it"):
        write_pyramid(tmp_path / "a.tiff", lambda _, rows: np.zeros((rows, 9, 3), np.uint8), [(9, 9)], 250)


def test_memory_is_that_of_a_row_of_tiles(tmp_path: Path) -> None:
    width, height, side = 4096, 8192, 256
    sizes = [(width >> level, height >> level) for level in range(6)]
    noise = np.random.default_rng(1).integers(0, 255, (side, width, 3), np.uint8)
    tracemalloc.start()
    try:
        write_pyramid(tmp_path / "a.tiff", lambda _, rows: noise[:rows], sizes, side)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # All pixels are 101 MB, a row of tiles 3 MB.
    assert most < 8 * noise.nbytes

"""Stored tiles by offset: complete JPEGs, true colours, and no trust in what a directory claims."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
import tifffile

from api.errors import UnsupportedSlide
from api.slides.container import ContainerIndex, StoredTiles
from api.slides.container_index import check_complete, index_container
from api.slides.jpeg import ADOBE_RGB, first_frame
from tests.slides.made import MadeSlide, Storing, make_slide

SIZES = ((1000, 700), (500, 350), (250, 175))


def open_tiles(slide: MadeSlide, vendor: str = "generic-tiff") -> StoredTiles:
    return StoredTiles(slide.path, index_container(slide.path, vendor, SIZES))


@pytest.mark.parametrize("storing", [Storing.JPEG_RGB, Storing.JPEG_YCBCR])
def test_stored_tiles_are_whole_jpegs_with_true_colours(tmp_path: Path, storing: Storing) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=storing)
    tiles = open_tiles(slide)
    assert sorted(tiles.index.levels) == [0, 1, 2]
    for native, downsample in ((0, 1), (1, 2)):
        data = tiles.read(native, 0, 0)
        assert data is not None
        assert (ADOBE_RGB in data) == (storing is Storing.JPEG_RGB)
        decoded = simplejpeg.decode_jpeg(data)
        error = np.abs(decoded - slide.expected(0, 0, 256, 256, downsample)).mean()
        assert decoded.shape == (256, 256, 3)
        assert error < 1
    tiles.close()


def test_without_the_colour_marker_rgb_would_be_wrong(tmp_path: Path) -> None:
    """Why the marker is spliced in: the same bytes without it are taken for YCbCr."""
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.JPEG_RGB)
    data = open_tiles(slide).read(0, 1, 1)
    assert data is not None
    wrong = simplejpeg.decode_jpeg(data.replace(ADOBE_RGB, b""))
    assert np.abs(wrong - slide.expected(256, 256, 256, 256)).mean() > 40


def test_the_index_survives_being_written_down(tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.JPEG_RGB)
    index = index_container(slide.path, "generic-tiff", SIZES)
    again = ContainerIndex.from_bytes(index.to_bytes())
    assert list(again.levels) == [0, 1, 2]
    for native, level in index.levels.items():
        other = again.levels[native]
        assert (other.width, other.height, other.tile_size, other.codec, other.header) == (
            level.width,
            level.height,
            level.tile_size,
            level.codec,
            level.header,
        )
        assert np.array_equal(other.offsets, level.offsets)
        assert np.array_equal(other.counts, level.counts)


@pytest.mark.parametrize(
    "data", [b"", b"CSTI1\n", b"CSTI1\n\xff\xff\xff\x7f", b"something else", b"CSTI1\n\2\0\0\0{}x"]
)
def test_what_is_no_index_is_refused(data: bytes) -> None:
    if data.endswith(b"x"):
        assert ContainerIndex.from_bytes(data).levels == {}
    else:
        with pytest.raises(ValueError, match=r"."):
            ContainerIndex.from_bytes(data)


def test_an_unscanned_tile_is_none(tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", empty_tiles=(5,))
    tiles = open_tiles(slide)
    assert tiles.read(0, 1, 1) is None
    assert tiles.read(0, 0, 1) is not None


def test_other_vendors_and_other_compressions_are_left_to_openslide(tmp_path: Path) -> None:
    jpeg = make_slide(tmp_path / "a.tiff")
    assert index_container(jpeg.path, "trestle", SIZES).levels == {}
    deflate = make_slide(tmp_path / "b.tiff", storing=Storing.DEFLATE)
    assert index_container(deflate.path, "generic-tiff", SIZES).levels == {}


def test_a_file_that_ends_before_its_tiles(tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", downsamples=(1,))
    whole = slide.path.read_bytes()
    slide.path.write_bytes(whole[:-1000])
    with pytest.raises(UnsupportedSlide) as caught:
        check_complete(slide.path)
    assert caught.value.code == "SLIDE_TRUNCATED"
    assert caught.value.params == {"expected_bytes": len(whole), "actual_bytes": len(whole) - 1000}


def test_whole_files_and_other_files_are_not_cut_short(tmp_path: Path) -> None:
    check_complete(make_slide(tmp_path / "a.tiff", empty_tiles=(1,)).path)
    (tmp_path / "b").write_bytes(b"II*\0\xff\xff\xff\xff")
    check_complete(tmp_path / "b")
    (tmp_path / "c").write_bytes(b"no TIFF at all")
    check_complete(tmp_path / "c")


def test_a_directory_that_lies_about_its_tiles_is_not_passed_through(tmp_path: Path) -> None:
    """The tiles are 256 pixels, the directory says 512: a browser would be sent the wrong places."""
    slide = make_slide(tmp_path / "a.tiff", width=512, height=512, downsamples=(1,))
    with tifffile.TiffFile(slide.path) as tiff:
        tags = tiff.pages.first.tags
        tile_fields = [tags["TileWidth"].offset + 8, tags["TileLength"].offset + 8]
        # One tile instead of four: the directory must be consistent in itself. Its arrays of one value hold it inline.
        arrays = [(tags[name].offset, tags[name].value[0]) for name in ("TileOffsets", "TileByteCounts")]
    data = bytearray(slide.path.read_bytes())
    for place in tile_fields:
        struct.pack_into("<I", data, place, 512)
    for place, first in arrays:
        struct.pack_into("<HII", data, place + 2, 4, 1, first)
    slide.path.write_bytes(bytes(data))
    with tifffile.TiffFile(slide.path) as tiff:
        assert (tiff.pages.first.tilewidth, len(tiff.pages.first.dataoffsets)) == (512, 1)
    assert index_container(slide.path, "generic-tiff", [(512, 512)]).levels == {}


def test_real_tiles_are_what_openslide_shows(shared_data: Path) -> None:
    """Aperio stores RGB: passing tiles through loses nothing at all."""
    import openslide

    path = shared_data / "slides/aperio_cmu/CMU-1-Small-Region.svs"
    with openslide.OpenSlide(path) as slide:
        tiles = StoredTiles(path, index_container(path, "aperio", slide.level_dimensions))
        for column, row in ((0, 0), (3, 4), (8, 11)):
            data = tiles.read(0, column, row)
            assert data is not None
            frame = first_frame(data)
            assert frame is not None
            assert (frame.width, frame.height) == (240, 240)
            shown = np.asarray(slide.read_region((240 * column, 240 * row), 0, (240, 240)).convert("RGB"))
            assert np.array_equal(simplejpeg.decode_jpeg(data), shown)
    tiles.close()

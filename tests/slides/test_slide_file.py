"""Reading through OpenSlide: exact places, white ground, and errors that cost only the broken place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from api.errors import UnsupportedSlide
from api.slides.container_index import index_container
from api.slides.pyramid_writer import write_pyramid
from api.slides.slide_file import SlideFile, on_white, open_slide
from tests.slides.made import Code, Storing, make_slide


def test_transparent_pixels_lie_on_white() -> None:
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 200, 128]]], np.uint8)
    assert on_white(rgba).tolist() == [[[10, 20, 30], [255, 255, 255], [127, 177, 227]]]
    opaque = np.full((2, 2, 4), 255, np.uint8)
    assert on_white(opaque).shape == (2, 2, 3)
    assert on_white(opaque[:, :, :3]).shape == (2, 2, 3)


@pytest.mark.parametrize(("downsample", "level"), [(0.9, 0), (1, 0), (1.99, 1), (2, 1), (3.9, 1), (4.1, 2), (100, 2)])
def test_the_best_level_is_the_coarsest_that_is_fine_enough(tmp_path: Path, downsample: float, level: int) -> None:
    slide = open_slide(make_slide(tmp_path / "a.tiff").path)
    assert slide.best_level(downsample) == level
    slide.close()


def test_regions_beyond_the_edges(tmp_path: Path) -> None:
    made = make_slide(tmp_path / "a.tiff", storing=Storing.DEFLATE, code=Code.EXACT)
    slide = open_slide(made.path)
    pixels = slide.read_region(1, -10, 340, 30, 20)
    assert (pixels[:, :10] == 255).all()
    assert (pixels[10:] == 255).all()
    assert np.array_equal(pixels[:10, 10:], made.expected(0, 340, 20, 10, 2))
    for width, height in ((0, 5), (5, -1), (100_000, 100_000)):
        with pytest.raises(ValueError, match="is not between 1 and"):
            slide.read_region(0, 0, 0, width, height)
    slide.close()


def test_a_broken_place_does_not_spoil_the_others(tmp_path: Path) -> None:
    made = make_slide(tmp_path / "a.tiff", downsamples=(1,))
    level = index_container(made.path, "generic-tiff", [(1000, 700)]).levels[0]
    with made.path.open("r+b") as file:
        file.seek(int(level.offsets[5]))
        file.write(b"\xa5" * int(level.counts[5]))
    slide = open_slide(made.path)
    for _ in range(2):
        with pytest.raises(UnsupportedSlide) as caught:
            slide.read_region(0, 256, 256, 100, 100)
        assert caught.value.code == "SLIDE_DAMAGED"
        pixels = slide.read_region(0, 600, 0, 100, 100)
        assert np.abs(pixels - made.expected(600, 0, 100, 100)).mean() < 2
    slide.close()
    slide.close()


def test_a_broken_colour_profile_is_none(tmp_path: Path) -> None:
    """It must not cost the thumbnail, or the slide's conversion."""
    path, black = tmp_path / "a.tiff", np.zeros((256, 256, 3), np.uint8)
    write_pyramid(path, lambda _, rows: black[:rows], [(256, 256)], 256, icc=b"no profile")
    slide = SlideFile(path)
    assert slide.colour_profile() == b""
    assert slide.read_region(0, 0, 0, 16, 16).max() == 0

"""Patches at any downsample: right place, right size, white outside."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import openslide
import pytest
import simplejpeg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.slides.patch_source import PatchSource, decode_reduced, read_at, read_window
from api.slides.reader_operations import halve
from tests.slides.made import Code, MadeSlide, Storing, make_slide


@pytest.fixture(params=[Storing.JPEG_YCBCR, Storing.JPEG_RGB, Storing.JPEG2000, Storing.DEFLATE])
def slide(request: pytest.FixtureRequest, tmp_path: Path) -> MadeSlide:
    return make_slide(tmp_path / "slide.tiff", storing=request.param, downsamples=(1, 4))


@pytest.mark.parametrize("downsample", [1, 1.5, 2, 2.004, 3, 4, 6, 8])
def test_a_patch_shows_its_own_place(slide: MadeSlide, downsample: float) -> None:
    source = PatchSource(slide.path)
    x, y, width, height = (round(value * downsample) for value in (24, 16, 64, 48))
    pixels = source.read(x, y, width, height, downsample)
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    # Half an output pixel of position is worth downsample / 8 of colour on these ramps.
    expected = slide.expected(0, 0, 64, 48, downsample) - slide.expected(0, 0, 1, 1, downsample)
    expected += slide.expected(x, y, 1, 1) + (downsample - 1) / 2 * np.array([255 / 999, 255 / 699, 0])
    assert np.abs(pixels - expected).mean() < 1 + downsample / 8
    source.close()


def test_lossless_pixels_are_exact(tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.DEFLATE, code=Code.EXACT, downsamples=(1, 2))
    source = PatchSource(slide.path)
    assert np.array_equal(source.read(257, 130, 300, 250, 1), slide.expected(257, 130, 300, 250))
    assert np.array_equal(source.read(514, 260, 200, 100, 2), slide.expected(257, 130, 100, 50, 2))


def test_outside_the_slide_is_white(slide: MadeSlide) -> None:
    source = PatchSource(slide.path)
    around = source.read(-40, -20, 1080, 740, 1)
    assert around.shape == (740, 1080, 3)
    inside = np.zeros(around.shape[:2], bool)
    inside[20:720, 40:1040] = True
    assert (around[~inside] == 255).all()
    assert np.abs(around[20:720, 40:1040] - slide.expected(0, 0, 1000, 700)).mean() < 1
    assert (source.read(5000, 5000, 64, 64, 2) == 255).all()
    assert (source.read(-500, 0, 64, 64, 1) == 255).all()


def test_an_unscanned_tile_is_white(tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", empty_tiles=(5,), downsamples=(1,))
    pixels = PatchSource(slide.path).read(0, 0, 1000, 700, 1)
    assert (pixels[256:512, 256:512] == 255).all()
    assert np.abs(pixels[:256] - slide.expected(0, 0, 1000, 256)).mean() < 1


@given(
    x=st.integers(-300, 1100),
    y=st.integers(-300, 800),
    width=st.integers(8, 900),
    height=st.integers(8, 700),
    downsample=st.floats(1, 8),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_region_has_the_size_asked_for(
    tmp_path: Path, x: int, y: int, width: int, height: int, downsample: float
) -> None:
    path = tmp_path / "slide.tiff"
    if not path.exists():
        make_slide(path, storing=Storing.JPEG_YCBCR)
    pixels = PatchSource(path).read(x, y, width, height, downsample)
    assert pixels.shape == (round(height / downsample), round(width / downsample), 3)


@pytest.mark.parametrize(
    ("region", "downsample"), [((0, 0, 100, 100), 0.5), ((0, 0, 0, 100), 1), ((0, 0, 10**6, 10**6), 1)]
)
def test_senseless_reads_are_refused(tmp_path: Path, region: tuple[int, int, int, int], downsample: float) -> None:
    source = PatchSource(make_slide(tmp_path / "a.tiff", downsamples=(1,)).path)
    with pytest.raises(ValueError, match="can't read"):
        source.read(*region, downsample)


def test_memory_of_decoded_tiles_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.slides.patch_source.CACHED_TILE_BYTES", 3 * 256 * 256 * 3)
    source = PatchSource(make_slide(tmp_path / "a.tiff", downsamples=(1,)).path)
    first = source.read(0, 0, 1000, 700, 1)
    assert len(source._cache) == 3
    assert np.array_equal(source.read(0, 0, 1000, 700, 1), first)


def test_a_stored_tile_of_the_wrong_size_is_damage() -> None:

    from api.errors import UnsupportedSlide

    small = simplejpeg.encode_jpeg(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(UnsupportedSlide, match="a tile has 64 x 64 pixels instead of 256 x 256"):
        decode_reduced(small, 256, 1)
    with pytest.raises(UnsupportedSlide, match="a tile is broken"):
        decode_reduced(b"\xff\xd8 no jpeg", 256, 1)


@pytest.mark.parametrize(
    ("name", "level", "downsample"),
    [
        ("aperio_cmu/CMU-1-Small-Region.svs", 0, 1),
        ("aperio_cmu/CMU-1-Small-Region.svs", 0, 2),
        ("aperio_cmu/CMU-1-Small-Region.svs", 0, 4),
        ("aperio_cmu/CMU-1-Small-Region.svs", 0, 8),
        ("aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs", 0, 1),
        ("aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs", 1, 2),
        ("aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs", 1, 4),
        ("aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs", 1, 8),
    ],
)
def test_patches_of_real_slides_agree_with_openslide(shared_data: Path, name: str, level: int, downsample: int) -> None:
    """The oracle reads the whole level from the origin: elsewhere it resamples by a fraction of a pixel."""
    path = shared_data / "slides" / name
    side = 1024
    pixels = PatchSource(path).read(side, side, side, side, downsample)
    with openslide.OpenSlide(path) as slide:
        whole = np.asarray(slide.read_region((0, 0), level, slide.level_dimensions[level]).convert("RGB"))
    own = side >> level
    shown = cv2.resize(
        whole[own : 2 * own, own : 2 * own], (side // downsample, side // downsample), interpolation=cv2.INTER_AREA
    )
    assert np.abs(pixels.astype(int) - shown).mean() <= 1


def test_the_last_pixels_of_a_reduced_slide_hold_no_padding(tmp_path: Path) -> None:
    """The generator fills what lies beyond the edge with black; blue is 200 everywhere on this slide."""
    made = make_slide(tmp_path / "a.tiff", width=1 + 8 * 70, height=3 + 8 * 50, downsamples=(1,), number=200)
    source = PatchSource(made.path)
    for downsample in (2, 4, 8):
        width, height = -(-made.width // downsample), -(-made.height // downsample)
        pixels = source.read(0, 0, width * downsample, height * downsample, downsample)
        assert pixels.shape == (height, width, 3)
        assert pixels[:, :, 2].min() > 195
    source.close()


def test_subsampled_levels_are_made_with_the_colours_that_scanners_keep() -> None:
    colours = np.zeros((64, 64, 3), np.uint8) + np.array([200, 90, 160], np.uint8)
    for stored, made in (("420", "420"), ("422", "422"), ("444", "444")):
        part = simplejpeg.encode_jpeg(colours, colorspace="RGB", colorsubsampling=stored)
        arguments = {"width": 64, "height": 64, "half_tile": 32, "from_file": [], "places": [0, 1, 2, 3]}
        half = halve(arguments, [part] * 4).blobs[0]
        assert simplejpeg.decode_jpeg_header(half)[3] == made
        assert np.abs(simplejpeg.decode_jpeg(half).astype(int) - [200, 90, 160]).max() <= 2


@pytest.mark.parametrize("downsample", [0.5, 1.0, 2.0])
def test_a_window_over_the_border_shows_the_slide_mirrored(tmp_path: Path, downsample: float) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.DEFLATE, downsamples=(1, 2))
    source = PatchSource(slide.path)
    side = 64 * downsample
    x, y = 1000 - 40 * downsample, -24 * downsample
    window = read_window(source, x, y, side, downsample, (1000, 700))
    assert window.shape == (64, 64, 3)
    inside = read_at(source, x, 0, 40 * downsample, 40 * downsample, downsample)
    # Enlarged, pixels at the border were mixed with what lies beyond.
    apart = 0 if downsample >= 1 else 1
    own = slice(apart, 40 - apart)
    assert np.array_equal(window[24:, :40][own, own], inside[own, own])
    assert np.array_equal(window[:24], window[24:48][::-1])
    assert np.array_equal(window[:, 40:], window[:, 16:40][:, ::-1])
    source.close()


def test_a_slide_smaller_than_a_window_is_mirrored_over_and_over(tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.DEFLATE, width=5, height=3, downsamples=(1,))
    source = PatchSource(slide.path)
    window = read_window(source, -32, -16, 64, 1, (5, 3))
    assert np.array_equal(window[16:19, 32:37], np.rint(slide.expected(0, 0, 5, 3)))
    assert np.array_equal(window[:, 32:37][:, ::-1], window[:, 37:42])
    assert np.array_equal(window[:, 32:42], window[:, 42:52])
    source.close()


def test_a_window_beside_the_slide_is_white(tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.DEFLATE, downsamples=(1,))
    source = PatchSource(slide.path)
    assert (read_window(source, 2000, 0, 64, 1, (1000, 700)) == 255).all()
    source.close()

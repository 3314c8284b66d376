"""Reading the headers of JPEG streams, honest and not."""

from __future__ import annotations

import io

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from api.slides.jpeg import ADOBE_RGB, JpegFrame, first_frame, has_jfif, with_profile

ENCODED: bytes = simplejpeg.encode_jpeg(np.zeros((48, 80, 3), np.uint8), quality=80, colorspace="RGB")


def test_the_frame_of_a_plain_jpeg() -> None:
    frame = first_frame(ENCODED)
    assert frame == JpegFrame(marker=0xC0, bits=8, width=80, height=48, components=3)
    assert frame.is_browser_safe
    assert has_jfif(ENCODED)


def test_twelve_bits_arithmetic_coding_and_other_channel_counts_are_not_for_browsers() -> None:
    assert not JpegFrame(0xC1, 12, 8, 8, 3).is_browser_safe
    assert not JpegFrame(0xC9, 8, 8, 8, 3).is_browser_safe
    assert not JpegFrame(0xC3, 8, 8, 8, 3).is_browser_safe
    assert not JpegFrame(0xC0, 8, 8, 8, 4).is_browser_safe


def test_the_adobe_marker_is_well_formed() -> None:
    assert int.from_bytes(ADOBE_RGB[2:4], "big") == len(ADOBE_RGB) - 2
    assert ADOBE_RGB[-1] == 0  # transform: none


@given(st.binary(max_size=200))
def test_anything_can_be_looked_at(data: bytes) -> None:
    frame = first_frame(data)
    assert frame is None or frame.width < 65536
    assert has_jfif(data) in (True, False)


@given(st.integers(0, len(ENCODED)))
def test_a_stream_cut_anywhere(length: int) -> None:
    frame = first_frame(ENCODED[:length])
    assert frame is None or (frame.width, frame.height) == (80, 48)


@pytest.mark.parametrize("size", [0, 1, 65_519, 65_520, 141_992])
def test_a_profile_is_read_back_by_another_library(size: int) -> None:
    profile = bytes(place % 251 for place in range(size))
    coloured = with_profile(ENCODED, profile)
    with Image.open(io.BytesIO(coloured)) as picture:
        assert picture.info.get("icc_profile", b"") == profile
    assert np.array_equal(simplejpeg.decode_jpeg(coloured), simplejpeg.decode_jpeg(ENCODED))


def test_a_profile_too_large_for_a_jpeg_is_refused() -> None:
    with pytest.raises(ValueError, match=f"a colour profile of {65_519 * 255 + 1} bytes does not fit into a JPEG"):
        with_profile(ENCODED, bytes(65_519 * 255 + 1))

"""A slide's colour profile reaches the screen: the client puts it into the tiles, and the browser applies it."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import ImageCms

from tests.e2e.stories import Story

RED = (200, 40, 60)
SIDE = 1024


def swapped_profile() -> bytes:
    """sRGB with the primaries of red and blue changed over, so that a colour that is managed can't be overlooked."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    table_end = 132 + 12 * int.from_bytes(profile[128:132], "big")
    table = profile[132:table_end]
    table = table.replace(b"rXYZ", b"\0\0\0\0").replace(b"bXYZ", b"rXYZ").replace(b"\0\0\0\0", b"bXYZ", 1)
    return profile[:132] + table + profile[table_end:]


def write_slide(path: Path, profile: bytes | None) -> None:
    tile = imagecodecs.jpeg8_encode(np.full((256, 256, 3), RED, np.uint8), level=95, subsampling="444")
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(
            iter([bytes(tile)] * (SIDE // 256) ** 2),
            shape=(SIDE, SIDE, 3),
            dtype=np.uint8,
            tile=(256, 256),
            photometric="ycbcr",
            subsampling=(1, 1),
            compression="jpeg",
            iccprofile=profile,
            metadata=None,
        )


@pytest.mark.browser
@pytest.mark.timeout(240)
@pytest.mark.parametrize("has_profile", [True, False])
def test_the_browser_shows_a_slide_in_the_colours_of_its_profile(
    story: Story, tmp_path: Path, has_profile: bool
) -> None:
    slide = tmp_path / "colours.tiff"
    write_slide(slide, swapped_profile() if has_profile else None)
    seen = story("colours", slide=str(slide), profile=str(has_profile))

    red, green, blue = seen["pixel"]
    assert seen["tiles"] > 1
    if has_profile:
        assert seen["profiles"] == 1
        assert blue > 150
        assert red < 100
        assert green < 100
    else:
        assert seen["profiles"] == 0
        assert np.abs(np.array([red, green, blue]) - RED).max() <= 4

"""The magic wand by colour; by probabilities it is in the story of two people (`test_story.py`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from api.slides.convert import convert_to_pyramid
from tests.e2e.stories import Story, shape_of

MIDDLE, RADIUS, LUMEN = (512.0, 512.0), 200, 50


@pytest.fixture
def tissue_slide(tmp_path: Path) -> str:
    """A ring of noisy pink on glass."""
    y, x = np.mgrid[0:1024, 0:1024]
    away = np.hypot(x + 0.5 - MIDDLE[0], y + 0.5 - MIDDLE[1])
    noise = np.random.default_rng(7).normal(0, 8, (1024, 1024, 1))
    picture = np.where(((away < RADIUS) & (away >= LUMEN))[..., None], (205, 110, 160), (238, 238, 240)) + noise
    flat, slide = tmp_path / "ring.png", tmp_path / "ring.tiff"
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(flat)
    convert_to_pyramid(flat, slide, mpp=0.5)
    return str(slide)


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_wand_takes_what_is_alike(story: Story, tissue_slide: str) -> None:
    seen = story("wand", slide=tissue_slide)

    disc, lumen = shapely.Point(MIDDLE).buffer(RADIUS, 64), shapely.Point(MIDDLE).buffer(LUMEN, 64)
    ring = disc - lumen
    for name, wanted in [("clicked", ring), ("joined", disc), ("taken", ring)]:
        assert shape_of(seen[name]).symmetric_difference(wanted).area < 0.02 * disc.area, name
    assert len(shape_of(seen["clicked"]).interiors) == 1
    assert shape_of(seen["all"]).area > 0.9 * 760 * 760

"""Commands on the selection: what the server holds after each, and after its undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from api.slides.convert import convert_to_pyramid
from tests.e2e.stories import Story, shape_of

MPP = 0.499
"""Of CMU-1-Small-Region."""


@pytest.fixture
def coarse_slide(tmp_path: Path) -> str:
    """A slide at 1 um/px."""
    flat, slide = tmp_path / "flat.png", tmp_path / "coarse.tiff"
    Image.fromarray(np.full((1024, 1024, 3), 230, dtype=np.uint8)).save(flat)
    convert_to_pyramid(flat, slide, mpp=1.0)
    return str(slide)


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_each_command_is_one_step_that_can_be_undone(story: Story, coarse_slide: str) -> None:
    seen = story("commands", coarse=coarse_slide)

    left, right = shapely.box(800, 900, 1000, 1000), shapely.box(950, 900, 1150, 1000)
    expected = {
        "Union": [left | right],
        "Subtract": [left - right, right],
        "Intersect": [left & right],
        "Exclude overlap": [left ^ right],
    }
    for name, shapes in expected.items():
        held = seen["results"][name]
        assert [one["id"] for one in held] == seen["ids"][: len(shapes)], name
        for one, wanted in zip(held, shapes, strict=True):
            assert shape_of(one).symmetric_difference(wanted).area < 1, name
        assert seen["results"][f"{name} steps"] == 1
    assert [one["kind"] for one in seen["undone"]] == ["RECTANGLE", "RECTANGLE"]
    assert [one["areaPx"] for one in seen["undone"]] == [20_000, 20_000]

    assert seen["disabled"] == "true"
    assert seen["reason"] == "Select two or more outlines: Shift-click adds one."

    by = 20 / MPP
    assert shape_of(seen["grown"]).symmetric_difference(left.buffer(by)).area < left.buffer(by).area * 0.001

    around = shapely.box(700, 800, 1250, 1100)
    assert shape_of(seen["inverse"]).symmetric_difference(around - (left | right)).area < 1
    assert shape_of(seen["filled"]).symmetric_difference(around).area < 1
    assert seen["simplified"]["before"] == 73
    assert seen["simplified"]["after"] < 30
    assert seen["simplified"]["share"] == pytest.approx(1, abs=0.03)

    original, copy = seen["duplicate"]["original"], seen["duplicate"]["copy"]
    assert copy["termId"] == original["termId"]
    assert np.subtract(copy["bounds"], original["bounds"]).tolist() == [16, 16, 16, 16]
    assert np.subtract(seen["nudged"]["bounds"], copy["bounds"]).tolist() == [4, 0, 4, 0]

    # On the slide at 1 um/px the same micrometres are fewer pixels.
    x, y, right_x, bottom = shapely.union_all([shape_of(one) for one in seen["pasted"]]).bounds
    assert (right_x - x, bottom - y) == pytest.approx((350 * MPP, 100 * MPP), abs=0.2)
    assert ((x + right_x) / 2, (y + bottom) / 2) == pytest.approx((512, 512), abs=1)
    assert [one["bounds"] for one in seen["inPlace"]] == [[800, 900, 1000, 1000], [950, 900, 1150, 1000]]

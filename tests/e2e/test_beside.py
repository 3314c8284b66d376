"""Two slides side by side, of 0.499 and 1 micrometre a pixel: they go as many micrometres, whichever is moved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from api.slides.convert import convert_to_pyramid
from tests.e2e.stories import Story

MPP, OTHER_MPP = 0.499, 1.0
PX = 3.0
"""Level-0 pixels that rounding in a link, and the pointer's, may cost."""


def make_other(folder: Path) -> Path:
    """A slide of 1500 x 1200 micrometres whose colours tell the place."""
    y, x = np.mgrid[0:1200, 0:1500]
    picture = np.stack([200 - x // 12, 120 + y // 16, np.full_like(x, 190)], axis=-1).astype(np.uint8)
    picture[(x // 100 + y // 100) % 2 == 0] //= 2
    flat, slide = folder / "other.png", folder / "other.tiff"
    Image.fromarray(picture).save(flat)
    convert_to_pyramid(flat, slide, mpp=OTHER_MPP)
    return slide


def went(before: dict[str, str], after: dict[str, str], prefix: str, mpp: float) -> tuple[float, float]:
    """Micrometres from one view to another."""
    return (
        (float(after[f"{prefix}x"]) - float(before[f"{prefix}x"])) * mpp,
        (float(after[f"{prefix}y"]) - float(before[f"{prefix}y"])) * mpp,
    )


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_two_slides_move_together_and_a_link_reopens_both(story: Story, tmp_path: Path) -> None:
    seen: dict[str, Any] = story("beside", other=str(make_other(tmp_path)))

    for told in (seen["looks"]["en"], seen["looks"]["ko"]):
        steps = told["steps"]

        def together(before: str, after: str, steps: dict[str, dict[str, str]] = steps) -> tuple[float, float]:
            main = went(steps[before], steps[after], "", MPP)
            assert went(steps[before], steps[after], "w", OTHER_MPP) == pytest.approx(main, abs=PX)
            scale = float(steps[after]["d"]) * MPP
            assert float(steps[after]["wd"]) * OTHER_MPP == pytest.approx(scale, rel=0.002)
            return main

        assert {step["with"] for step in steps.values()} == {told["otherId"]}
        assert max(together("beginning", "mainDragged")) > 20
        together("mainDragged", "mainZoomed")
        assert float(steps["mainZoomed"]["d"]) < float(steps["mainDragged"]["d"]) * 0.8
        assert max(map(abs, together("mainZoomed", "secondDragged"))) > 5
        # Apart, the second goes alone, and the link says so; linked there, the offset stays.
        assert went(steps["secondDragged"], steps["apart"], "", MPP) == (0, 0)
        assert max(map(abs, went(steps["secondDragged"], steps["apart"], "w", OTHER_MPP))) > 5
        assert (steps["apart"].get("apart"), "apart" in steps["linkedHere"]) == ("1", False)
        assert went(steps["apart"], steps["linkedHere"], "w", OTHER_MPP) == pytest.approx((0, 0), abs=PX)
        assert max(map(abs, together("linkedHere", "offset"))) > 5
        assert told["drawn"] == {"__typename": "AppliedOps"}
        assert told["inkedBefore"] == 0
        assert steps["reopened"] == steps["offset"]
        assert max(map(abs, together("reopened", "reopenedDragged"))) > 5
        assert "with" not in told["alone"]

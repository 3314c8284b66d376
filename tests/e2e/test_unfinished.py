"""Nothing drawn is lost: crash, reload and no line in the middle of drawing, and a conflict left open."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.e2e.stories import Story, shape_of


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_what_was_being_drawn_is_kept(story: Story) -> None:
    seen = story("unfinished")

    first = shapely.box(800, 800, 1000, 950)
    assert shape_of(seen["afterCrash"]).symmetric_difference(first).area < 1
    triangle = shapely.Polygon([(700, 1000), (800, 1000), (800, 1100)])
    assert shape_of(seen["byHand"]).symmetric_difference(triangle).area < 0.03 * triangle.area
    radius, way = 19, 200
    assert seen["byBrush"]["areaPx"] == pytest.approx(2 * radius * way + np.pi * radius**2, rel=0.03)
    assert seen["offeredAgain"] is False

    finished_offline, finished_online = (shape_of(one) for one in seen["offline"])
    assert finished_offline.symmetric_difference(shapely.box(1100, 800, 1200, 900)).area < 1
    corners = shapely.Polygon([(1250, 800), (1350, 800), (1350, 900)])
    assert finished_online.symmetric_difference(corners).area < 1

    mine = shapely.box(800, 780, 1000, 930)
    assert shape_of(seen["mine"]).symmetric_difference(mine).area < 1
    assert seen["conflictAgain"] is False

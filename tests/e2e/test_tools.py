"""Spline, hole, split, stretch and turn, catching vertices and counting: what the server holds after each."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.e2e.stories import Story, shape_of


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_tools_leave_on_the_server_what_was_drawn(story: Story) -> None:
    seen = story("tools")

    spline = shape_of(seen["spline"])
    # Round: between the diamond of its points and their circle, nearer to the circle.
    assert shapely.Point(1000, 900).buffer(102, 64).contains(spline)
    assert spline.area > 0.86 * np.pi * 100**2
    assert all(spline.distance(shapely.Point(place)) < 0.1 for place in [(900, 900), (1000, 800), (1100, 900)])

    holes = shape_of(seen["holes"])
    drawn = [shapely.box(960, 880, 990, 910), shapely.box(1010, 890, 1050, 930)]
    assert len(holes.interiors) == 2
    assert (spline - holes).symmetric_difference(shapely.union_all(drawn)).area < 40
    assert len(shape_of(seen["holeUndone"]).interiors) == 1

    left, right = shapely.box(800, 900, 950, 1000), shapely.box(1000, 900, 1150, 1000)
    pieces = [shape_of(one) for one in seen["split"]]
    assert shapely.union_all(pieces).symmetric_difference(left | right).area < 0.5
    assert sum(piece.area for piece in pieces) == pytest.approx(left.area + right.area, abs=0.5)
    assert {one["termId"] for one in seen["split"]} == {seen["split"][0]["termId"]}
    assert [one["bounds"] for one in seen["splitUndone"]] == [list(left.bounds), list(right.bounds)]

    assert [one["version"] for one in seen["notMoved"]] == [one["version"] for one in seen["splitUndone"]]
    # The box from (800, 900) to (1150, 1000) became half as wide again and half as high again.
    assert [one["bounds"] for one in seen["stretched"]] == [[800, 900, 1025, 1050], [1100, 900, 1325, 1050]]
    assert [one["kind"] for one in seen["stretched"]] == ["RECTANGLE", "RECTANGLE"]
    # A quarter turn about (1062.5, 975): what lay left lies above.
    above, below = seen["turned"]
    assert above["bounds"] == pytest.approx([987.5, 712.5, 1137.5, 937.5], abs=0.1)
    assert below["bounds"] == pytest.approx([987.5, 1012.5, 1137.5, 1237.5], abs=0.1)

    assert [1000, 900] in seen["snapped"]["geometry"]["coordinates"][0]
    assert [995, 996] in seen["free"]["geometry"]["coordinates"][0]

    first, second, third = seen["counted"]
    assert [one["geometry"]["coordinates"] for one in seen["counted"]] == [[900, 900], [1000, 900], [900, 1000]]
    assert first["termId"] == second["termId"] != third["termId"]
    assert " ".join(seen["totals"].split()) == "Carcinoma 2 Benign 1 Total 3 In view 3"

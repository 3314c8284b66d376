"""Dice, IoU and kappa of areas whose answers can be worked out by hand."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.analytics.agreement import Agreement, compare

SLIDE = (100, 100)
box = shapely.box


def test_the_same_areas_agree_perfectly() -> None:
    assert compare([box(0, 0, 10, 10)], [box(0, 0, 10, 10)], SLIDE) == Agreement(1.0, 1.0, 1.0)


def test_nothing_in_common() -> None:
    found = compare([box(0, 0, 10, 10)], [box(50, 50, 60, 60)], SLIDE)
    assert (found.dice, found.iou) == (0.0, 0.0)
    assert found.kappa == pytest.approx((0.98 - 0.9802) / (1 - 0.9802))


def test_half_in_common() -> None:
    found = compare([box(0, 0, 20, 10)], [box(10, 0, 30, 10)], SLIDE)
    assert (found.dice, found.iou) == (0.5, pytest.approx(1 / 3))
    assert found.kappa == pytest.approx((0.98 - (0.02**2 + 0.98**2)) / (1 - (0.02**2 + 0.98**2)))


def test_overlapping_objects_count_once_and_what_leaves_the_slide_not_at_all() -> None:
    doubled = [box(0, 0, 10, 10), box(5, 0, 10, 10), box(-50, -50, 0, 0), box(0, 0, 10, 10)]
    assert compare(doubled, [box(0, 0, 10, 10)], SLIDE) == Agreement(1.0, 1.0, 1.0)


def test_empty_layers() -> None:
    assert compare([], [], SLIDE) == Agreement(1.0, 1.0, None)
    nothing = compare([], [box(0, 0, 10, 10)], SLIDE)
    assert (nothing.dice, nothing.iou, nothing.kappa) == (0.0, 0.0, 0.0)
    assert compare([box(0, 0, 100, 100)], [box(0, 0, 100, 100)], SLIDE).kappa is None


def test_a_shape_that_crosses_itself_does_not_break_the_comparison() -> None:
    eight = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert compare([eight], [eight], SLIDE).dice == 1.0


boxes = st.lists(
    st.tuples(st.integers(0, 80), st.integers(0, 80), st.integers(1, 20), st.integers(1, 20)).map(
        lambda b: box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    max_size=6,
)


@given(boxes, boxes)
def test_measures_are_symmetric_and_bounded(first: list[shapely.Polygon], second: list[shapely.Polygon]) -> None:
    one, other = compare(first, second, SLIDE), compare(second, first, SLIDE)
    assert one.dice == pytest.approx(other.dice)
    assert 0 <= one.iou <= one.dice <= 1
    assert one.dice == pytest.approx(2 * one.iou / (1 + one.iou))
    assert one.kappa is None or -1 <= one.kappa <= 1 + 1e-12

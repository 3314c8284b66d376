"""Shapes from GeoJSON: what is taken, what is mended, what is refused, and how it measures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.annotations.geometry import (
    MAX_VERTICES,
    Geometry,
    extent_of,
    geojson_of,
    geometry_from_geojson,
    repaired,
    shapely_of,
)
from api.errors import InvalidInput, PlatformError, TooLarge
from api.models.annotation import GeometryKind
from tests.annotations.strategies import geometries

SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def read(kind: GeometryKind, value: object) -> Geometry:
    return geometry_from_geojson(kind, value)


@given(geometries())
def test_geojson_and_back(geometry: Geometry) -> None:
    again = geometry_from_geojson(geometry.kind, geojson_of(geometry))
    closing = any(len(ring) > 1 and np.array_equal(ring[0], ring[-1]) for ring in geometry.rings)
    assert again == geometry or closing


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=14))
def test_whatever_a_hand_draws_becomes_valid_or_has_no_area(points: list[tuple[int, int]]) -> None:
    ring = [*map(list, points), list(points[0])]
    try:
        geometry, changed = repaired(read(GeometryKind.POLYGON, {"type": "Polygon", "coordinates": [ring]}))
    except PlatformError as error:
        assert error.code in {"GEOMETRY_EMPTY", "GEOMETRY_INVALID"}
        assert shapely.make_valid(shapely.Polygon(ring)).area == 0
        return
    shape = shapely_of(geometry)
    assert shape.is_valid
    assert shape.area > 0
    assert changed is not shapely.Polygon(ring).is_valid
    assert repaired(geometry) == (geometry, False)


def test_a_figure_of_eight_becomes_two_parts_and_keeps_its_area() -> None:
    eight = [[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [0.0, 10.0], [0.0, 0.0]]
    geometry, changed = repaired(read(GeometryKind.POLYGON, polygon(eight)))
    assert changed
    assert geometry.kind is GeometryKind.MULTIPOLYGON
    assert extent_of(geometry).area_px == 50.0


def test_an_outline_drawn_there_and_back_still_encloses() -> None:
    there_and_back = [[0.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]
    geometry, changed = repaired(read(GeometryKind.POLYGON, polygon(there_and_back)))
    assert changed
    assert extent_of(geometry).area_px == 1.0


def test_a_loop_drawn_over_itself_stays_filled() -> None:
    loop: list[list[float]] = [[0, 0], [20, 0], [20, 20], [5, 20], [5, 5], [30, 5], [30, 10], [0, 10], [0, 0]]
    geometry, changed = repaired(read(GeometryKind.POLYGON, polygon(loop)))
    assert changed
    assert shapely_of(geometry).contains(shapely.Point(10, 7))


@pytest.mark.parametrize(
    ("kind", "value", "area", "length"),
    [
        (GeometryKind.POINT, {"type": "Point", "coordinates": [3, 4]}, 0.0, 0.0),
        (GeometryKind.LINE, {"type": "LineString", "coordinates": [[0, 0], [3, 4], [3, 10]]}, 0.0, 11.0),
        (GeometryKind.POLYGON, polygon(SQUARE), 100.0, 40.0),
        (GeometryKind.RECTANGLE, polygon(SQUARE), 100.0, 40.0),
        (GeometryKind.POLYGON, polygon(SQUARE, [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]), 96.0, 48.0),
    ],
)
def test_measures(kind: GeometryKind, value: dict[str, Any], area: float, length: float) -> None:
    extent = extent_of(read(kind, value))
    assert (extent.area_px, extent.length_px) == (area, length)


def test_measures_do_not_lose_digits_far_from_the_origin() -> None:
    far = [[x + 1_000_000, y + 1_000_000] for x, y in SQUARE]
    assert extent_of(read(GeometryKind.POLYGON, polygon(far))).area_px == 100.0


def test_open_rings_are_closed_and_coordinates_are_kept_to_a_thousandth() -> None:
    geometry = read(GeometryKind.POLYGON, polygon([[0, 0], [1.23456, -0.0001], [0, 5]]))
    assert geojson_of(geometry)["coordinates"] == [[[0, 0], [1.235, 0], [0, 5], [0, 0]]]
    assert math.copysign(1, geojson_of(geometry)["coordinates"][0][1][1]) == 1


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (GeometryKind.POINT, polygon(SQUARE), "A POINT needs a GeoJSON Point, but a Polygon came."),
        (GeometryKind.POLYGON, "no", "but a str came"),
        (GeometryKind.POLYGON, polygon([[0, 0], [1, 1], [0, 0]]), "at least 3 points in each ring, but one has 2"),
        (GeometryKind.POLYGON, polygon(), "no list of rings"),
        (GeometryKind.LINE, {"type": "LineString", "coordinates": [[0, 0]]}, "at least 2 points"),
        (GeometryKind.POINT, {"type": "Point", "coordinates": [math.nan, 0]}, "not a finite number"),
        (GeometryKind.POINT, {"type": "Point", "coordinates": [1e9, 0]}, "not a finite number within ±2097152"),
        (GeometryKind.POINT, {"type": "Point", "coordinates": ["a", 0]}, "not a pair of numbers"),
        (GeometryKind.POINT, {"type": "Point", "coordinates": None}, "not a pair of numbers"),
        (GeometryKind.RECTANGLE, polygon(SQUARE[:3]), "has 4 corners, but 3 came"),
        (GeometryKind.ELLIPSE, polygon(SQUARE, SQUARE), "has no holes, but 1 came"),
    ],
)
def test_what_is_no_shape_is_refused(kind: GeometryKind, value: object, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(kind, value)
    assert words in caught.value.message
    assert (caught.value.code, caught.value.field) == ("GEOMETRY_INVALID", "geometry")


def test_points_on_one_line_have_no_area() -> None:
    with pytest.raises(InvalidInput) as caught:
        repaired(read(GeometryKind.POLYGON, polygon([[0, 0], [5, 5], [9, 9], [0, 0]])))
    assert caught.value.code == "GEOMETRY_EMPTY"


def test_too_many_points_are_refused_and_the_limit_is_not() -> None:
    angles = np.linspace(0, 2 * np.pi, MAX_VERTICES + 1, endpoint=False)
    circle = (np.stack([np.cos(angles), np.sin(angles)], axis=1) * 1e5).tolist()
    with pytest.raises(TooLarge) as caught:
        read(GeometryKind.POLYGON, polygon(circle))
    assert caught.value.params == {"limit": MAX_VERTICES, "actual": MAX_VERTICES + 1}
    assert read(GeometryKind.POLYGON, polygon(circle[:-1])).vertex_count == MAX_VERTICES

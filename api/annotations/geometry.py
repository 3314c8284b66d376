"""Shapes on a slide: read from GeoJSON, checked, repaired where a drawing crosses itself, measured.

Coordinates are level-0 pixels, x right, y down, kept to a thousandth of a pixel: what is read back equals what was
stored. Rings are held open (the first point is not repeated); GeoJSON gets them closed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from api.errors import InvalidInput, TooLarge
from api.models.annotation import GeometryKind

Points = NDArray[np.float64]
"""[n, 2] of (x, y) in level-0 pixels."""

DECIMALS = 3
GRID_PX = 10.0**-DECIMALS
MAX_VERTICES = 100_000
MAX_COORDINATE = 2.0**21
"""Beyond any slide; keeps packed coordinates within 32 bits."""

GEOJSON_TYPE = {
    GeometryKind.POINT: "Point",
    GeometryKind.LINE: "LineString",
    GeometryKind.RECTANGLE: "Polygon",
    GeometryKind.ELLIPSE: "Polygon",
    GeometryKind.POLYGON: "Polygon",
    GeometryKind.MULTIPOLYGON: "MultiPolygon",
}
AREAL = frozenset(GeometryKind) - {GeometryKind.POINT, GeometryKind.LINE}


@dataclass(frozen=True, eq=False)
class Geometry:
    """A shape: polygons, each an outline followed by its holes; POINT and LINE are one polygon of one ring."""

    kind: GeometryKind
    polygons: tuple[tuple[Points, ...], ...]

    @property
    def rings(self) -> list[Points]:
        return [ring for polygon in self.polygons for ring in polygon]

    @property
    def vertex_count(self) -> int:
        return sum(len(ring) for ring in self.rings)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Geometry)
            and self.kind == other.kind
            and [len(polygon) for polygon in self.polygons] == [len(polygon) for polygon in other.polygons]
            and all(np.array_equal(a, b) for a, b in zip(self.rings, other.rings, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Extent:
    """What an annotation's row keeps about its shape: bounds and measures, in level-0 pixels."""

    min_x: float
    min_y: float
    max_x: float
    max_y: float
    area_px: float
    length_px: float


def geometry_from_geojson(kind: GeometryKind, value: object) -> Geometry:
    """The shape of a GeoJSON geometry, rounded to a thousandth of a pixel; crossings are for `repaired` to find.

    Raises:
        InvalidInput: wrong type for the kind, too few points, a number that is not finite or lies beyond any slide.
        TooLarge: more than `MAX_VERTICES` points.
    """
    expected = GEOJSON_TYPE[kind]
    if not isinstance(value, dict) or value.get("type") != expected:
        found = value.get("type") if isinstance(value, dict) else type(value).__name__
        raise _invalid(
            f"A {kind.value} needs a GeoJSON {expected}, but a {found} came. Send geometry of type {expected}."
        )
    coordinates = value.get("coordinates")
    polygons: Sequence[Any]
    match kind:
        case GeometryKind.POINT:
            polygons = [[[coordinates]]]
        case GeometryKind.LINE:
            polygons = [[coordinates]]
        case GeometryKind.MULTIPOLYGON:
            polygons = _items(coordinates, "polygons")
        case _:
            polygons = [coordinates]
    geometry = Geometry(kind, tuple(_polygon(kind, polygon) for polygon in polygons))
    if geometry.vertex_count > MAX_VERTICES:
        raise TooLarge(
            f"The shape has {geometry.vertex_count} points; at most {MAX_VERTICES} are allowed. Simplify or divide it.",
            code="GEOMETRY_TOO_LARGE",
            params={"limit": MAX_VERTICES, "actual": geometry.vertex_count},
        )
    return geometry


def geojson_of(geometry: Geometry) -> dict[str, Any]:
    """The GeoJSON geometry, rings closed."""
    coordinates: Any
    match geometry.kind:
        case GeometryKind.POINT:
            coordinates = geometry.polygons[0][0][0].tolist()
        case GeometryKind.LINE:
            coordinates = geometry.polygons[0][0].tolist()
        case GeometryKind.MULTIPOLYGON:
            coordinates = [[_closed(ring) for ring in polygon] for polygon in geometry.polygons]
        case _:
            coordinates = [_closed(ring) for ring in geometry.polygons[0]]
    return {"type": GEOJSON_TYPE[geometry.kind], "coordinates": coordinates}


def shapely_of(geometry: Geometry) -> shapely.Geometry:
    """The shape as shapely sees it."""
    if geometry.kind is GeometryKind.POINT:
        return shapely.Point(geometry.polygons[0][0][0])
    if geometry.kind is GeometryKind.LINE:
        return shapely.LineString(geometry.polygons[0][0])
    polygons = [shapely.Polygon(polygon[0], polygon[1:]) for polygon in geometry.polygons]
    return shapely.MultiPolygon(polygons) if geometry.kind is GeometryKind.MULTIPOLYGON else polygons[0]


def geometry_of(shape: shapely.Geometry) -> Geometry:
    """A POLYGON or MULTIPOLYGON from shapely, without parts that have no area.

    Raises:
        InvalidInput: nothing with an area is left.
    """
    parts = shapely.get_parts(shape).tolist()
    polygons = [
        polygon
        for part in parts
        for polygon in shapely.get_parts(part).tolist()
        if isinstance(polygon, shapely.Polygon) and polygon.area > 0
    ]
    if not polygons:
        raise _invalid(
            "The shape has no area: its points lie on one line. Draw an outline that encloses something.",
            code="GEOMETRY_EMPTY",
        )
    kind = GeometryKind.POLYGON if len(polygons) == 1 else GeometryKind.MULTIPOLYGON
    return Geometry(kind, tuple(_rings_of(polygon) for polygon in polygons))


def repaired(geometry: Geometry) -> tuple[Geometry, bool]:
    """A valid shape covering what was drawn, and whether anything had to change.

    An outline that crosses itself keeps all it encloses, loops included; it may become a MULTIPOLYGON. Nothing a
    person can draw is refused, except a shape without area.
    """
    if geometry.kind not in AREAL:
        return geometry, False
    shape = shapely_of(geometry)
    if shape.is_valid:
        return geometry, False
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if not mended.area:  # drawn round and exactly back again: the two ways cancel out, the line still encloses
        mended = shapely.make_valid(shape)
    return geometry_of(shapely.set_precision(mended, GRID_PX)), True


def extent_of(geometry: Geometry) -> Extent:
    """Bounds, area (holes left out) and length (perimeter of outlines and holes, or the line's length)."""
    points = np.concatenate(geometry.rings)
    low, high = points.min(axis=0), points.max(axis=0)
    if geometry.kind is GeometryKind.POINT:
        area = length = 0.0
    elif geometry.kind is GeometryKind.LINE:
        area, length = 0.0, _path_length(points)
    else:
        area = sum(abs(_ring_area(p[0])) - sum(abs(_ring_area(hole)) for hole in p[1:]) for p in geometry.polygons)
        length = sum(_path_length(np.concatenate([ring, ring[:1]])) for ring in geometry.rings)
    return Extent(float(low[0]), float(low[1]), float(high[0]), float(high[1]), max(float(area), 0.0), float(length))


def _ring_area(ring: Points) -> float:
    # The shoelace formula about the first point, so that large offsets cost no digits and its own terms are zero.
    x, y = (ring - ring[0]).T
    return float(np.dot(x[:-1], y[1:]) - np.dot(y[:-1], x[1:])) / 2


def _path_length(points: Points) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _polygon(kind: GeometryKind, rings: object) -> tuple[Points, ...]:
    found = tuple(_ring(kind, ring) for ring in _items(rings, "rings"))
    if kind in (GeometryKind.RECTANGLE, GeometryKind.ELLIPSE) and len(found) != 1:
        raise _invalid(f"A {kind.value} has no holes, but {len(found) - 1} came. Send it as a POLYGON.")
    if kind is GeometryKind.RECTANGLE and len(found[0]) != 4:
        raise _invalid(f"A RECTANGLE has 4 corners, but {len(found[0])} came. Send it as a POLYGON.")
    return found


def _ring(kind: GeometryKind, value: object) -> Points:
    items = _items(value, "points")
    if len(items) > MAX_VERTICES + 1:
        raise TooLarge(
            f"A ring has {len(items)} points; at most {MAX_VERTICES} are allowed. Simplify it or draw it as several.",
            code="GEOMETRY_TOO_LARGE",
            params={"limit": MAX_VERTICES, "actual": len(items)},
        )
    try:
        points = np.array([(float(point[0]), float(point[1])) for point in items], dtype=np.float64)
    except (TypeError, ValueError, IndexError, KeyError) as exc:
        raise _invalid("A point is not a pair of numbers [x, y]. Send coordinates in level-0 pixels.") from exc
    if not np.isfinite(points).all() or np.abs(points).max() > MAX_COORDINATE:
        raise _invalid(f"A coordinate is not a finite number within ±{MAX_COORDINATE:.0f} pixels. Send level-0 pixels.")
    points = np.round(points, DECIMALS) + 0.0  # adding zero turns -0.0 into 0.0
    least = 1 if kind is GeometryKind.POINT else 2 if kind is GeometryKind.LINE else 3
    if kind in AREAL and len(points) > 1 and np.array_equal(points[0], points[-1]):
        points = points[:-1]
    if len(points) < least:
        raise _invalid(
            f"A {kind.value} needs at least {least} points in each ring, but one has {len(points)}. Draw more points."
        )
    return points


def _items(value: object, what: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple) or not value:
        raise _invalid(f"The coordinates hold no list of {what}. Send GeoJSON coordinates, nested as the type asks.")
    return value


def _rings_of(polygon: shapely.Polygon) -> tuple[Points, ...]:
    rings = [polygon.exterior, *polygon.interiors]
    return tuple(np.round(shapely.get_coordinates(ring)[:-1], DECIMALS) + 0.0 for ring in rings)


def _closed(ring: Points) -> list[list[float]]:
    points: list[list[float]] = ring.tolist()
    return [*points, points[0]]


def _invalid(message: str, *, code: str = "GEOMETRY_INVALID") -> InvalidInput:
    return InvalidInput(message, code=code, field="geometry")


def is_region(values: Sequence[float]) -> bool:
    """Whether `[x, y, width, height]` is finite and has an area."""
    return len(values) == 4 and all(math.isfinite(v) for v in values) and values[2] > 0 and values[3] > 0

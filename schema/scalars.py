"""Custom scalars: GeoJSON geometries and free JSON."""

from __future__ import annotations

from typing import Any, NewType

import strawberry

GeoJson = NewType("GeoJson", dict[str, Any])
Json = NewType("Json", object)

SCALARS: dict[Any, Any] = {
    GeoJson: strawberry.scalar(
        name="GeoJSON",
        description="A GeoJSON geometry (Point, LineString, Polygon, MultiPolygon) in level-0 pixels, y down.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    Json: strawberry.scalar(
        name="JSON", description="Any JSON value.", serialize=lambda value: value, parse_value=lambda value: value
    ),
}

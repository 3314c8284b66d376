"""GeoJSON as QuPath reads and writes it: classification with name and colour, objectType, isLocked, measurements.

Read: a FeatureCollection, one Feature, a list of Features, or a bare geometry. Coordinates are level-0 pixels.
`properties.coslide` carries what the dialect has no word for, so that our own files come back unchanged.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from api.annotations.geometry import geojson_of
from api.exchange.feature import Collector, Feature, FileUnreadable, Parsed, RepairCode, color_of, rgb_of
from api.models.annotation import GeometryKind

_KIND_OF_TYPE = {
    "Point": GeometryKind.POINT,
    "LineString": GeometryKind.LINE,
    "Polygon": GeometryKind.POLYGON,
    "MultiPolygon": GeometryKind.MULTIPOLYGON,
}
_PART_OF_TYPE = {"MultiPoint": "Point", "MultiLineString": "LineString"}
_CLOSED_KINDS = (GeometryKind.RECTANGLE, GeometryKind.ELLIPSE)


class GeoJsonWriter:
    """Writes a FeatureCollection."""

    def __init__(self) -> None:
        self._first = True

    def start(self) -> bytes:
        return b'{"type":"FeatureCollection","features":['

    def add(self, feature: Feature) -> bytes:
        separator = b"" if self._first else b","
        self._first = False
        return separator + orjson.dumps(_feature_json(feature))

    def end(self) -> bytes:
        return b"]}\n"


def parse(data: bytes) -> Parsed:
    """The features of a GeoJSON file.

    Raises:
        FileUnreadable: it is no JSON, or no GeoJSON.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise FileUnreadable(f"The file is no JSON ({exc}). Send GeoJSON as QuPath exports it.") from exc
    collector = Collector()
    for index, feature in enumerate(_features(value)):
        _read_feature(collector, index, feature)
    return collector.done()


def _features(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    kind = str(value.get("type")) if isinstance(value, dict) else ""
    if kind == "FeatureCollection" and isinstance(value.get("features"), list):
        return list(value["features"])
    if kind == "Feature" or kind in _KIND_OF_TYPE or kind in _PART_OF_TYPE or kind == "GeometryCollection":
        return [value]
    raise FileUnreadable("The file is JSON, but no GeoJSON: it has no features. Send GeoJSON as QuPath exports it.")


def _read_feature(collector: Collector, index: int, value: Any) -> None:
    if not isinstance(value, dict):
        collector.note(index, RepairCode.DROPPED, f"Object {index} was left out. It is no GeoJSON object.")
        return
    is_feature = value.get("type") == "Feature"
    geometry = value.get("geometry") if is_feature else value
    properties = value.get("properties") if is_feature else None
    facts = _facts(properties if isinstance(properties, dict) else {}, value.get("id"))
    for part in _parts(collector, index, geometry):
        kind = _KIND_OF_TYPE.get(str(part.get("type")))
        if kind is None:
            message = f"Object {index} was left out. Its geometry is of type {part.get('type')}."
            collector.note(index, RepairCode.DROPPED, message)
            continue
        collector.add(index, _own_kind(kind, part, properties), part, **facts)


def _parts(collector: Collector, index: int, geometry: Any) -> list[dict[str, Any]]:
    """The geometry, or its parts where it is of a type that annotations do not have."""
    if not isinstance(geometry, dict):
        collector.note(index, RepairCode.DROPPED, f"Object {index} was left out. It has no geometry.")
        return []
    kind = str(geometry.get("type"))
    if kind == "GeometryCollection":
        parts = [part for part in _list(geometry.get("geometries")) if isinstance(part, dict)]
    elif kind in _PART_OF_TYPE:
        parts = [{"type": _PART_OF_TYPE[kind], "coordinates": item} for item in _list(geometry.get("coordinates"))]
    else:
        return [geometry]
    collector.note(index, RepairCode.SPLIT, f"Object {index} is a {kind}; it became {len(parts)} objects.")
    return parts


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _own_kind(kind: GeometryKind, part: dict[str, Any], properties: Any) -> GeometryKind:
    """RECTANGLE or ELLIPSE where the file says so and the shape allows it."""
    own = properties.get("coslide") if isinstance(properties, dict) else None
    said = own.get("kind") if isinstance(own, dict) else None
    if kind is not GeometryKind.POLYGON:
        return kind
    rings = part.get("coordinates")
    if not isinstance(rings, list) or len(rings) != 1:
        return kind
    if part.get("isEllipse") is True or said == GeometryKind.ELLIPSE.value:
        return GeometryKind.ELLIPSE
    if said == GeometryKind.RECTANGLE.value and isinstance(rings[0], list) and len(rings[0]) == 5:
        return GeometryKind.RECTANGLE
    return kind


def _facts(properties: dict[str, Any], feature_id: Any) -> dict[str, Any]:
    classification = properties.get("classification")
    classification = classification if isinstance(classification, dict) else {}
    names = classification.get("names")
    term = classification.get("name") or (": ".join(map(str, names)) if isinstance(names, list) and names else None)
    said = properties.get("coslide")
    own: dict[str, Any] = said if isinstance(said, dict) else {}
    kept = own.get("attributes")
    attributes = dict(kept) if isinstance(kept, dict) else {}
    if properties.get("name") and "name" not in attributes:
        attributes["name"] = str(properties["name"])
    measurements = properties.get("measurements")
    if isinstance(measurements, dict) and measurements and "mean" not in own:
        attributes["measurements"] = measurements
    return {
        "term": str(term) if term else None,
        "term_path": _names(own.get("termPath")),
        "color": _color(classification),
        "id": _uuid(feature_id),
        "note": str(own.get("note") or properties.get("description") or ""),
        "locked": properties.get("isLocked") is True,
        "attributes": attributes,
    }


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in _list(value))


def _color(classification: dict[str, Any]) -> str | None:
    color, packed = classification.get("color"), classification.get("colorRGB")
    if isinstance(color, list) and len(color) >= 3 and all(isinstance(part, int) for part in color[:3]):
        return color_of(*color[:3])
    if isinstance(packed, int):
        return color_of(packed >> 16, packed >> 8, packed)
    return None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _feature_json(feature: Feature) -> dict[str, Any]:
    geometry = geojson_of(feature.geometry)
    kind = feature.geometry.kind
    if kind is GeometryKind.ELLIPSE:
        geometry["isEllipse"] = True
    properties: dict[str, Any] = {"objectType": "annotation" if feature.mean is None else "detection"}
    own: dict[str, Any] = {"kind": kind.value} if kind in _CLOSED_KINDS else {}
    attributes = dict(feature.attributes)
    if feature.term:
        red, green, blue = rgb_of(feature.color)
        packed = (255 << 24 | red << 16 | green << 8 | blue) - (1 << 32)  # Java's signed ARGB
        properties["classification"] = {"name": feature.term, "color": [red, green, blue], "colorRGB": packed}
    if name := attributes.pop("name", None):
        properties["name"] = name
    if feature.locked:
        properties["isLocked"] = True
    if measurements := attributes.pop("measurements", None):
        properties["measurements"] = measurements
    if feature.mean is not None:
        properties["measurements"] = {"Mean probability": round(feature.mean, 4)}
        own["mean"] = round(feature.mean, 4)
    facts = {
        "termPath": list(feature.term_path) if len(feature.term_path) > 1 else None,
        "note": feature.note,
        "attributes": attributes,
        "review": feature.review and feature.review.value,
        "reviewReason": feature.review_reason,
    }
    own |= {key: value for key, value in facts.items() if value}
    if own:
        properties["coslide"] = own
    head: dict[str, Any] = {"type": "Feature"}
    if feature.id is not None:
        head["id"] = str(feature.id)
    return {**head, "geometry": geometry, "properties": properties}

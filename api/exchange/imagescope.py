"""Aperio ImageScope XML: one <Annotation> a term, its shapes as <Region>s, holes as regions with NegativeROA="1"."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely

from api.annotations.geometry import Points, extent_of
from api.exchange.feature import (
    Collector,
    Feature,
    FileUnreadable,
    Parsed,
    RepairCode,
    SlideFacts,
    color_of,
    rgb_of,
)
from api.exchange.xml import number, read_xml
from api.models.annotation import GeometryKind

_POLYGON, _RECTANGLE, _ELLIPSE, _ARROW, _RULER = "0", "1", "2", "3", "4"
_TYPES = {
    GeometryKind.POINT: _POLYGON,
    GeometryKind.LINE: _RULER,
    GeometryKind.RECTANGLE: _RECTANGLE,
    GeometryKind.ELLIPSE: _POLYGON,
    GeometryKind.POLYGON: _POLYGON,
    GeometryKind.MULTIPOLYGON: _POLYGON,
}
ELLIPSE_POINTS = 72
_HEADERS = "".join(
    f'<AttributeHeader Id="{number}" Name="{name}" ColumnWidth="-1"/>'
    for number, name in ((9999, "Region"), (9997, "Length"), (9996, "Area"), (9998, "Text"), (1, "Description"))
)


class ImageScopeWriter:
    """Writes an ImageScope file. Shapes are gathered by term, so the file comes with `end`."""

    def __init__(self, slide: SlideFacts) -> None:
        self._mpp = slide.mpp_x
        self._regions: dict[tuple[str, int], list[str]] = {}

    def start(self) -> bytes:
        mpp = f' MicronsPerPixel="{self._mpp:.6f}"' if self._mpp else ""
        return f"<Annotations{mpp}>\n".encode()

    def add(self, feature: Feature) -> bytes:
        red, green, blue = rgb_of(feature.color)
        regions = self._regions.setdefault((feature.term or "", red | green << 8 | blue << 16), [])
        extent, kind = extent_of(feature.geometry), _TYPES[feature.geometry.kind]
        for outline, *holes in feature.geometry.polygons:
            text = str(feature.attributes.get("name") or feature.note)
            facts = f'Length="{extent.length_px:.1f}" Area="{extent.area_px:.1f}" Text={quoteattr(text)}'
            number = len(regions) + 1
            regions.append(_region(number, kind, facts, outline))
            regions += [
                _region(number + place, _POLYGON, 'Text=""', hole, inside=number)
                for place, hole in enumerate(holes, start=1)
            ]
        return b""

    def end(self) -> bytes:
        layers = "".join(
            f'<Annotation Id="{place}" Name={quoteattr(name)} ReadOnly="0" Incremental="0" Type="4" '
            f'LineColor="{color}" Visible="1" Selected="0">\n'
            f'<Attributes><Attribute Name="Description" Id="0" Value={quoteattr(name)}/></Attributes>\n'
            f"<Regions>\n<RegionAttributeHeaders>{_HEADERS}</RegionAttributeHeaders>\n{''.join(regions)}</Regions>\n"
            "<Plots/>\n</Annotation>\n"
            for place, ((name, color), regions) in enumerate(self._regions.items(), start=1)
        )
        return f"{layers}</Annotations>\n".encode()


def parse(data: bytes) -> Parsed:
    """The features of an ImageScope file.

    Raises:
        FileUnreadable: it is no ImageScope XML.
    """
    root = read_xml(data)
    if root.tag != "Annotations":
        raise FileUnreadable(f"The XML begins with <{root.tag}>, not <Annotations>. Send a file that ImageScope saved.")
    collector = Collector()
    index = 0
    for layer in root.findall("Annotation"):
        regions = list(layer.iter("Region"))
        _read_layer(collector, index, layer, regions)
        index += len(regions)
    return collector.done()


def _read_layer(collector: Collector, first: int, layer: Element, regions: list[Element]) -> None:
    """The regions of one layer; `first` is the index of its first region in the file."""
    packed = int(number(layer, "LineColor")) if layer.get("LineColor") else 0
    labels = [one.get("Name", "") for one in layer.findall("Attributes/Attribute") if one.get("Name") != "Description"]
    term = layer.get("Name") or next((label for label in labels if label), None)
    facts: dict[str, Any] = {"term": term, "color": color_of(packed, packed >> 8, packed >> 16)}
    points = [_points(region) for region in regions]
    positive = [place for place, region in enumerate(regions) if region.get("NegativeROA") != "1"]
    areas = {place: shapely.make_valid(shapely.Polygon(points[place])) for place in positive if len(points[place]) > 2}
    holes: dict[int, list[list[list[float]]]] = {}
    for place in range(len(regions)):
        if place in positive:
            continue
        around = _owner(regions, place, points[place], areas)
        if around is None:
            message = f"Object {first + place} is a negative region in no other region; it was left out."
            collector.note(first + place, RepairCode.DROPPED, message)
        else:
            holes.setdefault(around, []).append(points[place])
    for place in positive:
        _read_region(collector, first + place, regions[place], points[place], holes.get(place, []), facts)


def _read_region(
    collector: Collector,
    index: int,
    region: Element,
    points: list[list[float]],
    holes: list[list[list[float]]],
    facts: dict[str, Any],
) -> None:
    name, kind = region.get("Text", ""), region.get("Type", _POLYGON)
    facts = {**facts, "attributes": {"name": name} if name else {}}
    if len(points) == 1:
        collector.add(index, GeometryKind.POINT, {"type": "Point", "coordinates": points[0]}, **facts)
        return
    if kind in (_ARROW, _RULER):
        collector.add(index, GeometryKind.LINE, {"type": "LineString", "coordinates": points}, **facts)
        return
    own = GeometryKind.POLYGON
    if kind == _ELLIPSE and len(points) in (2, 4):
        points, own = _ellipse(points), GeometryKind.ELLIPSE
        collector.note(index, RepairCode.CONVERTED, f"Object {index} is an ellipse; it has {len(points)} points now.")
    elif kind == _RECTANGLE and len(points) == 4 and not holes:
        own = GeometryKind.RECTANGLE
    rings = [[*ring, ring[0]] for ring in (points, *holes) if ring]
    collector.add(index, own, {"type": "Polygon", "coordinates": rings}, **facts)


def _points(region: Element) -> list[list[float]]:
    return [[number(vertex, "X"), number(vertex, "Y")] for vertex in region.iter("Vertex")]


def _owner(
    regions: list[Element], hole: int, points: list[list[float]], areas: dict[int, shapely.Geometry]
) -> int | None:
    """The region that a negative one lies in: the one it names, else the smallest."""
    inside = shapely.Polygon(points).representative_point() if len(points) > 2 else shapely.Point()
    around = [place for place, area in areas.items() if area.contains(inside)]
    named = [place for place in around if regions[place].get("Id") == regions[hole].get("InputRegionId")]
    return min(named or around, key=lambda place: areas[place].area, default=None)


def _ellipse(corners: list[list[float]]) -> list[list[float]]:
    """The outline of the ellipse within the box that the corners span."""
    box = np.array(corners)
    low, high = box.min(axis=0), box.max(axis=0)
    angles = np.linspace(0, 2 * np.pi, ELLIPSE_POINTS, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outline: list[list[float]] = ((low + high) / 2 + circle * (high - low) / 2).tolist()
    return outline


def _region(number: int, kind: str, facts: str, points: Points, *, inside: int = 0) -> str:
    vertices = "".join(f'<Vertex X="{x!r}" Y="{y!r}"/>\n' for x, y in points.tolist())
    negative = 1 if inside else 0
    head = (
        f'<Region Id="{number}" Type="{kind}" Zoom="1" Selected="0" {facts} NegativeROA="{negative}" '
        f'InputRegionId="{inside}" Analyze="1" DisplayId="{number}">'
    )
    return f"{head}\n<Attributes/>\n<Vertices>\n{vertices}</Vertices>\n</Region>\n"

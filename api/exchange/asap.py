"""ASAP XML (also CAMELYON's): Polygon, Spline, Rectangle, Dot and PointSet in groups with colours.

Groups lie in groups, as terms do in the tree. ASAP has no holes. As CAMELYON does with group `_2`, holes are written as
outlines of a group of their own, here “Exclusion”, after the outline they are cut out of; reading puts them back.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

import shapely

from api.annotations.geometry import Points
from api.exchange.feature import Collector, Feature, FileUnreadable, Parsed, RepairCode
from api.exchange.xml import number, read_xml
from api.models.annotation import GeometryKind

EXCLUSION = "Exclusion"
_CUT_OUT = frozenset({EXCLUSION.lower(), "_2"})
_NO_GROUP = "None"
_TYPES = {
    GeometryKind.POINT: "Dot",
    GeometryKind.LINE: "Polygon",
    GeometryKind.RECTANGLE: "Rectangle",
    GeometryKind.ELLIPSE: "Spline",
    GeometryKind.POLYGON: "Polygon",
    GeometryKind.MULTIPOLYGON: "Polygon",
}
_LINE = "line"
_HOLE = " hole"


class AsapWriter:
    """Writes an ASAP file. A MULTIPOLYGON becomes several outlines of one name; a line is marked in its name."""

    def __init__(self) -> None:
        self._count = 0
        self._groups: dict[str, str] = {}
        self._parents: dict[str, str] = {}

    def start(self) -> bytes:
        return b'<?xml version="1.0"?>\n<ASAP_Annotations>\n\t<Annotations>\n'

    def add(self, feature: Feature) -> bytes:
        kind, group = feature.geometry.kind, feature.term or _NO_GROUP
        color = feature.color or "#868e96"
        self._groups.setdefault(group, color)
        for parent, child in pairwise(feature.term_path):
            self._groups.setdefault(parent, color)
            self._parents[child] = parent
        name = str(feature.attributes.get("name") or f"Annotation {self._count}")
        if kind is GeometryKind.LINE:
            name = f"{name} ({_LINE})"
        self._count += 1
        parts: list[str] = []
        for outline, *holes in feature.geometry.polygons:
            parts.append(_annotation(name, _TYPES[kind], group, color, outline))
            if holes:
                self._groups.setdefault(EXCLUSION, "#000000")
            parts += [_annotation(f"{name}{_HOLE}", "Polygon", EXCLUSION, "#000000", hole) for hole in holes]
        return "".join(parts).encode()

    def end(self) -> bytes:
        groups = "".join(
            f"\t\t<Group Name={quoteattr(name)} PartOfGroup={quoteattr(self._parents.get(name, _NO_GROUP))} "
            f'Color="{color}"><Attributes /></Group>\n'
            for name, color in self._groups.items()
            if name != _NO_GROUP
        )
        tail = f"\t</Annotations>\n\t<AnnotationGroups>\n{groups}\t</AnnotationGroups>\n</ASAP_Annotations>\n"
        return tail.encode()


def parse(data: bytes) -> Parsed:
    """The features of an ASAP file.

    Raises:
        FileUnreadable: it is no ASAP XML.
    """
    root = read_xml(data)
    if root.tag != "ASAP_Annotations":
        raise FileUnreadable(f"The XML begins with <{root.tag}>, not <ASAP_Annotations>. Send a file that ASAP saved.")
    groups = {group.get("Name", ""): group for group in root.iter("Group")}
    collector = Collector()
    items = list(root.iter("Annotation"))
    outlines = [(index, item) for index, item in enumerate(items) if not _is_cut_out(item)]
    holes: dict[int, list[list[list[float]]]] = {}
    areas = {index: _area(_points(item)) for index, item in outlines}
    for index, item in enumerate(items):
        if _is_cut_out(item):
            around = _owner(item, areas, items)
            if around is None:
                message = f"Object {index} is an exclusion in no outline; it was left out."
                collector.note(index, RepairCode.DROPPED, message)
            else:
                holes.setdefault(around, []).append(_points(item))
    for index, item in outlines:
        _read(collector, index, item, groups, holes.get(index, []))
    return collector.done()


def _read(
    collector: Collector,
    index: int,
    item: Element,
    groups: dict[str, Element],
    holes: list[list[list[float]]],
) -> None:
    group = item.get("PartOfGroup") or _NO_GROUP
    name = item.get("Name", "")
    facts: dict[str, Any] = {
        "term": None if group == _NO_GROUP else group,
        "term_path": _path(group, groups),
        "color": (groups[group].get("Color") if group in groups else None) or item.get("Color"),
        "attributes": {"name": name} if name else {},
    }
    points, kind = _points(item), item.get("Type", "Polygon")
    if kind in ("Dot", "PointSet"):
        if len(points) > 1:
            collector.note(
                index, RepairCode.SPLIT, f"Object {index} is a set of {len(points)} points; each became one."
            )
        for point in points:
            collector.add(index, GeometryKind.POINT, {"type": "Point", "coordinates": point}, **facts)
    elif name.endswith(f"({_LINE})"):
        facts["attributes"] = {"name": name.removesuffix(f" ({_LINE})")}
        collector.add(index, GeometryKind.LINE, {"type": "LineString", "coordinates": points}, **facts)
    else:
        is_rectangle = kind == "Rectangle" and len(points) == 4 and not holes
        rings = [[*ring, ring[0]] for ring in (points, *holes) if ring]
        shape = {"type": "Polygon", "coordinates": rings}
        collector.add(index, GeometryKind.RECTANGLE if is_rectangle else GeometryKind.POLYGON, shape, **facts)


def _path(group: str, groups: dict[str, Element]) -> tuple[str, ...]:
    """The groups that a group lies in, the outermost first, and itself; a file whose groups go in a circle ends it."""
    path: list[str] = []
    while group != _NO_GROUP and group not in path:
        path.append(group)
        group = groups[group].get("PartOfGroup", _NO_GROUP) if group in groups else _NO_GROUP
    return tuple(reversed(path))


def _is_cut_out(item: Element) -> bool:
    return (item.get("PartOfGroup") or "").lower() in _CUT_OUT


def _points(item: Element) -> list[list[float]]:
    coordinates = sorted(item.iter("Coordinate"), key=lambda one: number(one, "Order"))
    return [[number(one, "X"), number(one, "Y")] for one in coordinates]


def _area(points: list[list[float]]) -> shapely.Geometry:
    return shapely.make_valid(shapely.Polygon(points)) if len(points) > 2 else shapely.Polygon()


def _owner(cut_out: Element, areas: dict[int, shapely.Geometry], items: list[Element]) -> int | None:
    """The index of the outline that a cut-out lies in: the one it is named after, else the smallest."""
    points = _points(cut_out)
    inside = shapely.Polygon(points).representative_point() if len(points) > 2 else shapely.Point()
    around = [index for index, area in areas.items() if area.contains(inside)]
    named = [index for index in around if cut_out.get("Name") == f"{items[index].get('Name')}{_HOLE}"]
    return min(named or around, key=lambda index: areas[index].area, default=None)


def _annotation(name: str, kind: str, group: str, color: str, points: Points) -> str:
    coordinates = "".join(
        f'\t\t\t\t<Coordinate Order="{order}" X="{x!r}" Y="{y!r}" />\n' for order, (x, y) in enumerate(points.tolist())
    )
    head = f'<Annotation Name={quoteattr(name)} Type="{kind}" PartOfGroup={quoteattr(group)} Color="{color}">'
    return f"\t\t{head}\n\t\t\t<Coordinates>\n{coordinates}\t\t\t</Coordinates>\n\t\t</Annotation>\n"

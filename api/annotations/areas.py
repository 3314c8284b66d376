"""Adding to and taking from an area: what a brush or an eraser does to whatever is there now. Pure."""

from __future__ import annotations

import shapely

from api.annotations.geometry import AREAL, GRID_PX, Geometry, geometry_of, shapely_of
from api.errors import InvalidInput, TooLarge

MAX_MERGED_VERTICES = 100_000


def merged(area: Geometry, stroke: Geometry, *, add: bool) -> Geometry | None:
    """The area with the stroke added or taken away, valid, holes kept; None when nothing is left,
    the very same when nothing changes.

    Strokes that are only added, or only taken away, give the same area in any order, up to the grid of a thousandth
    of a pixel that coordinates are kept to.

    Raises:
        InvalidInput: one of them has no area (code `AREA_NEEDED`).
        TooLarge: the outcome has too many points.
    """
    for geometry, what in ((area, "annotation"), (stroke, "stroke")):
        if geometry.kind not in AREAL:
            raise InvalidInput(
                f"The {what} is a {geometry.kind.value}, which has no area. Areas are added to and taken from areas.",
                code="AREA_NEEDED",
                field="geometry",
            )
    combine = shapely.union if add else shapely.difference
    before = shapely_of(area)
    outcome = combine(before, shapely_of(stroke), grid_size=GRID_PX)
    if shapely.equals(outcome, before):
        return area
    polygons = [part for part in shapely.get_parts(outcome) if part.geom_type == "Polygon" and part.area > 0]
    if not polygons:
        return None
    geometry = geometry_of(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))
    if geometry.vertex_count > MAX_MERGED_VERTICES:
        raise TooLarge(
            f"The outline would have {geometry.vertex_count} points; at most {MAX_MERGED_VERTICES} are allowed. "
            "Draw a second annotation.",
            code="GEOMETRY_TOO_LARGE",
            params={"limit": MAX_MERGED_VERTICES, "actual": geometry.vertex_count},
        )
    return geometry

"""Shapes and regions for property tests, at the precision that annotations keep."""

from __future__ import annotations

from typing import assert_never

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from api.annotations.geometry import Geometry
from api.models.annotation import GeometryKind

coordinates = st.integers(-(2**21) * 1000, 2**21 * 1000).map(lambda thousandths: thousandths / 1000)


@st.composite
def rings(draw: st.DrawFn, least: int) -> NDArray[np.float64]:
    points = draw(st.lists(st.tuples(coordinates, coordinates), min_size=least, max_size=12))
    return np.array(points, dtype=np.float64)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    """Any shape that can be packed; outlines need not be valid."""
    kind = draw(st.sampled_from(GeometryKind))
    match kind:
        case GeometryKind.POINT:
            return Geometry(kind, ((draw(rings(1))[:1],),))
        case GeometryKind.LINE:
            return Geometry(kind, ((draw(rings(2)),),))
        case GeometryKind.RECTANGLE | GeometryKind.ELLIPSE:
            return Geometry(kind, ((draw(rings(4))[:4],),))
        case GeometryKind.POLYGON:
            return Geometry(kind, (tuple(draw(st.lists(rings(3), min_size=1, max_size=3))),))
        case GeometryKind.MULTIPOLYGON:
            polygons = st.lists(st.lists(rings(3), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3)
            return Geometry(kind, tuple(draw(polygons)))
        case _:
            assert_never(kind)

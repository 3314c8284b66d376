"""Shapes for tests."""

from __future__ import annotations

import numpy as np

from api.annotations.geometry import Geometry
from api.annotations.rows import Shape
from api.models.annotation import GeometryKind


def square(x: float, y: float, side: float) -> Shape:
    """An axis-parallel square polygon with its top-left corner at (x, y)."""
    ring = np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=np.float64)
    return Shape.of(Geometry(GeometryKind.POLYGON, ((ring,),)))

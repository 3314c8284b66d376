"""Predicted polygons as GeoJSON that QuPath opens as classified annotations. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from api.predictions.model_info import ModelInfo
from workers.contours import Outline

_DECIMALS = 2


def feature_collection(outlines: Sequence[Outline], model: ModelInfo, mpp: float) -> dict[str, Any]:
    """A GeoJSON FeatureCollection in level-0 pixels, y down; one Polygon a feature, holes included.

    Args:
        mpp: micrometres per level-0 pixel, for the areas.
    """
    return {"type": "FeatureCollection", "features": [_feature(outline, model, mpp) for outline in outlines]}


def _feature(outline: Outline, model: ModelInfo, mpp: float) -> dict[str, Any]:
    term = model.polygon_classes[outline.class_index]
    red, green, blue = (int(term.color[start : start + 2], 16) for start in (1, 3, 5))
    return {
        "type": "Feature",
        "geometry": _geometry(outline.shape),
        "properties": {
            "objectType": "annotation",
            "classification": {"name": term.label_en, "color": [red, green, blue]},
            "isLocked": False,
            "measurements": {
                "Area mm^2": round(outline.area_mm2(mpp), 6),
                "Mean probability": round(outline.mean, 4),
            },
            "metadata": {
                "model": model.name,
                "modelVersion": model.version,
                "threshold": model.threshold,
                "unsure": outline.class_index == model.unsure_index,
            },
        },
    }


def _geometry(shape: shapely.Polygon) -> dict[str, Any]:
    rings = [shape.exterior, *shape.interiors]
    return {
        "type": "Polygon",
        "coordinates": [[[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y in ring.coords] for ring in rings],
    }

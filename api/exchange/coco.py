"""COCO instance annotations: the slide is the one image, terms are the categories, a parent their supercategory.

COCO's polygons know no holes: `segmentation` has the outlines, `area` is without the holes, and the field of our own
`holes` has them. Points and lines become `keypoints` and a `line`, with area 0.
"""

from __future__ import annotations

from typing import Any

import orjson

from api.annotations.geometry import Points, extent_of
from api.exchange.feature import Feature, SlideFacts
from api.models.annotation import GeometryKind

NO_TERM = "none"


class CocoWriter:
    """Writes a COCO file; categories come at its end, when they are all known."""

    def __init__(self, slide: SlideFacts) -> None:
        self._slide = slide
        self._categories: dict[str, tuple[int, str | None, str]] = {}
        self._count = 0

    def start(self) -> bytes:
        image: dict[str, Any] = {
            "id": 1,
            "file_name": self._slide.name,
            "width": self._slide.width,
            "height": self._slide.height,
        }
        if self._slide.mpp_x:
            image["mpp"] = [self._slide.mpp_x, self._slide.mpp_y]
        info = {"description": "Coslide export; coordinates are level-0 pixels", "version": "1.0"}
        head = orjson.dumps({"info": info, "images": [image]})
        return head[:-1] + b',"annotations":['

    def add(self, feature: Feature) -> bytes:
        name = feature.term or NO_TERM
        parent = feature.term_path[-2] if len(feature.term_path) > 1 else ""
        number, *_ = self._categories.setdefault(name, (len(self._categories) + 1, feature.color, parent))
        separator = b"," if self._count else b""
        self._count += 1
        extent = extent_of(feature.geometry)
        item: dict[str, Any] = {
            "id": self._count,
            "image_id": 1,
            "category_id": number,
            "iscrowd": 0,
            "area": extent.area_px,
            "bbox": [extent.min_x, extent.min_y, extent.max_x - extent.min_x, extent.max_y - extent.min_y],
            **_shape(feature),
        }
        if feature.mean is not None:
            item["score"] = round(feature.mean, 4)
        return separator + orjson.dumps(item)

    def end(self) -> bytes:
        categories = [
            {"id": number, "name": name, "supercategory": parent, "color": color}
            for name, (number, color, parent) in self._categories.items()
        ]
        return b'],"categories":' + orjson.dumps(categories) + b"}\n"


def _shape(feature: Feature) -> dict[str, Any]:
    geometry = feature.geometry
    first = geometry.polygons[0][0]
    if geometry.kind is GeometryKind.POINT:
        return {"segmentation": [], "keypoints": [*_flat(first), 2], "num_keypoints": 1}
    if geometry.kind is GeometryKind.LINE:
        return {"segmentation": [], "line": _flat(first)}
    shape: dict[str, Any] = {"segmentation": [_flat(polygon[0]) for polygon in geometry.polygons]}
    holes = [_flat(hole) for polygon in geometry.polygons for hole in polygon[1:]]
    return {**shape, "holes": holes} if holes else shape


def _flat(points: Points) -> list[float]:
    flat: list[float] = points.reshape(-1).tolist()
    return flat

"""A table for analysts: one line an annotation with its measures, and its shape as well-known text."""

from __future__ import annotations

import csv
import io

import orjson

from api.annotations.geometry import extent_of, shapely_of
from api.exchange.feature import Feature, SlideFacts

COLUMNS = (
    "id",
    "layer",
    "term",
    "term_path",
    "kind",
    "area_px",
    "area_mm2",
    "length_px",
    "length_um",
    "centroid_x",
    "centroid_y",
    "min_x",
    "min_y",
    "max_x",
    "max_y",
    "mean_probability",
    "locked",
    "review",
    "review_reason",
    "note",
    "attributes",
    "wkt",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CsvWriter:
    """Writes UTF-8 with a byte-order mark, so that spreadsheets read Korean right."""

    def __init__(self, slide: SlideFacts) -> None:
        self._mpp = (slide.mpp_x, slide.mpp_y) if slide.mpp_x and slide.mpp_y else None

    def start(self) -> bytes:
        return b"\xef\xbb\xbf" + _line(COLUMNS)

    def add(self, feature: Feature) -> bytes:
        extent, shape = extent_of(feature.geometry), shapely_of(feature.geometry)
        centre = shape.centroid
        mpp_x, mpp_y = self._mpp or (None, None)
        return _line(
            (
                feature.id or "",
                _text(feature.layer),
                _text(feature.term or ""),
                _text(" / ".join(feature.term_path)),
                feature.geometry.kind.value,
                round(extent.area_px, 3),
                extent.area_px * mpp_x * mpp_y / 1e6 if mpp_x and mpp_y else "",
                round(extent.length_px, 3),
                extent.length_px * (mpp_x + mpp_y) / 2 if mpp_x and mpp_y else "",
                round(centre.x, 3),
                round(centre.y, 3),
                extent.min_x,
                extent.min_y,
                extent.max_x,
                extent.max_y,
                "" if feature.mean is None else round(feature.mean, 4),
                str(feature.locked).lower(),
                feature.review.value if feature.review else "",
                _text(feature.review_reason or ""),
                _text(feature.note),
                orjson.dumps(feature.attributes).decode() if feature.attributes else "",
                shape.wkt,
            )
        )

    def end(self) -> bytes:
        return b""


def _text(value: str) -> str:
    """Free text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _line(values: tuple[object, ...]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(values)
    return buffer.getvalue().encode()

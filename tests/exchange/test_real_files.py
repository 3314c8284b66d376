"""Files that other programs wrote, read and written again: areas and vertex counts stay exact."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import pytest
import shapely

from api.annotations.geometry import extent_of, shapely_of
from api.annotations.rows import Shape
from api.exchange import asap, geojson, imagescope
from api.exchange.asap import AsapWriter
from api.exchange.feature import Parsed, Repair, RepairCode, SlideFacts, Writer, write_all
from api.exchange.geojson import GeoJsonWriter
from api.exchange.imagescope import ImageScopeWriter
from api.models.annotation import GeometryKind

SLIDE = SlideFacts("slide.svs", 100_000, 200_000, 0.25, 0.25)


def measures(parsed: Parsed) -> list[tuple[int, float]]:
    """(points, area in px²) of each feature."""
    return [
        (feature.geometry.vertex_count, round(extent_of(feature.geometry).area_px, 6)) for feature in parsed.features
    ]


def kept(points: list[tuple[float, float]]) -> shapely.Polygon:
    """The file's own outline at the precision that annotations keep, a thousandth of a pixel."""
    return shapely.Polygon(np.round(points, 3))


def total_area(parsed: Parsed) -> float:
    """In px², to a millionth."""
    return round(math.fsum(area for _, area in measures(parsed)), 6)


def written_again(parsed: Parsed, writer: Writer, parse: Callable[[bytes], Parsed]) -> Parsed:
    return parse(write_all(writer, parsed.features))


def test_asap_outlines_of_camelyon(shared_data: Path) -> None:
    for name, count in (("tumor_009.xml", 6), ("tumor_076.xml", 39)):
        data = (shared_data / "annotations" / "asap" / name).read_bytes()
        items = list(ET.fromstring(data).iter("Annotation"))
        assert len(items) == count
        parsed = asap.parse(data)
        assert len(parsed.features) == count
        assert {feature.term for feature in parsed.features} == {"metastasis"}
        mended = {repair.index for repair in parsed.repairs if repair.code is RepairCode.MADE_VALID}
        assert len(parsed.repairs) == len(mended)
        for index, (item, feature) in enumerate(zip(items, parsed.features, strict=True)):
            points = [(float(c.get("X", "")), float(c.get("Y", ""))) for c in item.iter("Coordinate")]
            raw = kept(points)
            assert raw.is_valid is (index not in mended)
            if raw.is_valid:
                assert feature.geometry.vertex_count == len(points)
                assert extent_of(feature.geometry).area_px == pytest.approx(raw.area, rel=1e-9)
            assert shapely_of(feature.geometry).is_valid
        again = written_again(parsed, AsapWriter(), asap.parse)
        assert again.repairs == ()
        assert total_area(again) == total_area(parsed)
        if all(feature.geometry.kind is GeometryKind.POLYGON for feature in parsed.features):
            assert again.features == parsed.features


def test_imagescope_regions_of_tcga(shared_data: Path) -> None:
    [file] = (shared_data / "annotations" / "imagescope").glob("*.xml")
    root = ET.fromstring(file.read_bytes())
    assert len(root.findall("Annotation")) == 5
    regions = list(root.iter("Region"))
    assert [len(list(region.iter("Vertex"))) for region in regions] == [331, 1553, 572, 364]
    parsed = imagescope.parse(file.read_bytes())
    assert len(parsed.features) == 4
    for region, feature in zip(regions, parsed.features, strict=True):
        points = [(float(v.get("X", "")), float(v.get("Y", ""))) for v in region.iter("Vertex")]
        raw = kept(points)
        assert shapely_of(feature.geometry).is_valid
        if raw.is_valid:
            assert extent_of(feature.geometry).area_px == pytest.approx(raw.area, rel=1e-9)
            assert feature.geometry.vertex_count == len(points) - (points[0] == points[-1])
    assert [feature.color for feature in parsed.features] == ["#00ff00", "#00ff00", "#ff0000", "#00ffff"]
    again = written_again(parsed, ImageScopeWriter(SLIDE), imagescope.parse)
    assert again.repairs == ()
    assert total_area(again) == total_area(parsed)


def test_qupath_feature_with_a_hole(shared_data: Path) -> None:
    data = (shared_data / "annotations" / "qupath" / "holed.geojson").read_bytes()
    value = orjson.loads(data)
    parsed = geojson.parse(data)
    [feature] = parsed.features
    raw = shapely.geometry.shape(value["geometry"])
    assert (parsed.repairs, raw.is_valid) == ((), True)
    assert str(feature.id) == value["id"]
    assert [len(ring) + 1 for ring in feature.geometry.rings] == [len(r) for r in value["geometry"]["coordinates"]]
    assert extent_of(feature.geometry).area_px == pytest.approx(raw.area, rel=1e-12)
    written = orjson.loads(write_all(GeoJsonWriter(), parsed.features))["features"][0]
    assert written == value
    assert Shape.of(feature.geometry).geometry == feature.geometry


def test_qupath_multipolygon_geometry(shared_data: Path) -> None:
    data = (shared_data / "annotations" / "qupath" / "polygon.geojson").read_bytes()
    value = orjson.loads(data)
    parsed = geojson.parse(data)
    [feature] = parsed.features
    raw = shapely.geometry.shape(value)
    assert parsed.repairs == ()
    assert feature.geometry.kind is GeometryKind.MULTIPOLYGON
    assert feature.geometry.vertex_count == 1524
    assert extent_of(feature.geometry).area_px == pytest.approx(raw.area, rel=1e-12)
    written = orjson.loads(write_all(GeoJsonWriter(), parsed.features))["features"][0]
    assert written["geometry"] == value
    assert written_again(parsed, GeoJsonWriter(), geojson.parse) == parsed


def test_repairs_say_what_was_done(shared_data: Path) -> None:
    data = (shared_data / "annotations" / "asap" / "tumor_076.xml").read_bytes()
    for repair in asap.parse(data).repairs:
        assert repair == Repair(
            repair.index,
            RepairCode.MADE_VALID,
            f"Object {repair.index} crossed itself; its outline was made valid.",
        )

"""Each format's dialect: what is read, what is mended and said, and that our own files come back."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import uuid4

import numpy as np
import orjson
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from api.annotations.geometry import extent_of, geojson_of, geometry_from_geojson, repaired
from api.errors import InvalidInput
from api.exchange import asap, geojson, imagescope, masks
from api.exchange.asap import AsapWriter
from api.exchange.coco import CocoWriter
from api.exchange.csv import COLUMNS, CsvWriter
from api.exchange.feature import Feature, FileUnreadable, Parsed, RepairCode, SlideFacts, write_all
from api.exchange.geojson import GeoJsonWriter
from api.exchange.imagescope import ELLIPSE_POINTS, ImageScopeWriter
from api.exchange.xml import MAX_DEPTH
from api.models.annotation import GeometryKind

SLIDE = SlideFacts("슬라이드.svs", 100, 80, 0.5, 0.5)
RING = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]
HOLE = [[2.0, 2.0], [4.0, 2.0], [4.0, 4.0], [2.0, 4.0], [2.0, 2.0]]


def feature(kind: GeometryKind, coordinates: Any, **facts: Any) -> Feature:
    types = {GeometryKind.POINT: "Point", GeometryKind.LINE: "LineString", GeometryKind.MULTIPOLYGON: "MultiPolygon"}
    value = {"type": types.get(kind, "Polygon"), "coordinates": coordinates}
    return Feature(geometry_from_geojson(kind, value), **facts)


def polygon(*rings: list[list[float]], **facts: Any) -> Feature:
    return feature(GeometryKind.POLYGON, list(rings), **facts)


ALL_KINDS = [
    feature(GeometryKind.POINT, [1.0, 2.0], term="암", color="#ff0000", id=uuid4()),
    feature(GeometryKind.LINE, [[0.0, 0.0], [5.0, 5.0]], note="a line"),
    feature(GeometryKind.RECTANGLE, [RING], term="Tumour", color="#00ff00", locked=True),
    feature(GeometryKind.ELLIPSE, [[*RING[:4], [-1.0, 5.0], RING[0]]], attributes={"grade": 3, "name": "E & <1>"}),
    polygon(RING, HOLE, term="Tumour", color="#00ff00"),
    feature(GeometryKind.MULTIPOLYGON, [[RING, HOLE], [[[20.0, 0.0], [30.0, 0.0], [30.0, 9.0], [20.0, 0.0]]]]),
]


def codes(parsed: Parsed) -> list[tuple[int, RepairCode]]:
    return [(repair.index, repair.code) for repair in parsed.repairs]


# GeoJSON


def test_geojson_gives_back_every_kind_and_fact() -> None:
    again = geojson.parse(write_all(GeoJsonWriter(), ALL_KINDS))
    assert again.repairs == ()
    assert list(again.features) == ALL_KINDS


@given(st.lists(st.sampled_from(ALL_KINDS), max_size=5))
def test_geojson_of_any_features_is_json(features: list[Feature]) -> None:
    value = orjson.loads(write_all(GeoJsonWriter(), features))
    assert (value["type"], len(value["features"])) == ("FeatureCollection", len(features))


def test_geojson_speaks_qupaths_dialect() -> None:
    [written] = orjson.loads(write_all(GeoJsonWriter(), [polygon(RING, term="Tumour", color="#c80000")]))["features"]
    assert written["properties"] == {
        "objectType": "annotation",
        "classification": {"name": "Tumour", "color": [200, 0, 0], "colorRGB": -3670016},
    }
    [found] = orjson.loads(write_all(GeoJsonWriter(), [polygon(RING, term="T", mean=0.93333)]))["features"]
    assert found["properties"]["objectType"] == "detection"
    assert found["properties"]["measurements"] == {"Mean probability": 0.9333}


@pytest.mark.parametrize(
    "classification",
    [{"name": "T", "colorRGB": -3670016}, {"name": "T", "color": [200, 0, 0]}, {"names": ["T"], "color": [200, 0, 0]}],
)
def test_geojson_reads_old_and_new_classifications(classification: dict[str, Any]) -> None:
    value = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [RING]},
        "properties": {"classification": classification},
    }
    for wrapped in (value, [value], {"type": "FeatureCollection", "features": [value]}):
        [found] = geojson.parse(orjson.dumps(wrapped)).features
        assert (found.term, found.color) == ("T", "#c80000")


def test_geojson_mends_what_it_can_and_says_so() -> None:
    eight = [[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]
    geometries: list[Any] = [
        {"type": "Polygon", "coordinates": [eight]},
        {"type": "Polygon", "coordinates": [RING[:4]]},
        {"type": "MultiPoint", "coordinates": [[1, 1], [2, 2]]},
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 1]}]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]},
        {"type": "Circle"},
        None,
    ]
    features = [{"type": "Feature", "geometry": geometry, "properties": None} for geometry in geometries]
    parsed = geojson.parse(orjson.dumps({"type": "FeatureCollection", "features": [*features, 7]}))
    assert codes(parsed) == [
        (0, RepairCode.MADE_VALID),
        (1, RepairCode.RING_CLOSED),
        (2, RepairCode.SPLIT),
        (3, RepairCode.SPLIT),
        (4, RepairCode.DROPPED),
        (5, RepairCode.DROPPED),
        (6, RepairCode.DROPPED),
        (7, RepairCode.DROPPED),
    ]
    assert [one.geometry.kind.value for one in parsed.features] == [
        "MULTIPOLYGON",
        "POLYGON",
        "POINT",
        "POINT",
        "POINT",
    ]


@pytest.mark.parametrize("data", [b"", b"{", b"7", b"{}", b'{"type":"FeatureCollection"}', b"<xml/>", b"\xff\xfe"])
def test_what_is_no_geojson_is_refused(data: bytes) -> None:
    with pytest.raises(FileUnreadable):
        geojson.parse(data)


@given(
    st.recursive(
        st.none() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "properties", "features"]), x)
        ),
    )
)
def test_geojson_never_fails_otherwise(value: Any) -> None:
    try:
        geojson.parse(
            orjson.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": value}, value]})
        )
    except FileUnreadable:
        return


# ASAP and ImageScope


def test_asap_gives_areas_points_lines_and_holes_back() -> None:
    again = asap.parse(write_all(AsapWriter(), ALL_KINDS))
    assert again.repairs == ()
    kinds = [one.geometry.kind for one in again.features]
    assert kinds == [
        GeometryKind.POINT,
        GeometryKind.LINE,
        GeometryKind.RECTANGLE,
        GeometryKind.POLYGON,  # an ellipse is a spline of its points
        GeometryKind.POLYGON,
        GeometryKind.POLYGON,
        GeometryKind.POLYGON,
    ]
    assert [one.term for one in again.features] == ["암", None, "Tumour", None, "Tumour", None, None]
    assert again.features[3].attributes == {"name": "E & <1>"}
    assert (
        sum(len(one.geometry.rings) - 1 for one in again.features if one.geometry.kind in {GeometryKind.POLYGON}) == 2
    )
    total = sum(extent_of(one.geometry).area_px for one in again.features)
    assert total == sum(extent_of(one.geometry).area_px for one in ALL_KINDS)


TREE = ("Epithelium", "Carcinoma", "Glandular")


def test_formats_that_know_of_trees_carry_the_terms_above() -> None:
    leaf = polygon(RING, term="Glandular", color="#00ff00", term_path=TREE)
    top = polygon(HOLE, term="Stroma", color="#0000ff", term_path=("Stroma",))

    assert [one.term_path for one in asap.parse(write_all(AsapWriter(), [leaf, top])).features] == [TREE, ("Stroma",)]
    assert [one.term_path for one in geojson.parse(write_all(GeoJsonWriter(), [leaf, top])).features] == [TREE, ()]
    coco = orjson.loads(write_all(CocoWriter(SLIDE), [leaf, top]))
    assert [(one["name"], one["supercategory"]) for one in coco["categories"]] == [
        ("Glandular", "Carcinoma"),
        ("Stroma", ""),
    ]
    rows = list(csv.DictReader(io.StringIO(write_all(CsvWriter(SLIDE), [leaf, top]).decode("utf-8-sig"))))
    assert [row["term_path"] for row in rows] == ["Epithelium / Carcinoma / Glandular", "Stroma"]


def test_asap_groups_that_lie_in_each_other_end_somewhere() -> None:
    groups = '<Group Name="a" PartOfGroup="b" Color="#111111"/><Group Name="b" PartOfGroup="a" Color="#222222"/>'
    points = "".join(f'<Coordinate Order="{n}" X="{x}" Y="{y}"/>' for n, (x, y) in enumerate(RING[:-1]))
    item = f'<Annotation Name="n" Type="Polygon" PartOfGroup="a"><Coordinates>{points}</Coordinates></Annotation>'
    text = (
        f"<ASAP_Annotations><Annotations>{item}</Annotations>"
        f"<AnnotationGroups>{groups}</AnnotationGroups></ASAP_Annotations>"
    )
    [found] = asap.parse(text.encode()).features
    assert (found.term, found.term_path, found.color) == ("a", ("b", "a"), "#111111")


def test_asap_reads_camelyons_cut_outs_and_drops_one_that_cuts_nothing() -> None:
    def item(group: str, ring: list[list[float]]) -> str:
        points = "".join(f'<Coordinate Order="{n}" X="{x}" Y="{y}"/>' for n, (x, y) in enumerate(ring[:-1]))
        head = f'<Annotation Name="n" Type="Polygon" PartOfGroup="{group}">'
        return f"{head}<Coordinates>{points}</Coordinates></Annotation>"

    far = [[x + 100, y] for x, y in HOLE]
    items = item("_2", HOLE) + item("_0", RING) + item("_2", far)
    parsed = asap.parse(f"<ASAP_Annotations><Annotations>{items}</Annotations></ASAP_Annotations>".encode())
    assert [extent_of(one.geometry).area_px for one in parsed.features] == [96.0]
    assert codes(parsed) == [(2, RepairCode.DROPPED)]


def test_imagescope_gives_areas_points_lines_and_holes_back() -> None:
    again = imagescope.parse(write_all(ImageScopeWriter(SLIDE), ALL_KINDS))
    assert again.repairs == ()
    by_kind = sorted(one.geometry.kind.value for one in again.features)
    assert by_kind == ["LINE", "POINT", "POLYGON", "POLYGON", "POLYGON", "POLYGON", "RECTANGLE"]
    assert {(one.term, one.color) for one in again.features} == {
        ("암", "#ff0000"),
        ("Tumour", "#00ff00"),
        (None, "#868e96"),
    }
    total = sum(extent_of(one.geometry).area_px for one in again.features)
    assert total == sum(extent_of(one.geometry).area_px for one in ALL_KINDS)


def test_imagescope_ellipses_become_outlines() -> None:
    vertices = '<Vertices><Vertex X="0" Y="0"/><Vertex X="20" Y="10"/></Vertices>'
    regions = f'<Regions><Region Type="2">{vertices}</Region></Regions>'
    data = f'<Annotations><Annotation LineColor="255">{regions}</Annotation></Annotations>'
    parsed = imagescope.parse(data.encode())
    assert codes(parsed) == [(0, RepairCode.CONVERTED)]
    [found] = parsed.features
    assert (found.geometry.kind, found.geometry.vertex_count, found.color) == (
        GeometryKind.ELLIPSE,
        ELLIPSE_POINTS,
        "#ff0000",
    )
    assert extent_of(found.geometry).area_px == pytest.approx(np.pi * 10 * 5, rel=2e-3)


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
OUTSIDE = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><ASAP_Annotations/>'
DEEP = b"<a>" * (MAX_DEPTH + 1)


@pytest.mark.parametrize("data", [BOMB, OUTSIDE, DEEP, b"", b"no", b"<x/>", b"<Annotations", b"\x00\x01"])
def test_hostile_and_foreign_xml_is_refused(data: bytes) -> None:
    for parse in (asap.parse, imagescope.parse):
        with pytest.raises(FileUnreadable) as caught:
            parse(data)
        assert caught.value.code == "FILE_UNREADABLE"


def test_a_coordinate_that_is_no_number_names_itself() -> None:
    data = b'<ASAP_Annotations><Annotation><Coordinate Order="0" X="abc" Y="1"/></Annotation></ASAP_Annotations>'
    with pytest.raises(FileUnreadable) as caught:
        asap.parse(data)
    assert caught.value.message == "<Coordinate> has X=“abc”, which is no number."


# COCO, CSV, masks


def test_coco_has_one_image_categories_and_areas_without_holes() -> None:
    value = orjson.loads(write_all(CocoWriter(SLIDE), ALL_KINDS))
    assert value["images"] == [{"id": 1, "file_name": "슬라이드.svs", "width": 100, "height": 80, "mpp": [0.5, 0.5]}]
    assert [(one["id"], one["name"]) for one in value["categories"]] == [(1, "암"), (2, "none"), (3, "Tumour")]
    assert [one["category_id"] for one in value["annotations"]] == [1, 2, 3, 2, 3, 2]
    holed = value["annotations"][4]
    assert (holed["area"], holed["bbox"]) == (96.0, [0.0, 0.0, 10.0, 10.0])
    assert holed["segmentation"] == [[0.0, 0.0, 10.0, 0.0, 10.0, 10.0, 0.0, 10.0]]
    assert holed["holes"] == [[2.0, 2.0, 4.0, 2.0, 4.0, 4.0, 2.0, 4.0]]
    assert value["annotations"][0]["keypoints"] == [1.0, 2.0, 2]


def test_csv_measures_in_both_units_and_carries_no_formulas() -> None:
    evil = polygon(RING, term='=HYPERLINK("http://x")', note="@SUM(1)", layer="-1", attributes={"a": 'b,"c"'})
    data = write_all(CsvWriter(SLIDE), [evil]).decode("utf-8-sig")
    head, line = csv.reader(io.StringIO(data))
    row = dict(zip(head, line, strict=True))
    assert tuple(head) == COLUMNS
    assert (row["area_px"], row["area_mm2"], row["length_px"], row["length_um"]) == ("100.0", "2.5e-05", "40.0", "20.0")
    assert (row["centroid_x"], row["max_y"], row["kind"]) == ("5.0", "10.0", "POLYGON")
    assert row["term"].startswith("'=")
    assert (row["note"], row["layer"]) == ("'@SUM(1)", "'-1")
    assert orjson.loads(row["attributes"]) == {"a": 'b,"c"'}
    assert row["wkt"] == "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"
    unknown = SlideFacts("s", 1, 1, None, None)
    assert write_all(CsvWriter(unknown), [evil]).decode("utf-8-sig").splitlines()[1].count(",,") >= 1


def test_a_mask_has_the_terms_numbers_holes_and_the_small_on_top() -> None:
    small = polygon([[6, 6], [8, 6], [8, 8], [6, 8], [6, 6]], term="B")
    big = polygon(RING, HOLE, term="A")
    mask = masks.paint([small, big, ALL_KINDS[0]], SLIDE, 1)
    assert (mask.terms, mask.values.shape) == (("A", "B"), (80, 100))
    assert mask.values[7, 7] == 2
    assert mask.values[3, 3] == 0
    assert mask.values[1, 1] == mask.values[5, 5] == 1
    assert mask.values[40, 40] == 0
    assert abs(int((mask.values == 1).sum()) - (96 - 4)) <= 24  # outlines are drawn, too
    with tifffile.TiffFile(io.BytesIO(masks.to_tiff(mask))) as file:
        assert np.array_equal(file.asarray(), mask.values)
        assert orjson.loads(file.pages.first.description) == {"downsample": 1, "terms": {"1": "A", "2": "B"}}
    assert masks.to_png(mask).startswith(b"\x89PNG")


def test_a_mask_of_a_large_slide_is_made_coarser_or_refused() -> None:
    large = SlideFacts("s", 100_000, 80_000, None, None)
    assert masks.default_downsample(large) == 16
    assert masks.default_downsample(SLIDE) == 1
    mask = masks.paint([polygon([[0, 0], [3200, 0], [3200, 3200], [0, 3200], [0, 0]])], large, 16)
    assert mask.values.shape == (5000, 6250)
    assert abs(int(mask.values.sum()) - 200 * 200) <= 401
    for downsample in (1, 0.5, 5000, float("nan")):
        with pytest.raises(InvalidInput) as caught:
            masks.paint([], large, downsample)
        assert caught.value.params == {"least": 7}


def test_repaired_geojson_is_what_geojson_of_gives() -> None:
    [found] = geojson.parse(orjson.dumps({"type": "Polygon", "coordinates": [RING[:4]]})).features
    assert geojson_of(found.geometry)["coordinates"] == [RING]
    assert repaired(found.geometry) == (found.geometry, False)

"""Annotations in and out as files, and packed, behind real HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
import orjson
import pytest
import shapely
import tifffile
from tortoise.context import TortoiseContext

from api.annotations.chunks import chunks_of, unpack_prediction
from api.annotations.codec import PackedObject
from api.annotations.edit import apply_ops, publish_prediction_layer
from api.annotations.geometry import geometry_from_geojson
from api.annotations.ops import Create, Judge
from api.annotations.rows import Shape
from api.auth import sessions
from api.auth.permissions import SlideAccess
from api.collaboration.log import Origin, current_seq
from api.exchange import asap, geojson, imagescope
from api.models.annotation import Annotation, GeometryKind, Layer, ReviewState
from api.models.audit import AuditEntry
from api.models.ontology import Term
from api.models.project import Project, Role
from api.models.slide import Slide
from api.models.user import User
from api.routes import exchange as routes
from api.settings import Settings
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.live_app import live_parts, make_app

BASE = "http://coslide.test"
SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]


@dataclass
class Desk:
    """A slide with one holed annotation and a predicted polygon, and a browser for anyone."""

    settings: Settings
    project: Project
    slide: Slide
    users: dict[Role, User]
    term: Term
    annotation_id: UUID
    prediction_layer: UUID
    app: httpx.ASGITransport

    def path(self, rest: str) -> str:
        return f"/slides/{self.slide.id}/{rest}"

    @asynccontextmanager
    async def browser(self, role: Role | None = Role.ANNOTATOR) -> AsyncIterator[httpx.AsyncClient]:
        """As a member with that role, or as nobody."""
        cookies = {"coslide": await sessions.create(self.users[role].id, self.settings)} if role else {}
        async with httpx.AsyncClient(
            transport=self.app, base_url=BASE, cookies=cookies, headers={"origin": BASE}
        ) as client:
            yield client


@pytest.fixture
async def desk(sqlite_database: TortoiseContext, tmp_path: Path) -> AsyncIterator[Desk]:
    users = {role: await make_user(role.value) for role in Role}
    members: dict[Role, User] = {role: user for role, user in users.items() if role is not Role.OWNER}
    project = await make_project(users[Role.OWNER], members=members)
    slide = await make_slide_row(project, name="조직 1.svs")
    term = await Term.create(project=project, name="Tumour", color="#c80000")
    hole = [[2.0, 2.0], [4.0, 2.0], [4.0, 4.0], [2.0, 4.0], [2.0, 2.0]]
    holed = geometry_from_geojson(GeometryKind.POLYGON, {"type": "Polygon", "coordinates": [SQUARE, hole]})
    id_ = uuid4()
    access = SlideAccess(slide.id, project.id, Role.ANNOTATOR)
    origin = Origin(users[Role.ANNOTATOR].id, "c", "m")
    await apply_ops(access, origin, [Create(id_, Shape.of(holed), term.id, note="=1+1")])
    found = PackedObject.predicted(shapely.box(100, 100, 140, 120), 1, 0.75)
    done = await publish_prediction_layer(
        slide.id, uuid4(), [found], name="net 1", color="#aa00aa", requested_by_id=None
    )
    settings = Settings(data=tmp_path, public_url=BASE, model_repository=tmp_path)
    app = make_app()
    async with live_parts(app, settings):
        yield Desk(settings, project, slide, users, term, id_, done.layers[0].id, httpx.ASGITransport(app=app))


async def download(desk: Desk, kind: str, **query: str) -> httpx.Response:
    async with desk.browser(Role.VIEWER) as viewer:
        response = await viewer.get(desk.path(f"export/{kind}"), params=query)
    assert response.status_code == 200, response.text
    return response


async def test_every_format_has_what_people_drew_and_what_the_model_found(desk: Desk) -> None:
    areas = {96.0, 800.0}
    response = await download(desk, "geojson")
    assert response.headers["content-type"] == "application/geo+json"
    assert "filename*=UTF-8''%EC%A1%B0%EC%A7%81%201-geojson.geojson" in response.headers["content-disposition"]
    first, second = orjson.loads(response.content)["features"]
    assert (first["id"], first["properties"]["classification"]["name"]) == (str(desk.annotation_id), "Tumour")
    assert second["properties"]["measurements"] == {"Mean probability": 0.749}
    assert {shapely.geometry.shape(one["geometry"]).area for one in (first, second)} == areas
    for kind, parse in (("asap", asap.parse), ("imagescope", imagescope.parse)):
        parsed = parse((await download(desk, kind)).content)
        assert {Shape.of(one.geometry).extent.area_px for one in parsed.features} == areas
    coco = orjson.loads((await download(desk, "coco")).content)
    assert {one["area"] for one in coco["annotations"]} == areas
    table = list(csv.DictReader(io.StringIO((await download(desk, "csv")).content.decode("utf-8-sig"))))
    assert [(row["layer"], row["area_px"], row["note"]) for row in table] == [
        ("ANNOTATOR", "96.0", "'=1+1"),
        ("net 1", "800.0", ""),
    ]
    mask = tifffile.imread(io.BytesIO((await download(desk, "mask")).content))
    assert (mask.shape, mask[5, 5], mask[110, 110], mask[50, 50]) == ((2048, 4096), 1, 2, 0)
    png = await download(desk, "mask", type="png", downsample="4")
    assert png.headers["content-type"] == "image/png"


async def test_layer_and_term_choose_what_is_exported(desk: Desk) -> None:
    async def areas(**query: str) -> list[float]:
        features = orjson.loads((await download(desk, "geojson", **query)).content)["features"]
        return [shapely.geometry.shape(one["geometry"]).area for one in features]

    assert await areas(layer=str(desk.prediction_layer)) == [800.0]
    assert await areas(term=str(desk.term.id)) == [96.0]
    other = await Term.create(project=desk.project, name="Other", color="#000000")
    assert await areas(term=str(other.id)) == []
    await Term.filter(id=desk.term.id).update(parent_id=other.id)
    assert await areas(term=str(other.id)) == []
    assert await areas(term=str(other.id), below="1") == [96.0]


async def test_a_shape_of_an_unknown_term_gets_the_nearest_one_above_it_that_is_known(desk: Desk) -> None:
    points = "".join(f'<Coordinate Order="{n}" X="{x}" Y="{y}"/>' for n, (x, y) in enumerate(SQUARE[:-1]))
    item = (
        f'<Annotation Name="n" Type="Polygon" PartOfGroup="Mucinous"><Coordinates>{points}</Coordinates></Annotation>'
    )
    groups = '<Group Name="Mucinous" PartOfGroup="Tumour" Color="#111111"/><Group Name="Tumour" PartOfGroup="None"/>'
    text = (
        f"<ASAP_Annotations><Annotations>{item}</Annotations>"
        f"<AnnotationGroups>{groups}</AnnotationGroups></ASAP_Annotations>"
    )
    async with desk.browser() as browser:
        response = await browser.post(desk.path("import?filename=a.xml"), content=text)
    answer = response.json()
    assert [one["code"] for one in answer["repaired"]] == ["UNKNOWN_TERM"]
    [row] = await Annotation.filter(layer_id=answer["layerId"]).values("term_id", "attributes")
    assert row == {"term_id": desk.term.id, "attributes": {"classification": "Mucinous", "name": "n"}}


async def test_a2_an_export_is_written_into_the_audit_log(desk: Desk) -> None:
    await download(desk, "csv", review="DRAFT")
    await download(desk, "mask")
    async with desk.browser(Role.VIEWER) as viewer:
        await viewer.get(desk.path("export/docx"))
    log = await AuditEntry.all().order_by("id")
    assert [(one.kind, one.subject_id, one.details) for one in log] == [
        ("ANNOTATIONS_EXPORTED", str(desk.slide.id), {"format": "csv", "query": "review=DRAFT"}),
        ("ANNOTATIONS_EXPORTED", str(desk.slide.id), {"format": "mask", "query": ""}),
    ]


async def test_r9_exports_carry_the_state_of_review_and_can_be_limited_to_it(desk: Desk) -> None:
    async def reviews(**query: str) -> list[tuple[str | None, str | None]]:
        features = orjson.loads((await download(desk, "geojson", **query)).content)["features"]
        own = [one["properties"].get("coslide", {}) for one in features]
        return [(one.get("review"), one.get("reviewReason")) for one in own]

    assert await reviews() == [("DRAFT", None), (None, None)]
    access = SlideAccess(desk.slide.id, desk.project.id, Role.REVIEWER)
    origin = Origin(desk.users[Role.REVIEWER].id, "reviewer", "1")
    await apply_ops(access, origin, [Judge(desk.annotation_id, ReviewState.REJECTED, "=Too wide")])
    assert await reviews() == [("REJECTED", "=Too wide"), (None, None)]
    assert await reviews(review="REJECTED,DRAFT") == [("REJECTED", "=Too wide")]
    assert await reviews(review="ACCEPTED") == []
    table = list(csv.DictReader(io.StringIO((await download(desk, "csv")).content.decode("utf-8-sig"))))
    assert [(row["review"], row["review_reason"]) for row in table] == [("REJECTED", "'=Too wide"), ("", "")]


@pytest.mark.parametrize(
    ("rest", "status", "code"),
    [
        ("export/docx", 422, "BAD_FORMAT"),
        ("export/geojson?layer=x", 422, "BAD_ID"),
        (f"export/geojson?layer={uuid4()}", 404, "LAYER_NOT_FOUND"),
        (f"export/csv?term={uuid4()}", 404, "TERM_NOT_FOUND"),
        ("export/csv?review=ACCEPTED,x", 422, "INVALID_INPUT"),
        ("export/mask?downsample=x", 422, "INVALID_INPUT"),
        ("export/mask?downsample=0", 422, "BAD_DOWNSAMPLE"),
        ("annotations.bin?region=1,2,3", 422, "BAD_REGION"),
        ("annotations.bin?region=1,2,0,5", 422, "BAD_REGION"),
        (f"annotations.bin?layer={uuid4()}", 404, "LAYER_NOT_FOUND"),
    ],
)
async def test_a_wrong_address_says_what_is_wrong(desk: Desk, rest: str, status: int, code: str) -> None:
    async with desk.browser() as browser:
        response = await browser.get(desk.path(rest))
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


async def test_strangers_get_nothing(desk: Desk) -> None:
    desk.users[Role.OWNER] = await make_user("Stranger")
    for role, status in ((None, 401), (Role.OWNER, 404)):
        async with desk.browser(role) as browser:
            for rest in ("export/geojson", "export/mask", "annotations.bin"):
                assert (await browser.get(desk.path(rest))).status_code == status
            assert (await browser.post(desk.path("import"), content=b"{}")).status_code == status


async def test_the_packed_file_holds_both_and_says_where_the_slide_is(desk: Desk) -> None:
    async with desk.browser(Role.VIEWER) as browser:
        response = await browser.get(desk.path("annotations.bin"))
        assert response.headers["x-coslide-seq"] == "2"
        live, predicted = chunks_of(response.content)
        assert live[6:22] == desk.annotation_id.bytes
        [item] = unpack_prediction(predicted)
        assert (item.class_index, item.mean, item.geometry.kind) == (1, 191, GeometryKind.POLYGON)
        assert np.array_equal(np.ptp(item.geometry.rings[0], axis=0), [40, 20])
        nearby = await browser.get(desk.path("annotations.bin?region=0,0,20,20"))
        assert list(chunks_of(nearby.content)) == [live]
        one_layer = await browser.get(desk.path(f"annotations.bin?layer={desk.prediction_layer}"))
        assert list(chunks_of(one_layer.content)) == [predicted]


async def test_a_file_is_imported_into_a_layer_of_its_own_with_a_report(desk: Desk) -> None:
    eight = [[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [0.0, 10.0], [0.0, 0.0]]

    def item(ring: list[list[float]], name: str) -> dict[str, object]:
        geometry = {"type": "Polygon", "coordinates": [ring]}
        return {"type": "Feature", "geometry": geometry, "properties": {"classification": {"name": name}}}

    data = orjson.dumps([item(SQUARE, "tumour"), item(eight, "Necrosis"), {"type": "Feature", "geometry": None}])
    async with desk.browser() as browser:
        response = await browser.post(desk.path("import?filename=a%2Fb.geojson"), content=data)
    answer = response.json()
    layer = await Layer.get(id=answer["layerId"])
    assert (response.status_code, answer["imported"], answer["seq"], answer["repairs"]) == (201, 2, 3, 3)
    assert (layer.name, layer.kind.value) == ("b.geojson", "IMPORT")
    assert [(one["index"], one["code"]) for one in answer["repaired"]] == [
        (-1, "UNKNOWN_TERM"),
        (1, "MADE_VALID"),
        (2, "DROPPED"),
    ]
    rows = await Annotation.filter(layer_id=layer.id).order_by("area_px").values("area_px", "term_id", "attributes")
    assert rows == [
        {"area_px": 50.0, "term_id": None, "attributes": {"classification": "Necrosis"}},
        {"area_px": 100.0, "term_id": desk.term.id, "attributes": {}},
    ]
    again = geojson.parse((await download(desk, "geojson", layer=str(layer.id))).content)
    assert {one.term for one in again.features} == {"Tumour", "Necrosis"}


async def test_real_files_go_in_and_come_out_with_the_same_areas(desk: Desk, shared_data: Path) -> None:
    folder = shared_data / "annotations"
    files = [*(folder / "asap").glob("*.xml"), *(folder / "imagescope").glob("*.xml"), *(folder / "qupath").iterdir()]
    parsers = {"asap": asap.parse, "imagescope": imagescope.parse, "qupath": geojson.parse}
    for file in files:
        expected = parsers[file.parent.name](file.read_bytes())
        async with desk.browser() as browser:
            answer = (await browser.post(desk.path("import"), content=file.read_bytes())).json()
        assert answer["imported"] == len(expected.features)
        back = geojson.parse((await download(desk, "geojson", layer=answer["layerId"])).content)
        assert sorted(
            (one.geometry.vertex_count, Shape.of(one.geometry).extent.area_px) for one in back.features
        ) == sorted((one.geometry.vertex_count, Shape.of(one.geometry).extent.area_px) for one in expected.features)


@pytest.mark.parametrize("data", [b"", b"no", b"<x/>", b"{}", b"<!DOCTYPE a><ASAP_Annotations/>"])
async def test_a_file_that_can_not_be_read_leaves_nothing(desk: Desk, data: bytes) -> None:
    async with desk.browser() as browser:
        response = await browser.post(desk.path("import"), content=data)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "FILE_UNREADABLE")
    assert (await Layer.all().count(), await current_seq(desk.slide.id)) == (2, 2)


async def test_a_file_that_is_too_large_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MAX_IMPORT_BYTES", 10)
    async with desk.browser() as browser:
        response = await browser.post(desk.path("import"), content=b"x" * 11)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "BODY_TOO_LARGE")


async def test_viewers_import_nothing_and_other_sites_neither(desk: Desk) -> None:
    data = orjson.dumps({"type": "Point", "coordinates": [1, 1]})
    async with desk.browser(Role.VIEWER) as browser:
        assert (await browser.post(desk.path("import"), content=data)).status_code == 403
    async with desk.browser() as browser:
        headers = {"origin": "https://evil.example"}
        assert (await browser.post(desk.path("import"), content=data, headers=headers)).status_code == 403
    assert await Layer.all().count() == 2

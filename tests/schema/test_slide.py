"""Slides through GraphQL: what they are, who may change them, and how refusals look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext

from api.annotations.edit import apply_ops
from api.annotations.geometry import geometry_from_geojson
from api.annotations.ops import Create, Judge
from api.annotations.rows import Shape
from api.auth.permissions import SlideAccess
from api.auth.tile_grants import read_tile_grant
from api.auth.viewer import Viewer
from api.collaboration.channel import MemoryChannel
from api.collaboration.log import Origin
from api.errors import PlatformError
from api.models.annotation import GeometryKind, ReviewState
from api.models.project import Role
from api.models.slide import Slide, Upload, UploadStatus
from api.models.slide_job import SlideJob, SlideJobKind, SlideJobStatus
from api.settings import Settings
from schema.app import schema
from schema.context import Context
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.asking import viewer_for

ASSOCIATED = [
    {"name": "LABEL", "width": 387, "height": 463},
    {"name": "MACRO", "width": 1280, "height": 431},
    {"name": "THUMBNAIL", "width": 574, "height": 768},
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


async def run(settings: Settings, viewer: Viewer | None, query: str, **variables: object) -> Any:
    """The data under `it`, or the code of the one expected error."""
    app = SimpleNamespace(channel=MemoryChannel())
    result = await schema.execute(query, variables, Context(viewer=viewer, settings=settings, app=app))
    if result.errors:
        (error,) = result.errors
        assert isinstance(error.original_error, PlatformError), error
        return error.original_error.code
    assert result.data is not None
    return result.data["it"]


async def people_of_a_slide(**fields: Any) -> tuple[Slide, dict[str, Viewer | None]]:
    """A slide, and viewers: one of each role, a stranger and nobody."""
    people = {role: await make_user(role.value.title()) for role in Role}
    members = {role: user for role, user in people.items() if role is not Role.OWNER}
    project = await make_project(people[Role.OWNER], members=members)
    slide = await make_slide_row(project, created_by=people[Role.MANAGER], **fields)
    viewers: dict[str, Viewer | None] = {role.value: viewer_for(user) for role, user in people.items()}
    return slide, viewers | {"STRANGER": viewer_for(await make_user()), "NOBODY": None}


async def test_a_slide_as_its_members_see_it(database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide(
        name="Case 7",
        tags=["colon"],
        width=600,
        height=500,
        associated=ASSOCIATED,
        levels=[
            {"width": 600, "height": 500, "downsample": 1.0, "native": 0},
            {"width": 300, "height": 250, "downsample": 2.0, "native": None},
        ],
    )
    query = """
        query ($id: ID!) { it: slide(id: $id) {
            id name description tags filename sizeBytes sha256 vendor width height mppX mppY objectivePower
            thumbnailUrl fileUrl createdAt deletedAt seq annotationCount
            project { id myRole } createdBy { name } associatedImages { name width height url }
            tileSource { urlTemplate tileSize grant grantExpiresAt
              levels { index width height downsample columns rows } }
        } }
    """
    shown = await run(settings, viewers["VIEWER"], query, id=str(slide.id))
    source = shown.pop("tileSource")
    assert shown == {
        "id": str(slide.id),
        "name": "Case 7",
        "description": "",
        "tags": ["colon"],
        "filename": slide.filename,
        "sizeBytes": 1_000_000.0,
        "sha256": slide.sha256,
        "vendor": "aperio",
        "width": 600,
        "height": 500,
        "mppX": 0.5,
        "mppY": 0.5,
        "objectivePower": 20.0,
        "thumbnailUrl": f"/slides/{slide.id}/thumbnail.jpg",
        "fileUrl": f"/slides/{slide.id}/file",
        "createdAt": slide.created_at.isoformat(),
        "deletedAt": None,
        "seq": 0,
        "annotationCount": 0,
        "project": {"id": str(slide.project_id), "myRole": "VIEWER"},
        "createdBy": {"name": "Manager"},
        "associatedImages": [ASSOCIATED[2] | {"url": f"/slides/{slide.id}/associated/thumbnail.jpg"}],
    }
    assert source["urlTemplate"] == f"/slides/{slide.id}/tiles/{{level}}/{{column}}_{{row}}.jpg"
    assert source["tileSize"] == 256
    assert source["levels"] == [
        {"index": 0, "width": 600, "height": 500, "downsample": 1.0, "columns": 3, "rows": 2},
        {"index": 1, "width": 300, "height": 250, "downsample": 2.0, "columns": 2, "rows": 1},
    ]
    viewer = viewers["VIEWER"]
    assert viewer is not None
    assert read_tile_grant(settings, source["grant"], slide.id).viewer.user_id == viewer.user_id
    ends_in = datetime.fromisoformat(source["grantExpiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < ends_in <= timedelta(minutes=10)


async def test_label_and_macro_are_listed_for_managers(sqlite_database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide(associated=ASSOCIATED)
    query = "query ($id: ID!) { it: slide(id: $id) { associatedImages { name } } }"
    for role in Role:
        shown = await run(settings, viewers[role.value], query, id=str(slide.id))
        listed = [image["name"] for image in shown["associatedImages"]]
        is_manager = role in (Role.OWNER, Role.MANAGER)
        assert listed == (["LABEL", "MACRO", "THUMBNAIL"] if is_manager else ["THUMBNAIL"])


async def test_who_is_offered_the_file(sqlite_database: TortoiseContext, settings: Settings) -> None:
    query = "query ($id: ID!) { it: slide(id: $id) { canDownload } }"
    for associated, lower_roles_may in ((ASSOCIATED, False), (ASSOCIATED[2:], True)):
        slide, viewers = await people_of_a_slide(associated=associated)
        for role in Role:
            shown = await run(settings, viewers[role.value], query, id=str(slide.id))
            assert shown == {"canDownload": lower_roles_may or role in (Role.OWNER, Role.MANAGER)}


READS = {
    "slide": "query ($id: ID!, $project: ID!) { it: slide(id: $id) { id } }",
    "slides": "query ($id: ID!, $project: ID!) { it: slides(projectId: $project) { totalCount } }",
    "bin": "query ($id: ID!, $project: ID!) { it: slides(projectId: $project, inBin: true) { totalCount } }",
    "uploads": "query ($id: ID!, $project: ID!) { it: uploads(projectId: $project) { id } }",
}


@pytest.mark.parametrize("read", list(READS))
async def test_who_may_read(sqlite_database: TortoiseContext, settings: Settings, read: str) -> None:
    slide, viewers = await people_of_a_slide()
    for who, viewer in viewers.items():
        query = READS[read].replace("$id: ID!, ", "") if read != "slide" else READS[read].replace(", $project: ID!", "")
        variables = {"id": str(slide.id)} if read == "slide" else {"project": str(slide.project_id)}
        answer = await run(settings, viewer, query, **variables)
        if who in ("STRANGER", "NOBODY"):
            assert answer == {"STRANGER": "NOT_FOUND", "NOBODY": "NOT_SIGNED_IN"}[who]
        elif read in ("bin", "uploads") and who not in ("OWNER", "MANAGER"):
            assert answer == "NOT_PERMITTED"
        else:
            assert not isinstance(answer, str)


CHANGE = """
    mutation ($input: %sInput!) { it: %s(input: $input) {
        __typename ... on Slide { id name deletedAt mppX } ... on Failure { code failedField: field message }
    } }
"""


@pytest.mark.parametrize("name", ["updateSlide", "deleteSlide", "restoreSlide"])
async def test_who_may_change(sqlite_database: TortoiseContext, settings: Settings, name: str) -> None:
    before = datetime.now(UTC) if name == "restoreSlide" else None
    slide, viewers = await people_of_a_slide(name="old", deleted_at=before)
    query = CHANGE % (name[0].upper() + name[1:], name)
    given: dict[str, object] = {"id": str(slide.id)} | ({"name": "new"} if name == "updateSlide" else {})
    for who, code in (
        ("NOBODY", "NOT_SIGNED_IN"),
        ("STRANGER", "NOT_FOUND"),
        ("VIEWER", "NOT_PERMITTED"),
        ("ANNOTATOR", "NOT_PERMITTED"),
        ("REVIEWER", "NOT_PERMITTED"),
    ):
        answer = await run(settings, viewers[who], query, input=given)
        assert (answer["__typename"], answer["code"]) == ("Failure", code)
        row = await Slide.get(id=slide.id)
        assert (row.name, row.deleted_at is None) == ("old", before is None)
    answer = await run(settings, viewers["MANAGER"], query, input=given)
    assert answer["__typename"] == "Slide"
    row = await Slide.get(id=slide.id)
    assert (row.name, row.deleted_at is None) == {
        "updateSlide": ("new", True),
        "deleteSlide": ("old", False),
        "restoreSlide": ("old", True),
    }[name]


async def test_a_refused_change_names_the_field(sqlite_database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide()
    query = CHANGE % ("UpdateSlide", "updateSlide")
    assert await run(settings, viewers["OWNER"], query, input={"id": str(slide.id), "mppX": -1}) == {
        "__typename": "Failure",
        "code": "MPP_OUT_OF_RANGE",
        "failedField": "mppX",
        "message": "mppX is -1; it must be over 0 and under 100 micrometres per pixel. 40x scans have about 0.25, 20x "
        "about 0.5.",
    }
    answer = await run(settings, viewers["OWNER"], query, input={"id": "7"})
    assert (answer["code"], answer["failedField"]) == ("BAD_ID", "id")
    answer = await run(settings, viewers["OWNER"], query, input={"id": str(uuid4())})
    assert answer["code"] == "NOT_FOUND"


async def test_lists_and_their_filters(sqlite_database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide(name="Colon", tags=["a"])
    project = await slide.project
    for number in range(3):
        await make_slide_row(project, name=f"Skin {number}", tags=["b"])
    query = """
        query ($project: ID!, $first: Int, $after: String, $search: String, $tag: String) {
          it: slides(projectId: $project, first: $first, after: $after, search: $search, tag: $tag) {
            nodes { name } pageInfo { hasNextPage endCursor } totalCount } }
    """
    ask: dict[str, Any] = {"project": str(project.id), "tag": "b", "first": 2}
    first = await run(settings, viewers["VIEWER"], query, **ask)
    assert ([node["name"] for node in first["nodes"]], first["totalCount"]) == (["Skin 2", "Skin 1"], 3)
    second = await run(settings, viewers["VIEWER"], query, **ask, after=first["pageInfo"]["endCursor"])
    assert [node["name"] for node in second["nodes"]] == ["Skin 0"]
    assert second["pageInfo"]["hasNextPage"] is False
    found = await run(settings, viewers["VIEWER"], query, project=str(project.id), search="colon")
    assert ([node["name"] for node in found["nodes"]], found["totalCount"]) == (["Colon"], 1)
    assert await run(settings, viewers["VIEWER"], query, project=str(project.id), first=501) == "PAGE_SIZE"


async def test_the_bin_shows_a_deleted_slide_to_managers(sqlite_database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide(deleted_at=datetime.now(UTC))
    query = "query ($id: ID!) { it: slide(id: $id) { id deletedAt } }"
    for who, viewer in viewers.items():
        answer = await run(settings, viewer, query, id=str(slide.id))
        if who in ("OWNER", "MANAGER"):
            assert answer["deletedAt"] is not None
        else:
            assert answer == ("NOT_SIGNED_IN" if who == "NOBODY" else "NOT_FOUND")


async def test_a_refused_upload_tells_its_reason(sqlite_database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide()
    owner = viewers["OWNER"]
    assert owner is not None
    row = await Upload.create(
        user_id=owner.user_id,
        project_id=slide.project_id,
        filename="notes.txt",
        length=12,
        offset=12,
        status=UploadStatus.REFUSED,
        error={"code": "NOT_A_SLIDE", "message": "No slide.", "params": {}},
        expires_at=datetime.now(UTC),
    )
    query = """
        query ($project: ID!) { it: uploads(projectId: $project) {
          id filename length offset status error { code message } slide { id } createdAt } }
    """
    assert await run(settings, owner, query, project=str(slide.project_id)) == [
        {
            "id": str(row.id),
            "filename": "notes.txt",
            "length": 12.0,
            "offset": 12.0,
            "status": "REFUSED",
            "error": {"code": "NOT_A_SLIDE", "message": "No slide."},
            "slide": None,
            "createdAt": row.created_at.isoformat(),
        }
    ]


class Woken:
    """Stands for the runner of jobs: it is told that there is something to do."""

    def __init__(self) -> None:
        self.times = 0

    def wake(self) -> None:
        self.times += 1


class Decoded:
    """Stands for the rewriter: says whether tiles of a slide pass through."""

    async def passes_through(self, slide: Slide) -> bool:
        return bool(slide.passes_through)


async def change_file(settings: Settings, viewer: Viewer | None, call: str, slide: Slide) -> tuple[Any, int]:
    """The answer of a mutation of a slide's file, and how often the runner was woken."""
    woken = Woken()
    app = SimpleNamespace(channel=MemoryChannel(), slide_jobs=woken, rewriter=Decoded())
    document = f"""
        mutation ($id: ID!) {{ it: {call} {{
            __typename
            ... on Failure {{ code }}
            ... on Slide {{ passesThrough fileJob {{ kind status progress error {{ code }} requestedBy {{ name }} }} }}
        }} }}
    """
    result = await schema.execute(document, {"id": str(slide.id)}, Context(viewer=viewer, settings=settings, app=app))
    assert result.errors is None
    assert result.data is not None
    return result.data["it"], woken.times


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("transcodeSlide(input: {id: $id})", "TRANSCODE"),
        ("removePrivateImages(input: {id: $id})", "REMOVE_IMAGES"),
        ("removePrivateImages(input: {id: $id, keepPyramidOnly: true})", "KEEP_PYRAMID"),
    ],
)
async def test_managers_ask_for_work_on_the_file(
    database: TortoiseContext, settings: Settings, call: str, kind: str
) -> None:
    slide, viewers = await people_of_a_slide(associated=ASSOCIATED, passes_through=False)
    for who in ("REVIEWER", "ANNOTATOR", "VIEWER", "STRANGER", "NOBODY"):
        answer, woken = await change_file(settings, viewers[who], call, slide)
        assert answer["__typename"] == "Failure"
        assert woken == 0
    assert await SlideJob.all().count() == 0
    answer, woken = await change_file(settings, viewers["MANAGER"], call, slide)
    job = {"kind": kind, "status": "PENDING", "progress": 0.0, "error": None, "requestedBy": {"name": "Manager"}}
    assert answer == {"__typename": "Slide", "passesThrough": False, "fileJob": job}
    assert woken == 1
    # Asked twice, done once.
    assert (await change_file(settings, viewers["OWNER"], call, slide))[0]["fileJob"] == job
    assert await SlideJob.all().count() == 1
    other = "transcodeSlide(input: {id: $id})" if kind != "TRANSCODE" else "removePrivateImages(input: {id: $id})"
    answer, woken = await change_file(settings, viewers["OWNER"], other, slide)
    assert (answer, woken) == ({"__typename": "Failure", "code": "SLIDE_JOB_ACTIVE"}, 0)


async def test_a_slide_whose_tiles_are_stored_is_not_converted(
    sqlite_database: TortoiseContext, settings: Settings
) -> None:
    slide, viewers = await people_of_a_slide(passes_through=True)
    answer, _ = await change_file(settings, viewers["OWNER"], "transcodeSlide(input: {id: $id})", slide)
    assert answer == {"__typename": "Failure", "code": "TRANSCODE_NOT_NEEDED"}
    assert await SlideJob.all().count() == 0


async def test_everyone_sees_how_work_on_the_file_ended(sqlite_database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide(pixels_sha256="ab" * 32, pixels_bytes=1234, passes_through=True)
    error = {"code": "DISK_FULL", "message": "The disk is full.", "params": {"free_bytes": 1}}
    await SlideJob.create(slide=slide, kind=SlideJobKind.TRANSCODE, status=SlideJobStatus.FAILED, error=error)
    query = """
        query ($id: ID!) { it: slide(id: $id) {
            pyramidBytes fileJob { kind status error { code message params } requestedBy { name } }
        } }
    """
    assert await run(settings, viewers["VIEWER"], query, id=str(slide.id)) == {
        "pyramidBytes": 1234.0,
        "fileJob": {"kind": "TRANSCODE", "status": "FAILED", "error": error, "requestedBy": None},
    }


async def test_a_slide_counts_what_was_reviewed(sqlite_database: TortoiseContext, settings: Settings) -> None:
    slide, viewers = await people_of_a_slide()
    owner = viewers["OWNER"]
    assert owner is not None
    access = SlideAccess(slide.id, slide.project_id, Role.OWNER)
    point = geometry_from_geojson(GeometryKind.POINT, {"type": "Point", "coordinates": [1.0, 2.0]})
    ids = [uuid4() for _ in range(4)]
    states = [ReviewState.ACCEPTED, ReviewState.REJECTED, ReviewState.PROPOSED]
    judged = [
        Judge(annotation_id, state, "Blurred" if state is ReviewState.REJECTED else None)
        for annotation_id, state in zip(ids, states, strict=False)
    ]
    drawn = [Create(annotation_id, Shape.of(point)) for annotation_id in ids]
    await apply_ops(access, Origin(owner.user_id, "c", "m"), [*drawn, *judged])
    query = "query ($id: ID!) { it: slide(id: $id) { annotationCount reviewedCount } }"
    assert await run(settings, owner, query, id=str(slide.id)) == {"annotationCount": 4, "reviewedCount": 2}

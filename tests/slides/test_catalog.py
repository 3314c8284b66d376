"""Slides of a project: found by words and tags, changed within limits, deleted, restored, removed for good."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tortoise.context import TortoiseContext

from api.errors import InvalidInput, NotFound
from api.models.annotation import Layer, LayerKind
from api.models.slide import Slide, SlideSequence, Upload, UploadStatus
from api.slides import catalog
from api.slides.catalog import SlideChanges
from api.slides.services import SlideServices
from tests.factories import make_project, make_slide_row, make_user
from tests.slides.conftest import files_under
from tests.slides.made import make_slide


async def names(project_id: UUID, **filters: object) -> list[str]:
    page = await catalog.list_slides(project_id, 50, None, **filters)  # type: ignore[arg-type]
    assert await catalog.count_slides(project_id, **filters) == len(page.rows)  # type: ignore[arg-type]
    return sorted(row.name for row in page.rows)


async def test_finding_slides(database: TortoiseContext) -> None:
    project = await make_project()
    await make_slide_row(project, name="Colon 1", description="tubular adenoma", tags=["colon", "암"])
    await make_slide_row(project, name="Colon 2", filename="S-17.svs", tags=["colonoscopy", 'say "hi"', "100%_"])
    await make_slide_row(project, name="Skin", description="COLON of a mouse", tags=[])
    await make_slide_row(await make_project(), name="Colon elsewhere", tags=["colon"])
    assert await names(project.id) == ["Colon 1", "Colon 2", "Skin"]
    assert await names(project.id, search="colon") == ["Colon 1", "Colon 2", "Skin"]
    assert await names(project.id, search="colon ADENOMA") == ["Colon 1"]
    assert await names(project.id, search="s-17") == ["Colon 2"]
    assert await names(project.id, search="  ") == ["Colon 1", "Colon 2", "Skin"]
    assert await names(project.id, search="%") == []
    assert await names(project.id, tag="colon") == ["Colon 1"]
    assert await names(project.id, tag="암") == ["Colon 1"]
    assert await names(project.id, tag='say "hi"') == ["Colon 2"]
    assert await names(project.id, tag="100%_") == ["Colon 2"]
    assert await names(project.id, tag="col_n") == []


async def test_pages_are_newest_first(sqlite_database: TortoiseContext) -> None:
    project = await make_project()
    made = [(await make_slide_row(project, name=f"{number}")).name for number in range(5)]
    first = await catalog.list_slides(project.id, 3, None)
    second = await catalog.list_slides(project.id, 3, first.end_cursor)
    assert [row.name for row in [*first.rows, *second.rows]] == made[::-1]
    assert (first.has_next_page, second.has_next_page) == (True, False)


async def test_changing_a_slide(database: TortoiseContext) -> None:
    slide = await make_slide_row(mpp_x=None, mpp_y=None, tags=["old"])
    changed = await catalog.update_slide(
        slide.id,
        SlideChanges(name=" 암 1 ", description="<b>x</b>", tags=["a", " a ", "", "b"], mpp_x=0.25, mpp_y=0.26),
    )
    row = await Slide.get(id=slide.id)
    for one in (changed, row):
        assert (one.name, one.description, one.tags) == ("암 1", "<b>x</b>", ["a", "b"])
        assert (one.mpp_x, one.mpp_y) == (0.25, 0.26)
    assert (await catalog.update_slide(slide.id, SlideChanges(tags=[]))).tags == []
    assert (await Slide.get(id=slide.id)).name == "암 1"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        (SlideChanges(name="  "), "VALUE_EMPTY", "name"),
        (SlideChanges(name="x" * 256), "VALUE_TOO_LONG", "name"),
        (SlideChanges(description="x" * 10_001), "VALUE_TOO_LONG", "description"),
        (SlideChanges(tags=["x" * 65]), "VALUE_TOO_LONG", "tags"),
        (SlideChanges(tags=["x"] * 51), "TOO_MANY_TAGS", "tags"),
        (SlideChanges(mpp_x=0), "MPP_OUT_OF_RANGE", "mppX"),
        (SlideChanges(mpp_x=-0.5), "MPP_OUT_OF_RANGE", "mppX"),
        (SlideChanges(mpp_y=100), "MPP_OUT_OF_RANGE", "mppY"),
        (SlideChanges(mpp_y=float("nan")), "MPP_OUT_OF_RANGE", "mppY"),
        (SlideChanges(mpp_y=float("inf")), "MPP_OUT_OF_RANGE", "mppY"),
        (SlideChanges(name="good", mpp_x=0), "MPP_OUT_OF_RANGE", "mppX"),
    ],
)
async def test_a_wrong_value_changes_nothing(
    sqlite_database: TortoiseContext, changes: SlideChanges, code: str, field: str
) -> None:
    slide = await make_slide_row()
    with pytest.raises(InvalidInput) as caught:
        await catalog.update_slide(slide.id, changes)
    assert (caught.value.code, caught.value.field) == (code, field)
    row = await Slide.get(id=slide.id)
    assert (row.name, row.mpp_x, row.mpp_y) == (slide.name, 0.5, 0.5)


async def test_the_bin(sqlite_database: TortoiseContext) -> None:
    project = await make_project()
    slide = await make_slide_row(project, name="one")
    binned = await catalog.delete_slide(slide.id)
    assert binned.deleted_at is not None
    assert (await catalog.delete_slide(slide.id)).deleted_at == binned.deleted_at
    assert (await names(project.id), await names(project.id, in_bin=True)) == ([], ["one"])
    assert (await catalog.restore_slide(slide.id)).deleted_at is None
    assert (await names(project.id), await names(project.id, in_bin=True)) == (["one"], [])


async def test_slides_that_are_gone(sqlite_database: TortoiseContext, services: SlideServices) -> None:
    for action in (catalog.get_slide, catalog.delete_slide, catalog.restore_slide):
        with pytest.raises(NotFound, match="There is no slide"):
            await action(uuid4())
    with pytest.raises(NotFound, match="There is no slide"):
        await catalog.update_slide(uuid4(), SlideChanges(name="x"))
    with pytest.raises(NotFound, match=r"in the bin\. Delete it first"):
        await catalog.purge_slide((await make_slide_row()).id, services.storage)


async def test_a_file_goes_with_the_last_slide_that_uses_it(
    database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    path = make_slide(tmp_path / "a.tiff").path
    project = await make_project()
    first, second = [await services.ingest.import_file(path, project.id, None) for _ in range(2)]
    await Layer.create(slide_id=first.id, kind=LayerKind.USER, name="mine", color="#ff0000")
    await catalog.delete_slide(first.id)
    assert await catalog.purge_slide(first.id, services.storage) is False
    assert services.storage.has_slide(second.sha256)
    assert await Layer.all().count() == 0
    assert [row.slide_id for row in await SlideSequence.all()] == [second.id]
    await catalog.delete_slide(second.id)
    assert services.storage.has_slide(second.sha256)  # the bin keeps it
    assert await catalog.purge_slide(second.id, services.storage) is True
    assert files_under(services.storage.root) == []
    again = await services.ingest.import_file(path, project.id, None)
    assert services.storage.has_slide(again.sha256)


async def test_uploads_that_are_no_slides_yet_are_ones_own(sqlite_database: TortoiseContext) -> None:
    project, user, other = await make_project(), await make_user(), await make_user()
    for number, (owner, status) in enumerate(
        [
            (user, UploadStatus.RECEIVING),
            (user, UploadStatus.REFUSED),
            (user, UploadStatus.DONE),
            (other, UploadStatus.RECEIVING),
        ]
    ):
        await Upload.create(
            user=owner,
            project=project,
            filename=str(number),
            length=1,
            status=status,
            expires_at="2030-01-01T00:00:00Z",
        )
    assert {row.filename for row in await catalog.list_uploads(project.id, user.id)} == {"0", "1"}

"""Label and macro images removed for good: from what is shown, from the stored file, from the caches."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import openslide
import pytest
import simplejpeg
import tifffile
from tortoise.context import TortoiseContext

from api.errors import NotFound
from api.models.audit import AuditEntry, AuditKind
from api.models.slide import Slide
from api.models.slide_job import SlideJob, SlideJobKind, SlideJobStatus
from api.rewriting.asking import ask_to_remove_images
from api.rewriting.runner import JobRunner
from api.slides.pyramid import TileAddress
from api.slides.services import SlideServices
from api.slides.slide_source import SlideSource
from tests.factories import make_project, make_user
from tests.rewriting.conftest import asked, taken_in, tiffinfo
from tests.schema.asking import viewer_for
from tests.slides.conftest import files_under
from tests.slides.made import Storing, make_slide

CMU = "slides/aperio_cmu/CMU-1-Small-Region.svs"


async def removed(runner: JobRunner, slide: Slide, kind: SlideJobKind = SlideJobKind.REMOVE_IMAGES) -> Slide:
    """The slide after a job that must succeed."""
    job = await asked(slide, kind)
    assert await runner.run_next() == job.id
    await job.refresh_from_db()
    assert (job.status, job.error) == (SlideJobStatus.DONE, None)
    return await Slide.get(id=slide.id)


def private_bytes(path: Path) -> list[bytes]:
    """Pieces of the compressed label and macro, and their descriptions."""
    found = []
    data = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        for page in tiff.pages:
            description = page.tags["ImageDescription"].value
            if "\nlabel" in description or "\nmacro" in description:
                found.append(description.splitlines()[1].encode())
                found += [
                    data[offset : offset + count][:200]
                    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
                ]
    return found


async def test_no_byte_of_label_and_macro_is_left(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, shared_data: Path
) -> None:
    slide = await taken_in(services, shared_data / CMU)
    await services.tiles.pictures.associated(SlideSource.of(slide), "LABEL")
    whole = await services.tiles.tile(SlideSource.of(slide), TileAddress(0, 3, 3))
    pieces = private_bytes(shared_data / CMU)
    assert len(pieces) > 90
    changed = await removed(runner, slide)
    path = services.storage.slide_path(changed.sha256)
    left = path.read_bytes()
    assert [piece for piece in pieces if piece in left] == []
    told = tiffinfo(path)
    assert told.count("TIFF Directory at") + told.count("=== TIFF directory") >= 2
    assert "label" not in told
    assert "macro" not in told
    with openslide.OpenSlide(path) as after, openslide.OpenSlide(shared_data / CMU) as before:
        assert set(after.associated_images) == {"thumbnail"}
        size = before.dimensions
        assert np.array_equal(after.read_region((0, 0), 0, size), before.read_region((0, 0), 0, size))
    assert [image["name"] for image in changed.associated] == ["THUMBNAIL"]
    assert (changed.id, changed.mpp_x, changed.size_bytes) == (slide.id, slide.mpp_x, len(left))
    # The old content is gone from the store, with all that was made from it.
    assert [name for name in files_under(services.storage.root) if slide.sha256 in name] == []
    source = SlideSource.of(changed)
    with pytest.raises(NotFound):
        await services.tiles.pictures.associated(source, "LABEL")
    assert await services.tiles.tile(source, TileAddress(0, 3, 3)) == whole


async def test_who_asked_for_it_and_from_where_is_in_the_audit_log(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, shared_data: Path
) -> None:
    user = await make_user("Ann")
    slide = await taken_in(services, shared_data / CMU, user)
    await asked(slide, SlideJobKind.REMOVE_IMAGES, user)
    assert await AuditEntry.all().count() == 0
    await runner.run_next()
    changed = await Slide.get(id=slide.id)
    (entry,) = await AuditEntry.all()
    assert (entry.kind, entry.actor_id, entry.actor_name, entry.address) == (
        AuditKind.PRIVATE_IMAGES_REMOVED,
        user.id,
        "Ann",
        "10.0.0.7",
    )
    assert (entry.project_id, entry.subject_id, entry.subject_name) == (slide.project_id, str(slide.id), slide.name)
    assert entry.details == {
        "images": ["LABEL", "MACRO"],
        "way": "REMOVE_IMAGES",
        "sha256": [slide.sha256, changed.sha256],
    }


async def test_another_project_keeps_its_file(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, shared_data: Path
) -> None:
    mine, other = [await taken_in(services, shared_data / CMU) for _ in range(2)]
    changed = await removed(runner, mine)
    assert services.storage.has_slide(other.sha256)
    label = await services.tiles.pictures.associated(SlideSource.of(other), "LABEL")
    assert label.startswith(b"\xff\xd8")
    assert changed.sha256 != other.sha256


async def test_the_files_of_a_dicom_series(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, shared_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((shared_data / "slides/dicom_cmu").iterdir()):
            archive.write(file, file.name)
    slide = await taken_in(services, path)
    before = simplejpeg.decode_jpeg(await services.tiles.tile(SlideSource.of(slide), TileAddress(0, 2, 2)))
    changed = await removed(runner, slide)
    assert [image["name"] for image in changed.associated] == ["THUMBNAIL"]
    with zipfile.ZipFile(services.storage.original_path(changed.sha256)) as archive:
        assert len(archive.namelist()) == 2
    assert not services.storage.has_slide(slide.sha256)
    after = simplejpeg.decode_jpeg(await services.tiles.tile(SlideSource.of(changed), TileAddress(0, 2, 2)))
    assert np.array_equal(before, after)


async def test_a_format_that_is_not_known_is_refused_and_nothing_changes(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, shared_data: Path
) -> None:
    slide = await taken_in(services, shared_data / CMU)
    await Slide.filter(id=slide.id).update(vendor="mirax")
    before = files_under(services.storage.root)
    job = await asked(slide, SlideJobKind.REMOVE_IMAGES)
    await runner.run_next()
    await job.refresh_from_db()
    assert job.status is SlideJobStatus.FAILED
    assert job.error is not None
    assert (job.error["code"], job.error["params"]) == ("LABEL_NOT_REMOVABLE", {"vendor": "mirax"})
    assert "Keep only a converted pyramid instead" in job.error["message"]
    assert files_under(services.storage.root) == before
    assert (await Slide.get(id=slide.id)).sha256 == slide.sha256
    assert await AuditEntry.all().count() == 0


@pytest.mark.parametrize("is_converted", [False, True])
async def test_only_the_pyramid_is_kept_of_any_format(
    sqlite_database: TortoiseContext,
    services: SlideServices,
    runner: JobRunner,
    shared_data: Path,
    is_converted: bool,
) -> None:
    slide = await taken_in(services, shared_data / CMU)
    before = simplejpeg.decode_jpeg(await services.tiles.tile(SlideSource.of(slide), TileAddress(1, 1, 1)))
    if is_converted:
        slide = await removed(runner, slide, SlideJobKind.TRANSCODE)
        assert slide.pixels_sha256 is not None
    changed = await removed(runner, slide, SlideJobKind.KEEP_PYRAMID)
    assert (changed.associated, changed.pixels_sha256, changed.pixels_bytes) == ([], None, 0)
    assert (changed.vendor, changed.filename) == ("generic-tiff", "CMU-1-Small-Region.tiff")
    known = ("name", "width", "height", "mpp_x", "mpp_y", "objective_power", "tile_size")
    assert [getattr(changed, name) for name in known] == [getattr(slide, name) for name in known]
    path = services.storage.original_path(changed.sha256)
    content = path.read_bytes()
    assert changed.size_bytes == len(content)
    assert [piece for piece in private_bytes(shared_data / CMU) if piece in content] == []
    assert b"Aperio" not in content
    assert "ImageDescription" not in tiffinfo(path)
    with openslide.OpenSlide(path) as kept:
        assert len(kept.associated_images) == 0
        assert float(kept.properties[openslide.PROPERTY_NAME_MPP_X]) == pytest.approx(0.499, rel=1e-3)
    assert {name.split("/")[2] for name in files_under(services.storage.root) if name.startswith("slides/")} == {
        changed.sha256
    }
    after = simplejpeg.decode_jpeg(await services.tiles.tile(SlideSource.of(changed), TileAddress(1, 1, 1)))
    assert np.abs(after.astype(int) - before).mean() < 2
    (entry,) = await AuditEntry.all()
    assert entry.details["way"] == "KEEP_PYRAMID"


async def test_a_pyramid_made_before_is_kept_when_label_and_macro_go(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, shared_data: Path
) -> None:
    slide = await removed(runner, await taken_in(services, shared_data / CMU), SlideJobKind.TRANSCODE)
    changed = await removed(runner, slide)
    assert changed.sha256 != slide.sha256
    assert (changed.pixels_sha256, changed.levels) == (slide.pixels_sha256, slide.levels)
    assert services.storage.has_slide(str(changed.pixels_sha256))
    assert not services.storage.has_slide(slide.sha256)


async def test_where_there_is_nothing_to_remove_nothing_is_asked(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    user = await make_user()
    project = await make_project(user)
    path = make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path
    slide = await services.ingest.import_file(path, project.id, user.id)
    await ask_to_remove_images(slide, viewer_for(user), keep_pyramid_only=False)
    assert await SlideJob.all().count() == 0
    await ask_to_remove_images(slide, viewer_for(user), keep_pyramid_only=True)
    assert [job.kind for job in await SlideJob.all()] == [SlideJobKind.KEEP_PYRAMID]

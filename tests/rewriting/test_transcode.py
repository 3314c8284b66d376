"""Slides made quick: a pyramid beside the file, through a job that survives crashes and full disks. Rules W1-W4."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from tortoise.context import TortoiseContext

from api.collaboration.log import since
from api.errors import Conflict, NotFound
from api.models.audit import AuditEntry
from api.models.slide import Slide
from api.models.slide_job import SlideJob, SlideJobKind, SlideJobStatus
from api.rewriting import jobs
from api.rewriting.asking import require_decoded
from api.rewriting.runner import JobRunner
from api.settings import Settings, Transcode
from api.slides import catalog
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.services import SlideServices, slide_services
from api.slides.slide_source import SlideSource
from api.slides.space import set_quota, used_by
from api.slides.storage import Storage
from tests.factories import make_project, make_user
from tests.rewriting.conftest import asked, taken_in
from tests.slides.conftest import files_under
from tests.slides.made import Storing, make_slide

TCGA = "slides/aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs"


async def test_tiles_come_as_stored_and_nothing_else_changes(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    made = make_slide(tmp_path / "a.svs", width=1021, height=715, downsamples=(1, 4), storing=Storing.JPEG2000, mpp=0.5)
    user = await make_user("Ann")
    before = await taken_in(services, made.path, user)
    assert before.passes_through is False
    source = SlideSource.of(before)
    tiles_before = {
        address: await services.tiles.tile(source, address)
        for level in source.pyramid.levels
        for address in source.pyramid.addresses(level.index)
    }
    job = await asked(before, SlideJobKind.TRANSCODE, user)
    assert await runner.run_next() == job.id
    assert await runner.run_next() is None
    await job.refresh_from_db()
    assert (job.status, job.progress, job.error, job.attempt) == (SlideJobStatus.DONE, 1.0, None, 1)
    after = await Slide.get(id=before.id)
    same = ("sha256", "size_bytes", "filename", "vendor", "width", "height", "tile_size", "mpp_x", "associated")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    sizes = [[(level["width"], level["height"]) for level in slide.levels] for slide in (before, after)]
    assert sizes[0] == sizes[1]
    assert after.pixels_sha256 is not None
    assert (after.passes_through, after.pyramid_at) == (True, None)
    stored = services.storage.slide_path(after.pixels_sha256)
    assert after.pixels_bytes == stored.stat().st_size
    assert services.storage.original_path(after.sha256).read_bytes() == made.path.read_bytes()
    source = SlideSource.of(after)
    content = stored.read_bytes()
    whole = 0
    for address, tile_before in tiles_before.items():
        tile = await services.tiles.tile(source, address)
        pixels, pixels_before = simplejpeg.decode_jpeg(tile), simplejpeg.decode_jpeg(tile_before)
        assert np.abs(pixels.astype(int) - pixels_before).mean() < 2
        whole += tile in content
    assert whole == 7, "all but those at the edge"
    assert [event.kind for event in await since(after.id, 0)] == ["slide", "slide"]
    assert await AuditEntry.all().count() == 0
    assert list(services.storage.uploads_root.iterdir()) == []


async def test_a_real_jpeg_2000_slide(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, shared_data: Path
) -> None:
    slide = await taken_in(services, shared_data / TCGA)
    await asked(slide, SlideJobKind.TRANSCODE)
    before = simplejpeg.decode_jpeg(await services.tiles.tile(SlideSource.of(slide), TileAddress(0, 7, 6)))
    await runner.run_next()
    after = await Slide.get(id=slide.id)
    source = SlideSource.of(after)
    await services.tiles.tile(source, TileAddress(0, 0, 0))
    ready = services.tiles.ready_tile(source, TileAddress(0, 7, 6))
    assert ready is not None
    # Dense tissue; over the whole slide it is under 2.
    assert np.abs(simplejpeg.decode_jpeg(ready).astype(int) - before).mean() < 2.5
    assert (await services.tiles.pictures.associated(source, "THUMBNAIL")).startswith(b"\xff\xd8")


async def test_it_is_refused_where_it_would_change_nothing(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.tiff").path)
    # As a row of an earlier version, which does not know it.
    await Slide.filter(id=slide.id).update(passes_through=None)
    slide = await Slide.get(id=slide.id)
    with pytest.raises(Conflict) as caught:
        await require_decoded(services.rewriter, slide)
    assert caught.value.code == "TRANSCODE_NOT_NEEDED"
    assert (await Slide.get(id=slide.id)).passes_through is True


async def test_one_kind_of_work_at_a_time(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    first = await asked(slide, SlideJobKind.TRANSCODE)
    assert (await jobs.ask(slide, SlideJobKind.TRANSCODE, None, "")).id == first.id
    with pytest.raises(Conflict) as caught:
        await jobs.ask(slide, SlideJobKind.KEEP_PYRAMID, None, "")
    assert (caught.value.code, caught.value.params) == ("SLIDE_JOB_ACTIVE", {"kind": "TRANSCODE"})
    assert await SlideJob.all().count() == 1


async def test_two_processes_do_a_job_once(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    job = await asked(slide, SlideJobKind.TRANSCODE)
    claims = await asyncio.gather(*(jobs.claim() for _ in range(4)))
    assert [claim.id for claim in claims if claim is not None] == [job.id]


async def test_what_a_crash_left_is_done_again_from_the_beginning(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    job = await asked(slide, SlideJobKind.TRANSCODE)
    died = await jobs.claim()
    assert died is not None
    left = services.storage.new_upload_folder(jobs.work_id(died))
    (left / "slide").write_bytes(b"half a pyramid")
    assert await runner.run_next() is None
    await SlideJob.filter(id=job.id).update(claimed_until=datetime.now(UTC) - timedelta(seconds=1))
    assert await runner.run_next() == job.id
    await job.refresh_from_db()
    assert (job.status, job.attempt) == (SlideJobStatus.DONE, 2)
    assert not left.exists()
    # The one that was thought dead comes back: nothing of it counts.
    assert await jobs.hold(died, 0.5) is False
    assert await jobs.finish(died) is False


async def test_a_job_that_is_broken_off_each_time_ends_with_a_reason(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    job = await asked(slide, SlideJobKind.TRANSCODE)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert await jobs.claim() is not None
        await SlideJob.filter(id=job.id).update(claimed_until=None)
    await runner.run_next()
    await job.refresh_from_db()
    assert job.status is SlideJobStatus.FAILED
    assert job.error is not None
    assert job.error["code"] == "SLIDE_JOB_BROKEN_OFF"


async def test_a_job_whose_slide_is_purged_meanwhile_leaves_nothing(
    database: TortoiseContext,
    services: SlideServices,
    runner: JobRunner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    await asked(slide, SlideJobKind.TRANSCODE)
    make = services.rewriter.pyramid
    # The lease must not be renewed in the moment of the purge: MariaDB would see a deadlock.
    monkeypatch.setattr("api.rewriting.runner.BEAT_S", 60)

    async def make_and_lose(of: Slide, work_id: object) -> object:
        made = await make(of, work_id)  # type: ignore[arg-type]
        await catalog.delete_slide(of.id)
        await catalog.purge_slide(of.id, services.storage)
        return made

    monkeypatch.setattr(services.rewriter, "pyramid", make_and_lose)
    await runner.run_next()
    assert await SlideJob.all().count() == 0
    assert files_under(services.storage.root) == []


@pytest.mark.parametrize("full", ["before", "while"])
async def test_a_full_disk_is_told_and_leaves_the_slide_as_it_was(
    sqlite_database: TortoiseContext,
    services: SlideServices,
    runner: JobRunner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    full: str,
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    job = await asked(slide, SlideJobKind.TRANSCODE)
    files = files_under(services.storage.root)
    if full == "before":
        monkeypatch.setattr(services.storage, "free_bytes", lambda: 1_000_000)
    else:
        # A device that takes nothing: what the reader writes there fails as on a full disk.
        upload_path = Storage.upload_path

        def full_device(storage: Storage, upload_id: object) -> Path:
            path = upload_path(storage, upload_id)  # type: ignore[arg-type]
            if path.parent.exists() and not path.is_symlink():
                path.symlink_to("/dev/full")
            return path

        monkeypatch.setattr(Storage, "upload_path", full_device)
    await runner.run_next()
    await job.refresh_from_db()
    assert job.status is SlideJobStatus.FAILED
    assert job.error is not None
    assert job.error["code"] == "DISK_FULL"
    assert files_under(services.storage.root) == files
    assert (await Slide.get(id=slide.id)).pixels_sha256 is None
    # There is room again: it can be asked for anew.
    monkeypatch.undo()
    await asked(await Slide.get(id=slide.id), SlideJobKind.TRANSCODE, await make_user())
    await runner.run_next()
    assert (await Slide.get(id=slide.id)).pixels_sha256 is not None


async def test_the_pyramid_counts_against_the_quota(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    job = await asked(slide, SlideJobKind.TRANSCODE)
    await set_quota(slide.project_id, slide.size_bytes + 1000)
    files = files_under(services.storage.root)
    await runner.run_next()
    await job.refresh_from_db()
    assert job.error is not None
    assert (job.status, job.error["code"]) == (SlideJobStatus.FAILED, "QUOTA_EXCEEDED")
    assert files_under(services.storage.root) == files
    await set_quota(slide.project_id, None)
    again = await jobs.ask(slide, SlideJobKind.TRANSCODE, None, "")
    assert again.id != job.id
    await runner.run_next()
    slide = await Slide.get(id=slide.id)
    assert slide.pixels_bytes > 0
    assert await used_by(slide.project_id) == slide.size_bytes + slide.pixels_bytes
    assert (await jobs.latest_of([slide.id]))[slide.id].id == again.id


async def test_a_broken_tile_ends_the_job_with_its_reason(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    made = make_slide(tmp_path / "a.svs", width=2048, height=2048, storing=Storing.JPEG2000)
    slide = await taken_in(services, made.path)
    index = (await services.tiles._open.open(slide.sha256)).index.levels[0]
    with services.storage.slide_path(slide.sha256).open("r+b") as file:
        file.seek(int(index.offsets[9]))
        file.write(bytes(int(index.counts[9])))
    job = await asked(slide, SlideJobKind.TRANSCODE)
    await runner.run_next()
    await job.refresh_from_db()
    assert job.error is not None
    assert (job.status, job.error["code"]) == (SlideJobStatus.FAILED, "SLIDE_DAMAGED")


async def test_purging_takes_the_pyramid_too(
    database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    slide = await taken_in(services, make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path)
    await asked(slide, SlideJobKind.TRANSCODE)
    await runner.run_next()
    await catalog.delete_slide(slide.id)
    assert await catalog.purge_slide(slide.id, services.storage) is True
    assert files_under(services.storage.root) == []


async def test_every_such_slide_where_the_setting_says_so(
    sqlite_database: TortoiseContext, settings: Settings, tmp_path: Path
) -> None:
    always = settings.model_copy(update={"transcode": Transcode.ALWAYS})
    async with slide_services(always) as services:
        project = await make_project()
        decoded = make_slide(tmp_path / "a.svs", storing=Storing.JPEG2000).path
        stored = make_slide(tmp_path / "b.tiff").path
        slides = [await services.ingest.import_file(path, project.id, None) for path in (decoded, stored)]
    waiting = await SlideJob.all()
    assert [(job.slide_id, job.kind, job.status) for job in waiting] == [
        (slides[0].id, SlideJobKind.TRANSCODE, SlideJobStatus.PENDING)
    ]


async def test_old_tiles_of_a_viewer_who_was_let_in_before_are_not_found_in_the_new_file(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path
) -> None:
    """For some seconds a process may still know the row of before; its levels are those of the file."""
    made = make_slide(tmp_path / "a.svs", width=1021, height=715, downsamples=(1, 4), storing=Storing.JPEG2000)
    slide = await taken_in(services, made.path)
    old = SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size))
    await asked(slide, SlideJobKind.TRANSCODE)
    await runner.run_next()
    for address in (TileAddress(2, 0, 0), TileAddress(1, 1, 0)):
        x, y, width, height = old.pyramid.tile_extent(address)
        pixels = simplejpeg.decode_jpeg(await services.tiles.tile(old, address)).astype(float)
        assert np.abs(pixels - made.expected(x, y, width, height, 2**address.level)).mean() < 2
    with pytest.raises(NotFound):
        await services.tiles.pictures.associated(old, "LABEL")

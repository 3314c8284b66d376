"""Slides in S3-compatible storage, over real HTTP: kept there, read by range, fetched once, evicted, removed."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import simplejpeg
from tortoise.context import TortoiseContext

from api.errors import NotFound, Unavailable
from api.models.slide import Slide
from api.settings import Settings
from api.slides import bucket_storage, catalog
from api.slides.bucket import Bucket
from api.slides.bucket_storage import BucketStorage
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.services import SlideServices, open_storage, slide_services
from api.slides.tiles import SlideSource
from tests.factories import make_project
from tests.servers.process import free_port
from tests.servers.s3 import S3Server
from tests.slides.conftest import files_under
from tests.slides.made import MadeSlide, make_slide


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(tmp_path: Path, s3: S3Server) -> Settings:
    return Settings(data=tmp_path / "data", reader_processes=1, upload_max_gb=0.1, **s3.new_bucket())


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[SlideServices]:
    async with slide_services(settings) as opened:
        yield opened


@pytest.fixture(autouse=True)
def nothing_is_kept_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_storage, "KEEP_S", -1.0)


def bucket_storage_of(services: SlideServices) -> BucketStorage:
    assert isinstance(services.storage, BucketStorage)
    return services.storage


def source_of(slide: Slide) -> SlideSource:
    return SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size))


def evict_all(services: SlideServices) -> None:
    """Leave nothing here of what the bucket has."""
    assert bucket_storage_of(services).make_room(10**18) == 0


async def take_in(services: SlideServices, made: MadeSlide, project: UUID | None = None) -> Slide:
    return await services.ingest.import_file(made.path, project or (await make_project()).id, None)


async def keys_of(settings: Settings) -> list[str]:
    return sorted(await Bucket(settings).keys(""))


async def test_a_slide_goes_into_the_bucket_and_comes_back_whole(
    sqlite_database: TortoiseContext, services: SlideServices, settings: Settings, tmp_path: Path
) -> None:
    made = make_slide(tmp_path / "a.tiff")
    content = made.path.read_bytes()
    slide = await take_in(services, made)
    folder = f"slides/{slide.sha256[:2]}/{slide.sha256}"
    assert await keys_of(settings) == [f"{folder}/{name}" for name in ("index", "manifest.json", "slide")]
    assert await Bucket(settings).get(f"{folder}/slide") == content
    evict_all(services)
    assert not services.storage.has_slide(slide.sha256)
    assert (await services.storage.fetch_slide(slide.sha256)).read_bytes() == content
    assert services.storage.original_path(slide.sha256).read_bytes() == content


async def test_stored_tiles_are_read_by_range_and_made_ones_fetch_the_file(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    made = make_slide(tmp_path / "a.tiff", width=1021, height=715, downsamples=(1, 4))
    slide = await take_in(services, made)
    source, stored = source_of(slide), made.path.read_bytes()
    evict_all(services)
    for address in (TileAddress(0, 0, 0), TileAddress(0, 2, 1)):
        tile = await services.tiles.tile(source, address)
        assert tile in stored
        assert services.tiles.ready_tile(source, address) == tile
    assert not services.storage.has_slide(slide.sha256)
    for level in source.pyramid.levels:
        for address in source.pyramid.addresses(level.index):
            x, y, width, height = source.pyramid.tile_extent(address)
            pixels = np.asarray(simplejpeg.decode_jpeg(await services.tiles.tile(source, address))).astype(float)
            assert np.abs(pixels - made.expected(x, y, width, height, level.downsample)).mean() <= 2
    assert services.storage.has_slide(slide.sha256)


async def test_tiles_go_on_after_the_file_was_evicted_under_an_open_slide(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    slide = await take_in(services, make_slide(tmp_path / "a.tiff", downsamples=(1,)))
    source = source_of(slide)
    await services.tiles.tile(source, TileAddress(0, 0, 0))
    evict_all(services)
    await services.tiles.tile(source, TileAddress(0, 0, 0))
    await services.tiles.tile(source, TileAddress(1, 0, 0))
    assert services.storage.has_slide(slide.sha256)


async def test_the_same_content_is_kept_once_and_removed_with_its_last_slide(
    sqlite_database: TortoiseContext, services: SlideServices, settings: Settings, tmp_path: Path
) -> None:
    made = make_slide(tmp_path / "a.tiff")
    first, second = await take_in(services, made), await take_in(services, made)
    keys = await keys_of(settings)
    assert len(keys) == 3
    for slide, left in ((first, keys), (second, [])):
        await catalog.delete_slide(slide.id)
        await catalog.purge_slide(slide.id, services.storage)
        assert await keys_of(settings) == left
    with pytest.raises(NotFound) as caught:
        await services.storage.fetch_slide(first.sha256)
    assert caught.value.code == "SLIDE_FILE_MISSING"


async def test_a_series_comes_back_with_all_its_files(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((shared_data / "slides/dicom_cmu").iterdir()):
            archive.write(file, file.name)
    slide = await services.ingest.import_file(path, (await make_project()).id, None)
    before = await services.tiles.tile(source_of(slide), TileAddress(0, 2, 2))
    evict_all(services)
    services.tiles.forget(slide.sha256)
    assert (await services.storage.fetch_slide(slide.sha256)).parent.name == "series"
    assert await services.tiles.tile(source_of(slide), TileAddress(0, 2, 2)) == before
    assert services.storage.original_path(slide.sha256).read_bytes() == path.read_bytes()


async def test_the_cache_keeps_to_its_size_and_drops_what_was_used_least_recently(
    sqlite_database: TortoiseContext, settings: Settings, tmp_path: Path
) -> None:
    slides = [make_slide(tmp_path / f"{number}.tiff", number=number) for number in (10, 200)]
    small = settings.model_copy(update={"s3_cache_gb": 1.5 * slides[0].path.stat().st_size / 1e9})
    async with slide_services(small) as services:
        first, second = [await take_in(services, made) for made in slides]
        assert [services.storage.has_slide(slide.sha256) for slide in (first, second)] == [False, True]
        await services.storage.fetch_slide(first.sha256)
        assert [services.storage.has_slide(slide.sha256) for slide in (first, second)] == [True, False]


async def test_another_machine_has_the_slides_too(
    sqlite_database: TortoiseContext, services: SlideServices, settings: Settings, tmp_path: Path
) -> None:
    made = make_slide(tmp_path / "a.tiff")
    slide = await take_in(services, made)
    other = open_storage(settings.model_copy(update={"data": tmp_path / "other"}))
    assert await other.holds_slide(slide.sha256)
    assert (await other.fetch_slide(slide.sha256)).read_bytes() == made.path.read_bytes()


@pytest.mark.parametrize("what", ["bucket", "service"])
async def test_a_service_that_is_away_is_told_and_leaves_nothing(
    sqlite_database: TortoiseContext, settings: Settings, tmp_path: Path, what: str
) -> None:
    wrong = {"s3_bucket": "no-such-bucket"} if what == "bucket" else {"s3_endpoint": f"http://127.0.0.1:{free_port()}"}
    async with slide_services(settings.model_copy(update=wrong)) as services:
        with pytest.raises(Unavailable) as caught:
            await take_in(services, make_slide(tmp_path / "a.tiff"))
        assert caught.value.code == "STORAGE_AWAY"
        assert files_under(services.storage.root) == []
    assert await Slide.all().count() == 0

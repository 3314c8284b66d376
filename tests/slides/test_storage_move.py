"""Slides that lay in the data folder before a bucket was set."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext
from typer.testing import CliRunner

from api import cli
from api.errors import InvalidInput, Unavailable
from api.models.database import connected, migrate
from api.models.slide import Slide
from api.settings import Settings
from api.slides.bucket import Bucket
from api.slides.bucket_storage import BucketStorage, StoredDifferently
from api.slides.services import open_storage, slide_services
from api.slides.storage_move import Outcome, Step, move_slides
from tests.factories import make_project
from tests.servers.s3 import S3Server
from tests.slides.made import make_slide


@pytest.fixture
def folder(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", reader_processes=1)


@pytest.fixture
def bucket(folder: Settings, s3_server: S3Server) -> Settings:
    """The same server, with a bucket."""
    return folder.model_copy(update=s3_server.new_bucket())


async def take_in(settings: Settings, tmp_path: Path, numbers: tuple[int, ...]) -> list[Slide]:
    async with slide_services(settings) as services:
        project = (await make_project()).id
        made = [make_slide(tmp_path / f"{number}.tiff", number=number, downsamples=(1,)) for number in numbers]
        return [await services.ingest.import_file(slide.path, project, None) for slide in made]


def storage_of(settings: Settings) -> BucketStorage:
    storage = open_storage(settings)
    assert isinstance(storage, BucketStorage)
    return storage


async def moved(settings: Settings) -> list[Step]:
    return [step async for step in move_slides(storage_of(settings))]


async def test_all_that_slides_use_is_in_the_bucket_then(
    database: TortoiseContext, folder: Settings, bucket: Settings, tmp_path: Path
) -> None:
    first, second = await take_in(folder, tmp_path, (10, 200))
    # A pyramid of the first one is a content of its own.
    await Slide.filter(id=first.id).update(pixels_sha256=second.sha256, pixels_bytes=second.size_bytes)
    steps = await moved(bucket)
    assert [(step.number, step.count, step.sha256, step.outcome) for step in steps] == [
        (1, 2, first.sha256, Outcome.MOVED),
        (2, 2, second.sha256, Outcome.MOVED),
    ]
    assert {step.outcome for step in await moved(bucket)} == {Outcome.THERE}
    other = storage_of(bucket.model_copy(update={"data": tmp_path / "other"}))
    for number, slide in ((10, first), (200, second)):
        path = await other.fetch_slide(slide.sha256)
        assert path.read_bytes() == (tmp_path / f"{number}.tiff").read_bytes()


async def test_it_goes_on_where_it_was_broken_off(
    sqlite_database: TortoiseContext,
    folder: Settings,
    bucket: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slides = await take_in(folder, tmp_path, (10, 100, 200))
    put_file, calls = Bucket.put_file, 0

    async def fails_at_the_fourth(own: Bucket, key: str, path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Unavailable("The bucket is away.")
        await put_file(own, key, path)

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put_file", fails_at_the_fourth)
        with pytest.raises(Unavailable):
            await moved(bucket)
    outcomes = [step.outcome for step in await moved(bucket)]
    assert outcomes == [Outcome.THERE, Outcome.MOVED, Outcome.MOVED]
    assert [await storage_of(bucket).holds_slide(slide.sha256) for slide in slides] == [True] * 3


async def test_what_is_missing_or_damaged_is_told_and_the_rest_is_moved(
    sqlite_database: TortoiseContext, folder: Settings, bucket: Settings, tmp_path: Path
) -> None:
    missing, damaged, fine = await take_in(folder, tmp_path, (10, 100, 200))
    storage = storage_of(bucket)
    storage.remove_slide(missing.sha256)
    with storage.slide_path(damaged.sha256).open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"0123456789")
    steps = await moved(bucket)
    assert [step.outcome for step in steps] == [Outcome.MISSING, Outcome.DAMAGED, Outcome.MOVED]
    assert [step.is_fine for step in steps] == [False, False, True]
    assert await storage.holds_slide(damaged.sha256) is False
    assert storage.has_slide(damaged.sha256)
    assert await storage.holds_slide(fine.sha256) is True


async def test_a_bucket_that_gives_other_bytes_back_is_not_trusted(
    sqlite_database: TortoiseContext,
    folder: Settings,
    bucket: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (slide,) = await take_in(folder, tmp_path, (10,))
    get_range = Bucket.get_range

    async def one_bit_wrong(own: Bucket, key: str, start: int, length: int) -> bytes | None:
        data = await get_range(own, key, start, length)
        return data and bytes([data[0] ^ 1]) + data[1:]

    monkeypatch.setattr(Bucket, "get_range", one_bit_wrong)
    with pytest.raises(StoredDifferently) as caught:
        await moved(bucket)
    assert caught.value.code == "STORED_DIFFERENTLY"
    assert await Bucket(bucket).keys("") == []
    assert storage_of(bucket).has_slide(slide.sha256)


def test_the_command_prints_a_line_for_each_and_says_when_one_is_missing(
    folder: Settings, bucket: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def prepare() -> list[Slide]:
        await migrate(folder)
        async with connected(folder):
            return await take_in(folder, tmp_path, (10, 200))

    first, second = asyncio.run(prepare())
    storage_of(bucket).remove_slide(first.sha256)
    monkeypatch.setattr(cli, "get_settings", lambda: bucket)
    result = CliRunner().invoke(cli.cli, ["storage", "move"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"1/2  {first.sha256[:12]}  0.000 GB  MISSING: neither in the data folder nor in the bucket",
        f"2/2  {second.sha256[:12]}  0.000 GB  moved",
    ]
    monkeypatch.setattr(cli, "get_settings", lambda: folder)
    assert isinstance(CliRunner().invoke(cli.cli, ["storage", "move"]).exception, InvalidInput)

"""Tiles made ahead: all that a file lacks, once, by one process, however it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from api.errors import Unavailable
from api.models.slide import Slide
from api.slides import warming
from api.slides.pyramid import Pyramid, TileAddress, build_pyramid
from api.slides.reader import ReaderPool
from api.slides.services import SlideServices
from api.slides.slide_source import SlideSource
from tests.factories import make_project, make_user
from tests.slides.made import Storing, make_slide


async def take_in(services: SlideServices, path: Path) -> tuple[Slide, SlideSource]:
    project = await make_project(await make_user())
    slide = await services.ingest.import_file(path, project.id, None)
    return slide, SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size))


@pytest.mark.parametrize("storing", [Storing.JPEG_YCBCR, Storing.JPEG2000, Storing.DEFLATE])
async def test_every_tile_is_at_hand_afterwards(
    database: TortoiseContext, services: SlideServices, tmp_path: Path, storing: Storing
) -> None:
    slide, source = await take_in(services, make_slide(tmp_path / "a.tiff", storing=storing, downsamples=(1, 4)).path)
    addresses = [address for level in source.pyramid.levels for address in source.pyramid.addresses(level.index)]
    before = [services.tiles.ready_tile(source, address) for address in addresses]
    assert before.count(None) > 0
    assert await services.warmer.warm_next() == slide.id
    assert None not in [services.tiles.ready_tile(source, address) for address in addresses]
    await slide.refresh_from_db()
    assert slide.pyramid_at is not None
    assert slide.pyramid_claimed_until is None
    assert await services.warmer.warm_next() is None


async def test_taking_a_slide_in_wakes_the_warmer(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    assert not services.warmer._news.is_set()
    await take_in(services, make_slide(tmp_path / "a.tiff").path)
    assert services.warmer._news.is_set()


async def test_one_process_at_a_time_and_another_when_it_died(
    database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    slide, _ = await take_in(services, make_slide(tmp_path / "a.tiff").path)
    claimed = await warming._claim()
    assert claimed is not None
    assert await services.warmer.warm_next() is None
    await Slide.filter(id=slide.id).update(pyramid_claimed_until=datetime.now(UTC) - timedelta(seconds=1))
    assert await services.warmer.warm_next() == slide.id


async def test_when_the_readers_are_away_the_slide_waits(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide, _ = await take_in(services, make_slide(tmp_path / "a.tiff").path)

    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable("The slide reader does not start.", code="READER_DOWN")

    with monkeypatch.context() as broken:
        broken.setattr(ReaderPool, "call", away)
        with pytest.raises(Unavailable):
            await services.warmer.warm_next()
    await slide.refresh_from_db()
    assert slide.pyramid_at is None


async def test_a_broken_tile_is_left_out(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    slide, source = await take_in(services, make_slide(tmp_path / "a.tiff").path)
    path = services.storage.slide_path(slide.sha256)
    _, index = await services.reader.describe(path)
    level = index.levels[0]
    broken = level.tile_number(3, 0)
    with path.open("r+b") as file:
        file.seek(int(level.offsets[broken]))
        file.write(b"\xff\xd8" + b"\xa5" * (int(level.counts[broken]) - 2))
    assert await services.warmer.warm_next() == slide.id
    assert services.tiles.ready_tile(source, TileAddress(0, 3, 0)) is None
    assert services.tiles.ready_tile(source, TileAddress(0, 3, 1)) is not None


async def test_a_missing_file_is_not_tried_for_ever(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    slide, _ = await take_in(services, make_slide(tmp_path / "a.tiff").path)
    services.storage.remove_slide(slide.sha256)
    assert await services.warmer.warm_next() == slide.id
    assert await services.warmer.warm_next() is None


def test_levels_with_very_many_tiles_are_left_to_their_viewers() -> None:
    pyramid = build_pyramid([(100_000, 100_000)], 256)
    levels = {address.level for address in warming.addresses_ahead(pyramid)}
    assert levels == set(range(2, len(pyramid.levels)))
    assert [pyramid.levels[level].columns for level in (1, 2)] == [196, 98]

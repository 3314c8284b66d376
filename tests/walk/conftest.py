"""A running server, and a slide whose file it holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from api.models.database import migrate, tortoise_config
from api.models.slide import Slide
from api.settings import Settings
from api.slides.services import slide_services
from tests.factories import make_project
from tests.servers.coslide import ApiServer


@dataclass(frozen=True)
class Running:
    url: str
    settings: Settings
    template: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Running]:
    """The API on SQLite with the Aperio slide in its storage; the slide has a label and a macro image."""
    data = tmp_path_factory.mktemp("walk")
    settings = Settings(data=data)
    template = asyncio.run(_prepare(settings, shared_data / "slides" / "aperio_cmu" / "CMU-1-Small-Region.svs"))
    server = ApiServer(data)
    server.start()
    yield Running(server.url, settings, template)
    server.stop()


async def _prepare(settings: Settings, file: Path) -> str:
    await migrate(settings)
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(settings))
        async with slide_services(settings) as slides:
            slide = await slides.ingest.import_file(file, (await make_project()).id, None)
            # Nothing is left to be made in the background: a row that changes by itself would look like a hole.
            assert await slides.warmer.warm_next() == slide.id
            return str(slide.id)


@pytest.fixture
async def template(running: Running) -> AsyncIterator[Slide]:
    """The slide's row, with the running server's database open in this test."""
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(running.settings))
        yield await Slide.get(id=running.template)

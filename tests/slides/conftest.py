"""A slide store in a temporary folder, with real reader processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.settings import Settings
from api.slides.reader import ReaderPool
from api.slides.services import SlideServices, slide_services
from api.slides.storage import Storage


@pytest.fixture
def slide_settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "data",
        public_url="http://coslide.test",
        reader_processes=1,
        reader_timeout_s=20,
        upload_max_gb=0.1,
        tile_cache_mb=64,
    )


@pytest.fixture
async def services(slide_settings: Settings) -> AsyncIterator[SlideServices]:
    """Storage, readers, tiles, ingest and uploads, as the server has them."""
    async with slide_services(slide_settings) as opened:
        yield opened


@pytest.fixture
def storage(services: SlideServices) -> Storage:
    return services.storage


@pytest.fixture
def reader(services: SlideServices) -> ReaderPool:
    return services.reader


def files_under(folder: Path) -> list[str]:
    """Every file and its path, sorted; locks, which are empty and kept, are left out."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.parent.name != "locks"
    )

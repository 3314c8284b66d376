"""Everything running at once: API, worker, Triton, and the built client."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from api.models.database import migrate
from api.settings import Settings
from tests.components import missing
from tests.e2e.stories import Story, tell
from tests.servers.coslide import ROOT, ApiServer, WorkerServer


@dataclass(frozen=True)
class Running:
    url: str
    worker: WorkerServer
    api: ApiServer


@pytest.fixture
def node() -> str:
    found = shutil.which("node")
    if found is None or not (ROOT / "web" / "node_modules").is_dir() or not (ROOT / "web" / "dist").is_dir():
        missing("The built web client and Node", "run it through `make test`, which builds the client")
    return str(found)


@pytest.fixture
def running(tmp_path: Path, db_url: str, triton_url: str) -> Iterator[Running]:
    """The platform on SQLite, then on MariaDB, with a real model server."""
    data = tmp_path / "data"
    data.mkdir()
    asyncio.run(migrate(Settings(data=data, database_url=db_url)))
    api = ApiServer(data, database_url=db_url, triton_url=triton_url)
    worker = WorkerServer(data, database_url=db_url, triton_url=triton_url)
    try:
        api.start()
        worker.start()
        yield Running(api.url, worker, api)
    finally:
        worker.stop()
        api.stop()


@pytest.fixture
def platform(tmp_path: Path, node: str) -> Iterator[ApiServer]:
    """The API alone on SQLite, with the built client: for stories without a prediction."""
    data = tmp_path / "data"
    data.mkdir()
    asyncio.run(migrate(Settings(data=data)))
    api = ApiServer(data)
    try:
        api.start()
        yield api
    finally:
        api.stop()


@pytest.fixture
def story(platform: ApiServer, chromium_path: Path, shared_data: Path) -> Story:
    """Tells a story on the platform; its slide is CMU-1-Small-Region unless another is given."""
    slide = shared_data / "slides" / "aperio_cmu" / "CMU-1-Small-Region.svs"
    return partial(tell, url=platform.url, chromium=chromium_path, slide=str(slide))

"""A slide store with a runner of jobs, and people who ask."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from api.collaboration.channel import MemoryChannel
from api.collaboration.log import EventKind, Origin, slide_transaction
from api.models.slide import Slide
from api.models.slide_job import SlideJob, SlideJobKind
from api.models.user import User
from api.rewriting import jobs
from api.rewriting.runner import JobRunner
from api.settings import Settings
from api.slides.services import SlideServices, slide_services
from tests.components import missing
from tests.factories import make_project, make_user


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", reader_processes=1, upload_max_gb=0.1, tile_cache_mb=64)


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[SlideServices]:
    async with slide_services(settings) as opened:
        yield opened


@pytest.fixture
def runner(services: SlideServices) -> JobRunner:
    return JobRunner(services.rewriter, services.storage, MemoryChannel())


@pytest.fixture(autouse=True)
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.rewriting.runner.BEAT_S", 0.02)


async def taken_in(services: SlideServices, path: Path, owner: User | None = None) -> Slide:
    project = await make_project(owner or await make_user("Ann"))
    return await services.ingest.import_file(path, project.id, None)


async def asked(slide: Slide, kind: SlideJobKind, user: User | None = None) -> SlideJob:
    origin = Origin(user.id if user else None, f"ask:{uuid4().hex}", kind.value)
    async with slide_transaction(slide.id, origin) as transaction:
        job = await jobs.ask(slide, kind, user.id if user else None, "10.0.0.7")
        await transaction.append(EventKind.SLIDE, {"deleted": False})
    return job


def tiffinfo(path: Path) -> str:
    """What libtiff's own program says of a file."""
    if shutil.which("tiffinfo") is None:
        missing("tiffinfo", "install Debian's libtiff-tools")
    return subprocess.run(["tiffinfo", str(path)], capture_output=True, text=True, check=True).stdout

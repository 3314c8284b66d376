"""`coslide project …`: what only an administrator at the machine decides."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from api import cli
from api.errors import NotFound
from api.models.database import connected, migrate
from api.models.project import Project
from api.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(data=tmp_path)
    monkeypatch.setattr(cli, "get_settings", lambda: settings)
    return settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, [*arguments])


def test_the_room_for_a_projects_files(settings: Settings) -> None:
    async def make() -> UUID:
        await migrate(settings)
        async with connected(settings):
            return (await Project.create(name="Biopsies")).id

    async def quota() -> int | None:
        async with connected(settings):
            return (await Project.get()).quota_bytes

    project = asyncio.run(make())
    assert run("project", "quota", str(project), "1.5").output == "Biopsies has 1.5 GB for its slide files.\n"
    assert asyncio.run(quota()) == 1_500_000_000
    reset = run("project", "quota", str(project))
    assert reset.output == "Biopsies has the server's default room for its slide files.\n"
    assert asyncio.run(quota()) is None
    assert isinstance(run("project", "quota", str(uuid4()), "1").exception, NotFound)
    assert asyncio.run(quota()) is None

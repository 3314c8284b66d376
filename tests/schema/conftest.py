"""What several tests of the live schema begin with."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from api.models.project import Role
from api.settings import Settings
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.live_app import serving
from tests.schema.live_client import client_of
from tests.schema.test_live import Room


@pytest.fixture
async def room(sqlite_database: TortoiseContext, tmp_path: Path) -> AsyncIterator[Room]:
    """Ada, who owns the project, and Ben, an annotator, both connected to its one slide."""
    users = {name: await make_user(name) for name in ("Ada", "Ben")}
    project = await make_project(users["Ada"], members={Role.ANNOTATOR: users["Ben"]})
    slide, settings = await make_slide_row(project), Settings(data=tmp_path)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(settings))
        ada = await stack.enter_async_context(client_of(url, users["Ada"], settings))
        ben = await stack.enter_async_context(client_of(url, users["Ben"], settings))
        yield Room(url, settings, project, slide, users, ada, ben)

"""The slide store behind a real server, and a project with a member of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
from tortoise.context import TortoiseContext

from api.models.project import Project, Role
from api.models.user import User
from api.routes.tiles import gate
from api.settings import Settings
from api.slides.services import SlideServices
from tests.factories import make_project, make_user
from tests.routes.slide_app import make_app, serving, signed_in
from tests.slides.conftest import services, slide_settings

__all__ = ["services", "slide_settings"]

Browse = Callable[[User | None], Awaitable[httpx.AsyncClient]]


@dataclass(frozen=True)
class Team:
    """A project, a member of each role, and someone who is none."""

    project: Project
    people: dict[Role, User]
    stranger: User


@pytest.fixture
async def team(sqlite_database: TortoiseContext) -> Team:
    people = {role: await make_user(role.value.title()) for role in Role}
    members = {role: user for role, user in people.items() if role is not Role.OWNER}
    return Team(await make_project(people[Role.OWNER], members=members), people, await make_user("Stranger"))


@pytest.fixture
async def browse(slide_settings: Settings, services: SlideServices, team: Team) -> AsyncIterator[Browse]:
    """Opens browsers on a running server, signed in as a user or as nobody."""
    gate.clear()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(make_app(slide_settings, services)))

        async def open_browser(user: User | None) -> httpx.AsyncClient:
            return await stack.enter_async_context(await signed_in(url, user, slide_settings))

        yield open_browser

"""A slide with people on it, and shapes to draw."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from tortoise.context import TortoiseContext

from api.auth.permissions import SlideAccess
from api.models.project import Project, Role
from api.models.slide import Slide
from api.models.user import User
from tests.factories import make_project, make_slide_row, make_user


@dataclass(frozen=True)
class Table:
    """A slide and the people around it."""

    project: Project
    slide: Slide
    people: dict[Role, User]
    other_annotator: User

    def access(self, role: Role = Role.ANNOTATOR) -> SlideAccess:
        return SlideAccess(self.slide.id, self.project.id, role)

    def user_id(self, role: Role = Role.ANNOTATOR) -> UUID:
        return self.people[role].id


@pytest.fixture
async def table(database: TortoiseContext) -> Table:
    """On SQLite and on MariaDB: a slide, a member of each role, and a second annotator."""
    people = {role: await make_user(role.value.title()) for role in Role}
    members: dict[Role, User] = {role: user for role, user in people.items() if role is not Role.OWNER}
    project = await make_project(people[Role.OWNER], members=members)
    return Table(project, await make_slide_row(project), people, await make_user("Other"))

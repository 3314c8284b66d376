"""Rows for tests, made with sensible values; name only what the test is about.

All need an open database (the `database` or `sqlite_database` fixture).
"""

from __future__ import annotations

from itertools import count
from typing import Any

from api.models.project import Membership, Project, Role
from api.models.slide import Slide, SlideSequence
from api.models.user import User

_numbers = count(1)


async def make_user(name: str | None = None, **fields: Any) -> User:
    """A person with a verified, unique e-mail address and no password."""
    number = next(_numbers)
    values = {"email": f"person{number}@example.org", "email_verified": True, "color": "#3366cc"} | fields
    return await User.create(name=name or f"Person {number}", **values)


async def make_project(owner: User | None = None, *, members: dict[Role, User] | None = None, **fields: Any) -> Project:
    """A project with an owner (a new person unless given) and, by role, further members."""
    owner = owner or await make_user()
    values = {"name": f"Project {next(_numbers)}", "created_by": owner} | fields
    project = await Project.create(**values)
    await Membership.create(project=project, user=owner, role=Role.OWNER)
    for role, user in (members or {}).items():
        await Membership.create(project=project, user=user, role=role)
    return project


async def make_slide_row(project: Project | None = None, **fields: Any) -> Slide:
    """A slide's row and its sequence at 0, without a file: 4096 x 2048, 0.5 um/px, 3 levels, 256 px tiles."""
    project = project or await make_project()
    number = next(_numbers)
    width, height = fields.pop("width", 4096), fields.pop("height", 2048)
    values: dict[str, Any] = {
        "name": f"Slide {number}",
        "sha256": f"{number:064x}",
        "filename": f"slide{number}.svs",
        "size_bytes": 1_000_000,
        "vendor": "aperio",
        "tile_size": 256,
        "levels": [
            {
                "width": -(-width // downsample),
                "height": -(-height // downsample),
                "downsample": float(downsample),
            }
            for downsample in (1, 2, 4)
        ],
        "mpp_x": 0.5,
        "mpp_y": 0.5,
        "objective_power": 20.0,
    } | fields
    slide = await Slide.create(project=project, width=width, height=height, **values)
    await SlideSequence.create(slide=slide, seq=0)
    return slide

"""Projects: making, listing, changing and deleting them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from api.auth import audit
from api.auth.account_rules import clean_name
from api.auth.permissions import require_project, require_scope, require_viewer
from api.auth.viewer import Action, Viewer
from api.collaboration.everywhere import EVERYONE, SIGHT, append_to_all
from api.collaboration.log import retrying
from api.errors import InvalidInput
from api.models.audit import AuditKind
from api.models.ontology import Term
from api.models.paging import Page, fetch_page
from api.models.project import Membership, Project, Role
from api.models.transaction import transaction
from api.models.user import User
from api.projects.lock import lock_project
from api.projects.terms import DEFAULT_TERMS

logger = logging.getLogger("coslide.projects")

DESCRIPTION_MAX = 4_000


async def create_project(viewer: Viewer | None, *, name: str, description: str = "") -> Project:
    """A new project, owned by who makes it, with four terms to begin with, named in the maker's language."""
    owner = require_viewer(viewer)
    require_scope(owner, Action.MANAGE)
    shown, text = clean_name(name), _clean_description(description)
    async with transaction():
        maker = await User.get(id=owner.user_id)
        project = await Project.create(name=shown, description=text, created_by_id=owner.user_id)
        await Membership.create(project_id=project.id, user_id=owner.user_id, role=Role.OWNER)
        terms = [
            Term(
                project_id=project.id,
                name=term.name_in(maker.locale),
                color=term.color,
                hotkey=term.hotkey,
                position=position,
            )
            for position, term in enumerate(DEFAULT_TERMS)
        ]
        await Term.bulk_create(terms)
        await _note(AuditKind.PROJECT_CREATED, owner, project)
    return project


async def get_project(viewer: Viewer | None, project_id: UUID) -> Project:
    """The project, for its members."""
    await require_project(viewer, project_id, Action.VIEW)
    return await Project.get(id=project_id)


async def list_projects(viewer: Viewer | None, *, first: int, after: str | None) -> Page[Project]:
    """A page of the viewer's projects, newest first."""
    return await fetch_page(_projects_of(viewer), ("-created_at", "-id"), first, after)


async def count_projects(viewer: Viewer | None) -> int:
    """How many projects the viewer is a member of."""
    return await _projects_of(viewer).count()


async def update_project(
    viewer: Viewer | None,
    project_id: UUID,
    *,
    name: str | None = None,
    description: str | None = None,
    blind: bool | None = None,
) -> Project:
    """Change what is given; None leaves a value as it is.

    Raises:
        Unavailable: the project's slides stayed too busy to be told that it is blind, or no longer so.
    """
    await require_project(viewer, project_id, Action.MANAGE)
    manager = require_viewer(viewer)
    shown = None if name is None else clean_name(name)
    text = None if description is None else _clean_description(description)

    async def once() -> Project:
        async with transaction() as connection:
            await lock_project(project_id)
            project = await Project.get(id=project_id)
            project.name = project.name if shown is None else shown
            project.description = project.description if text is None else text
            if blind is not None and blind is not project.blind:
                project.blind = blind
                await append_to_all(connection, project_id, manager.user_id, {SIGHT: EVERYONE})
                await _note(AuditKind.PROJECT_BLINDED if blind else AuditKind.PROJECT_UNBLINDED, manager, project)
            await project.save(update_fields=["name", "description", "blind"])
            return project

    return await retrying(f"project {project_id}", once)


async def delete_project(viewer: Viewer | None, project_id: UUID) -> None:
    """Delete a project for all its members. Its rows stay, so that an administrator can bring it back."""
    await require_project(viewer, project_id, Action.OWN)
    async with transaction():
        await Project.filter(id=project_id).update(deleted_at=datetime.now(UTC))
        await _note(AuditKind.PROJECT_DELETED, require_viewer(viewer), await Project.get(id=project_id))


async def _note(kind: AuditKind, viewer: Viewer, project: Project) -> None:
    """Write it into the audit log and the server's log."""
    await audit.record(kind, viewer, project_id=project.id, subject_id=project.id, subject_name=project.name)
    logger.info("%s: %s by user %s", kind, project.id, viewer.user_id)


def _projects_of(viewer: Viewer | None) -> QuerySet[Project]:
    member = require_viewer(viewer)
    require_scope(member, Action.VIEW)
    return Project.filter(memberships__user_id=member.user_id, deleted_at__isnull=True)


def _clean_description(text: str) -> str:
    cleaned = text.strip()
    if len(cleaned) > DESCRIPTION_MAX:
        raise InvalidInput(
            f"The description has {len(cleaned)} characters; at most {DESCRIPTION_MAX} fit. Shorten it.",
            code="DESCRIPTION_TOO_LONG",
            field="description",
            params={"length": len(cleaned), "limit": DESCRIPTION_MAX},
        )
    return cleaned

"""Who belongs to a project, and as what. Managers manage; only owners make, change and remove owners."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from api.auth import audit
from api.auth.account_rules import normalise_email
from api.auth.permissions import only_own, require_project, require_role, require_viewer
from api.auth.viewer import Action, Viewer
from api.collaboration.everywhere import SIGHT, append_to_all
from api.collaboration.log import retrying
from api.errors import Conflict, NotFound
from api.models.audit import AuditKind
from api.models.project import Membership, Project, Role
from api.models.transaction import transaction
from api.models.user import User
from api.projects.lock import lock_project

logger = logging.getLogger("coslide.projects")

MAX_MEMBERS = 1_000


async def add_member(viewer: Viewer | None, project_id: UUID, *, who: str, role: Role) -> Membership:
    """Let someone with an account take part.

    Args:
        viewer: a manager, or an owner to add an owner.
        project_id: the project.
        who: their e-mail address, or their account's id, for people who came by a provider that gave no address.
        role: what they are to be.

    Raises:
        NotFound: code `USER_NOT_FOUND`.
        Conflict: codes `ALREADY_MEMBER`, `TOO_MANY_MEMBERS`.
    """
    own_role = await require_project(viewer, project_id, Action.MANAGE)
    if role is Role.OWNER:
        require_role(own_role, Action.OWN)
    user = await _account(who)
    if await Membership.filter(project_id=project_id).count() >= MAX_MEMBERS:
        raise Conflict(f"The project has {MAX_MEMBERS} members already. Remove someone first.", code="TOO_MANY_MEMBERS")
    try:
        async with transaction():
            membership = await Membership.create(project_id=project_id, user_id=user.id, role=role)
            await _note(AuditKind.MEMBER_ADDED, viewer, membership, role=role)
    except IntegrityError as error:
        raise Conflict(
            f"{user.name} is a member of this project already. Change their role instead.",
            code="ALREADY_MEMBER",
            field="email",
        ) from error
    return membership


async def update_member(viewer: Viewer | None, project_id: UUID, user_id: UUID, *, role: Role) -> Membership:
    """Give a member another role.

    Raises:
        NotFound: code `NOT_A_MEMBER`.
        Conflict: code `LAST_OWNER`.
    """
    own_role = await require_project(viewer, project_id, Action.MANAGE)
    if role is Role.OWNER:
        require_role(own_role, Action.OWN)

    async def once() -> Membership:
        async with transaction() as connection:
            await lock_project(project_id)
            membership = await _membership(project_id, user_id)
            if membership.role is Role.OWNER and role is not Role.OWNER:
                require_role(own_role, Action.OWN)
                await _require_another_owner(membership)
            before, membership.role = membership.role, role
            await membership.save(update_fields=["role"])
            await _note(AuditKind.MEMBER_CHANGED, viewer, membership, role=role, before=before)
            blind = (await Project.get(id=project_id)).blind
            if only_own(user_id, before, blind=blind) != only_own(user_id, role, blind=blind):
                await append_to_all(connection, project_id, require_viewer(viewer).user_id, {SIGHT: str(user_id)})
            return membership

    return await retrying(f"project {project_id}", once)


async def remove_member(viewer: Viewer | None, project_id: UUID, user_id: UUID) -> None:
    """Take someone out of a project; everyone may take themselves out.

    Raises:
        NotFound: code `NOT_A_MEMBER`.
        Conflict: code `LAST_OWNER`.
    """
    leaving = require_viewer(viewer).user_id == user_id
    own_role = await require_project(viewer, project_id, Action.VIEW if leaving else Action.MANAGE)
    async with transaction():
        await lock_project(project_id)
        membership = await _membership(project_id, user_id)
        if membership.role is Role.OWNER:
            require_role(own_role, Action.OWN)
            await _require_another_owner(membership)
        await membership.delete()
        await _note(AuditKind.MEMBER_REMOVED, viewer, membership, before=membership.role)


async def _account(who: str) -> User:
    try:
        user = await User.get_or_none(id=UUID(who.strip()), disabled_at__isnull=True)
    except ValueError:
        user = await User.get_or_none(email=normalise_email(who), disabled_at__isnull=True)
    if user is None:
        raise NotFound(
            f"Nobody here has an account with {who.strip()[:254]}. Ask them to register first.",
            code="USER_NOT_FOUND",
            field="email",
        )
    return user


async def _membership(project_id: UUID, user_id: UUID) -> Membership:
    membership = await Membership.get_or_none(project_id=project_id, user_id=user_id)
    if membership is None:
        raise NotFound(
            f"There is no member {user_id} in this project. Load the members again.",
            code="NOT_A_MEMBER",
            field="userId",
        )
    return membership


async def _require_another_owner(membership: Membership) -> None:
    owners = Membership.filter(project_id=membership.project_id, role=Role.OWNER).exclude(id=membership.id)
    if not await owners.exists():
        raise Conflict(
            "This is the project's last owner. Make another member an owner first, or delete the project.",
            code="LAST_OWNER",
        )


async def _note(kind: AuditKind, viewer: Viewer | None, membership: Membership, **details: Any) -> None:
    """Write it into the audit log and the server's log."""
    member = await User.get(id=membership.user_id)
    await audit.record(
        kind,
        require_viewer(viewer),
        project_id=membership.project_id,
        subject_id=member.id,
        subject_name=member.name,
        details=details,
    )
    logger.info(
        "%s: user %s as %s in project %s by user %s",
        kind,
        member.id,
        membership.role,
        membership.project_id,
        require_viewer(viewer).user_id,
    )

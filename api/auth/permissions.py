"""Permission checks: every query, mutation, tile, upload and event passes one of these.

A stranger gets `NotFound`, exactly as for a thing that does not exist; a member without the right gets `NotPermitted`.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from api.auth.viewer import Action, Viewer, allows, scope_for
from api.errors import NotFound, NotPermitted, NotSignedIn
from api.models.project import Membership, Role
from api.models.slide import Slide


@dataclass(frozen=True)
class SlideAccess:
    """What a viewer was found to be on one slide.

    Attributes:
        only_own: in a blind project, the viewer who sees nobody's drawings but their own; None for who sees all.
    """

    slide_id: UUID
    project_id: UUID
    role: Role
    only_own: UUID | None = None


def require_viewer(viewer: Viewer | None) -> Viewer:
    """The viewer, or `NotSignedIn`."""
    if viewer is None:
        raise NotSignedIn("You are not signed in, or your session has ended. Sign in and try again.")
    return viewer


def require_session(viewer: Viewer | None) -> Viewer:
    """The viewer when signed in by a session; an API token must not hand out credentials."""
    signed_in = require_viewer(viewer)
    if signed_in.via_token:
        raise NotPermitted(
            "An API token can't change accounts, sessions or tokens. Sign in with a browser to do that.",
            code="SESSION_NEEDED",
        )
    return signed_in


def require_scope(viewer: Viewer, action: Action) -> None:
    """Raise `NotPermitted` when the API token lacks the scope for `action`."""
    scope = scope_for(action)
    if scope not in viewer.scopes:
        raise NotPermitted(
            f"This API token has no '{scope}' scope. Make a token with it in Settings, API tokens.",
            code="SCOPE_MISSING",
        )


def require_role(role: Role, action: Action) -> None:
    """Raise `NotPermitted` when `role` does not allow `action`."""
    if not allows(role, action):
        raise NotPermitted(
            f"A {role.value.lower()} may not {action.value} in this project. Ask one of its managers for another role.",
            params={"role": role.value, "action": action.value},
        )


async def require_project(viewer: Viewer | None, project_id: UUID, action: Action) -> Role:
    """The viewer's role in a project that is not deleted.

    Raises:
        NotSignedIn, NotFound (also for non-members), NotPermitted.
    """
    signed_in = require_viewer(viewer)
    require_scope(signed_in, action)
    membership = await Membership.get_or_none(
        project_id=project_id, user_id=signed_in.user_id, project__deleted_at__isnull=True
    )
    if membership is None:
        raise NotFound(f"There is no project {project_id}, or you are not a member of it.")
    require_role(membership.role, action)
    return membership.role


async def require_slide(viewer: Viewer | None, slide_id: UUID, action: Action, *, deleted: bool = False) -> SlideAccess:
    """The viewer's access to a slide; slides in the bin are found only with `deleted=True`.

    Raises:
        NotSignedIn, NotFound (also for non-members), NotPermitted.
    """
    signed_in = require_viewer(viewer)
    require_scope(signed_in, action)
    rows = await Slide.filter(
        id=slide_id,
        deleted_at__isnull=not deleted,
        project__deleted_at__isnull=True,
        project__memberships__user_id=signed_in.user_id,
    ).values_list("project_id", "project__memberships__role", "project__blind")
    if not rows:
        raise NotFound(f"There is no slide {slide_id}, or you are not a member of its project.")
    project_id, role, blind = rows[0]
    require_role(Role(role), action)
    return SlideAccess(slide_id, project_id, Role(role), only_own(signed_in.user_id, Role(role), blind=blind))


def only_own(user_id: UUID, role: Role, *, blind: bool) -> UUID | None:
    """The member as one who sees nobody's drawings but their own; None for who sees all. Rule B2 of docs/spec.md."""
    return user_id if blind and not allows(role, Action.REVIEW) else None


async def require_visible_slide(viewer: Viewer | None, slide_id: UUID) -> SlideAccess:
    """The viewer's access to look at a slide; those who manage the project also see what is in its bin.

    Raises:
        NotSignedIn, NotFound, NotPermitted: as `require_slide`.
    """
    try:
        return await require_slide(viewer, slide_id, Action.VIEW)
    except NotFound as missing:
        try:
            return await require_slide(viewer, slide_id, Action.MANAGE, deleted=True)
        except NotPermitted:
            raise missing from None

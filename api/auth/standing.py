"""Whether people who were let in may stay: asked again and again for those who follow a slide live.

One call costs three queries, however many follow; it reads the database, not the viewer cache, so that what another
process revoked is noticed at once.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from datetime import UTC, datetime
from uuid import UUID

from api.auth.permissions import SlideAccess, only_own
from api.auth.viewer import Viewer
from api.errors import NotFound, NotSignedIn, PlatformError
from api.models.project import Membership, Role
from api.models.slide import Slide
from api.models.user import ApiToken, Session


async def standing(slide_id: UUID, viewers: Collection[Hashable]) -> dict[Hashable, PlatformError | SlideAccess]:
    """What each of `viewers` may now on the slide, or why they may no longer see it.

    A credential that ended comes before a membership that did; a slide in the bin is gone for all.
    """
    people = [viewer for viewer in viewers if isinstance(viewer, Viewer)]
    if not people:
        return {}
    alive = await _standing_credentials(people)
    members = await _members(slide_id, {viewer.user_id for viewer in people})
    found: dict[Hashable, PlatformError | SlideAccess] = {}
    for viewer in people:
        access = members.get(viewer.user_id)
        if viewer.credential not in alive:
            found[viewer] = NotSignedIn("Your session has ended. Sign in and open the slide again.")
        else:
            gone = NotFound(f"There is no slide {slide_id}, or you are not a member of its project.")
            found[viewer] = access or gone
    return found


async def _standing_credentials(viewers: Collection[Viewer]) -> set[str]:
    now = datetime.now(UTC)
    hashes = {viewer.credential for viewer in viewers if not viewer.via_token}
    token_hashes = {viewer.credential for viewer in viewers if viewer.via_token}
    standing: set[str] = set()
    if hashes:
        sessions = Session.filter(token_hash__in=hashes, expires_at__gt=now, user__disabled_at__isnull=True)
        standing |= {row["token_hash"] for row in await sessions.values("token_hash")}
    if token_hashes:
        tokens = ApiToken.filter(token_hash__in=token_hashes, revoked_at__isnull=True, user__disabled_at__isnull=True)
        rows = await tokens.values("token_hash", "expires_at")
        standing |= {row["token_hash"] for row in rows if row["expires_at"] is None or row["expires_at"] > now}
    return standing


async def _members(slide_id: UUID, user_ids: Collection[UUID]) -> dict[UUID, SlideAccess]:
    slides = await Slide.filter(id=slide_id, deleted_at__isnull=True, project__deleted_at__isnull=True).values(
        "project_id", "project__blind"
    )
    if not slides:
        return {}
    project_id, blind = slides[0]["project_id"], slides[0]["project__blind"]
    memberships = await Membership.filter(project_id=project_id, user_id__in=user_ids).values("user_id", "role")
    roles = {row["user_id"]: Role(row["role"]) for row in memberships}
    return {
        user_id: SlideAccess(slide_id, project_id, role, only_own(user_id, role, blind=blind))
        for user_id, role in roles.items()
    }

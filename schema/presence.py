"""Saying where one is on a slide."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

import strawberry

from api.auth.permissions import SlideAccess, require_role, require_slide, require_viewer
from api.auth.viewer import Action
from schema.context import Context, Info
from schema.failure import Failure
from schema.ids import uuid_of


@strawberry.input(description="What a client shows of itself to others on the slide; what is left out stays.")
class UpdatePresenceInput:
    slide_id: strawberry.ID = strawberry.field(description="The slide.")
    client_id: str = strawberry.field(description="Random id of this client, 1 to 48 characters.")
    cursor: list[float] | None = strawberry.field(
        default=strawberry.UNSET, description="[x, y] in level-0 pixels; null when it is not over the slide."
    )
    viewport: list[float] | None = strawberry.field(
        default=strawberry.UNSET, description="[x, y, width, height] of what is in view, in level-0 pixels."
    )
    selection: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Ids of the selected annotations."
    )
    tool: str | None = strawberry.field(default=strawberry.UNSET, description="The tool in hand.")
    stroke: list[float] | None = strawberry.field(
        default=strawberry.UNSET, description="[x, y, x, y, …] of the stroke being drawn; null when none is."
    )
    presenting: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether others are asked to follow this client; for annotators, one client at a time.",
    )
    left: bool | None = strawberry.field(default=None, description="True when the client leaves the slide.")


@strawberry.type(description="The presence was taken and goes to everyone on the slide.")
class PresenceAccepted:
    people: int = strawberry.field(description="How many clients are known to be on the slide.")


UpdatePresenceResult = Annotated[
    PresenceAccepted | Failure, strawberry.union("UpdatePresenceResult", description="Taken, or why not.")
]

RIGHT_S = 1.0
"""With the second in which a stream notices (F7), what ended or changed counts within 2 s."""
MAX_RIGHTS = 64
_POINTS = ("cursor", "viewport", "stroke")


@strawberry.type
class PresenceMutation:
    @strawberry.mutation(description="Show where one is, at most 20 times a second; it ends 30 s after the last time.")
    async def update_presence(self, info: Info, input: UpdatePresenceInput) -> UpdatePresenceResult:
        access = await _access(info.context, uuid_of(input.slide_id, "slideId"))
        presence, user_id = info.context.app.presence, require_viewer(info.context.viewer).user_id
        if input.left:
            presence.leave(access.slide_id, input.client_id, user_id)
            return PresenceAccepted(people=len(presence.people(access.slide_id)))
        if input.presenting:
            require_role(access.role, Action.ANNOTATE if access.only_own is None else Action.REVIEW)
        people = presence.update(access.slide_id, input.client_id, user_id, _changes(input))
        info.context.present.add((access.slide_id, input.client_id))
        return PresenceAccepted(people=people)


async def _access(context: Context, slide_id: UUID) -> SlideAccess:
    """The viewer's right to be on the slide; a socket's is believed for `RIGHT_S`, because a hand moves all the time.

    Raises:
        NotSignedIn, NotFound, NotPermitted: as `require_slide`.
    """
    viewer, now = require_viewer(context.viewer), asyncio.get_running_loop().time()
    access, until = context.rights.get(slide_id, (None, 0.0))
    if access is None or until <= now:
        access = await require_slide(viewer, slide_id, Action.VIEW)
        if len(context.rights) >= MAX_RIGHTS:
            context.rights.clear()
        context.rights[slide_id] = (access, now + RIGHT_S)
    return access


def _changes(given: UpdatePresenceInput) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in _POINTS:
        value = getattr(given, name)
        if value is not strawberry.UNSET:
            changes[name] = tuple(value) if value is not None else None
    if given.selection is not strawberry.UNSET:
        changes["selection"] = tuple(str(item) for item in given.selection or ())
    if given.presenting is not strawberry.UNSET:
        changes["presenting"] = bool(given.presenting)
    if given.tool is not strawberry.UNSET:
        changes["tool"] = given.tool
    return changes

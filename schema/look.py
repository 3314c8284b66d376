"""How a slide looks to the viewer: adjustments of its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import strawberry

from api.auth.permissions import require_slide, require_viewer
from api.auth.viewer import Action
from api.models.look import Stain
from api.slides import looks
from schema.context import Info
from schema.failure import Failure
from schema.ids import uuid_of
from schema.loaders import Loader

strawberry.enum(
    Stain,
    description="What is shown of a picture: ALL, or one part of its colours by Ruifrok and Johnston's separation of "
    "haematoxylin and eosin; RESIDUAL is what neither explains.",
)


class LookByUserAndSlideLoader(Loader[tuple[UUID, UUID], looks.Look]):
    """A person's adjustments of a slide, by (user id, slide id)."""

    async def fetch(self, keys: Sequence[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], looks.Look]:
        found: dict[tuple[UUID, UUID], looks.Look] = {}
        for user_id in {user_id for user_id, _ in keys}:
            of_person = await looks.looks_of(user_id, [slide_id for who, slide_id in keys if who == user_id])
            found |= {(user_id, slide_id): look for slide_id, look in of_person.items()}
        return found

    def absent(self, key: tuple[UUID, UUID]) -> looks.Look:
        return looks.Look()


@strawberry.type(description="Adjustments of a slide's picture, for one person's eyes; no stored pixel changes.")
class SlideLook:
    brightness: float = strawberry.field(description="-1 to 1; 0 changes nothing.")
    contrast: float = strawberry.field(description="-1 to 1; 0 changes nothing.")
    gamma: float = strawberry.field(description="0.2 to 5; 1 changes nothing, more lightens the middle.")
    stain: Stain = strawberry.field(description="What is shown of the colours.")

    @classmethod
    def of(cls, look: looks.Look) -> SlideLook:
        """The GraphQL side."""
        return cls(brightness=look.brightness, contrast=look.contrast, gamma=look.gamma, stain=look.stain)


@strawberry.input(description="How a slide is to look to the viewer from now on; what is left out changes nothing.")
class SetSlideLookInput:
    slide_id: strawberry.ID = strawberry.field(description="The slide's id.")
    brightness: float = strawberry.field(default=0.0, description="-1 to 1.")
    contrast: float = strawberry.field(default=0.0, description="-1 to 1.")
    gamma: float = strawberry.field(default=1.0, description="0.2 to 5.")
    stain: Stain = strawberry.field(default=Stain.ALL, description="What to show of the colours.")


SetSlideLookResult = Annotated[
    SlideLook | Failure, strawberry.union("SetSlideLookResult", description="The adjustments, or why not.")
]


async def my_look(info: Info, slide_id: UUID) -> SlideLook:
    """The viewer's adjustments of a slide that they may see."""
    viewer = require_viewer(info.context.viewer)
    return SlideLook.of(await info.context.loader(LookByUserAndSlideLoader).load((viewer.user_id, slide_id)))


@strawberry.type
class LookMutation:
    @strawberry.mutation(description="Keep how a slide looks to the viewer. Nobody else sees it.")
    async def set_slide_look(self, info: Info, input: SetSlideLookInput) -> SetSlideLookResult:
        access = await require_slide(info.context.viewer, uuid_of(input.slide_id, "slideId"), Action.VIEW)
        wanted = looks.Look(input.brightness, input.contrast, input.gamma, input.stain)
        viewer = require_viewer(info.context.viewer)
        return SlideLook.of(await looks.set_look(viewer.user_id, access.slide_id, wanted))

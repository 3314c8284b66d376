"""Changes to slides: names and scale, the bin, conversions, label and macro."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.auth import audit
from api.auth.permissions import require_slide, require_viewer
from api.auth.viewer import Action
from api.models.audit import AuditKind
from api.rewriting.asking import ask_to_convert, ask_to_remove_images, require_decoded
from api.slides import catalog
from schema.context import Info
from schema.failure import Failure
from schema.ids import uuid_of
from schema.slide import Slide
from schema.slide_change import logged_change


@strawberry.input(description="Changes to a slide; what is left out stays as it is.")
class UpdateSlideInput:
    id: strawberry.ID = strawberry.field(description="The slide's id.")
    name: str | None = strawberry.field(default=None, description="A new name, 1 to 255 characters.")
    description: str | None = strawberry.field(default=None, description="A new description.")
    tags: list[str] | None = strawberry.field(default=None, description="All its tags, at most 50.")
    mpp_x: float | None = strawberry.field(default=None, description="Micrometres per level-0 pixel, over 0.")
    mpp_y: float | None = strawberry.field(default=None, description="Micrometres per level-0 pixel, over 0.")
    accession_code: str | None = strawberry.field(
        default=None, description="Replaces the slide's and the file's name for good, 1 to 64 characters."
    )


@strawberry.input(description="The slide to put into the bin.")
class DeleteSlideInput:
    id: strawberry.ID = strawberry.field(description="The slide's id.")


@strawberry.input(description="The slide to take out of the bin.")
class RestoreSlideInput:
    id: strawberry.ID = strawberry.field(description="The slide's id.")


@strawberry.input(description="The slide to remove label and macro image from.")
class RemovePrivateImagesInput:
    id: strawberry.ID = strawberry.field(description="The slide's id.")
    keep_pyramid_only: bool = strawberry.field(
        default=False,
        description="Keep nothing of the file but a pyramid made of its pixels: for formats that label and macro can't "
        "be taken out of.",
    )


@strawberry.input(description="The slide to make a pyramid of.")
class TranscodeSlideInput:
    id: strawberry.ID = strawberry.field(description="The slide's id.")


RemovePrivateImagesResult = Annotated[
    Slide | Failure, strawberry.union("RemovePrivateImagesResult", description="The slide, or why not.")
]
TranscodeSlideResult = Annotated[
    Slide | Failure, strawberry.union("TranscodeSlideResult", description="The slide, or why not.")
]
UpdateSlideResult = Annotated[
    Slide | Failure, strawberry.union("UpdateSlideResult", description="The slide, or why not.")
]
DeleteSlideResult = Annotated[
    Slide | Failure, strawberry.union("DeleteSlideResult", description="The slide, or why not.")
]
RestoreSlideResult = Annotated[
    Slide | Failure, strawberry.union("RestoreSlideResult", description="The slide, or why not.")
]


@strawberry.type
class SlideMutation:
    @strawberry.mutation(description="Change a slide's name, description, tags or scale. For managers.")
    async def update_slide(self, info: Info, input: UpdateSlideInput) -> UpdateSlideResult:
        access = await require_slide(info.context.viewer, uuid_of(input.id), Action.MANAGE)
        changes = catalog.SlideChanges(
            name=input.name,
            description=input.description,
            tags=input.tags,
            mpp_x=input.mpp_x,
            mpp_y=input.mpp_y,
            accession_code=input.accession_code,
        )
        async with logged_change(info.context, access.slide_id):
            return Slide.of(await catalog.update_slide(access.slide_id, changes))

    @strawberry.mutation(
        description="Remove label and macro image for good, from the stored file too: a job (`fileJob`). For managers."
    )
    async def remove_private_images(self, info: Info, input: RemovePrivateImagesInput) -> RemovePrivateImagesResult:
        access = await require_slide(info.context.viewer, uuid_of(input.id), Action.MANAGE)
        viewer = require_viewer(info.context.viewer)
        async with logged_change(info.context, access.slide_id):
            slide = await catalog.get_slide(access.slide_id)
            await ask_to_remove_images(slide, viewer, keep_pyramid_only=input.keep_pyramid_only)
        info.context.app.slide_jobs.wake()
        return Slide.of(slide)

    @strawberry.mutation(
        description="Make a pyramid of a slide whose tiles must be decoded, so that they come quickly; the file stays. "
        "A job (`fileJob`). For managers."
    )
    async def transcode_slide(self, info: Info, input: TranscodeSlideInput) -> TranscodeSlideResult:
        access = await require_slide(info.context.viewer, uuid_of(input.id), Action.MANAGE)
        viewer = require_viewer(info.context.viewer)
        await require_decoded(info.context.app.rewriter, await catalog.get_slide(access.slide_id))
        async with logged_change(info.context, access.slide_id):
            slide = await catalog.get_slide(access.slide_id)
            await ask_to_convert(slide, viewer)
        info.context.app.slide_jobs.wake()
        return Slide.of(slide)

    @strawberry.mutation(description="Put a slide into the bin; everything on it stays. For managers.")
    async def delete_slide(self, info: Info, input: DeleteSlideInput) -> DeleteSlideResult:
        access = await require_slide(info.context.viewer, uuid_of(input.id), Action.MANAGE)
        async with logged_change(info.context, access.slide_id, deleted=True):
            row = await catalog.delete_slide(access.slide_id)
            await audit.record_slide(AuditKind.SLIDE_DELETED, info.context.viewer, access, row.name)
        return Slide.of(row)

    @strawberry.mutation(description="Take a slide out of the bin. For managers.")
    async def restore_slide(self, info: Info, input: RestoreSlideInput) -> RestoreSlideResult:
        access = await require_slide(info.context.viewer, uuid_of(input.id), Action.MANAGE, deleted=True)
        async with logged_change(info.context, access.slide_id):
            row = await catalog.restore_slide(access.slide_id)
            await audit.record_slide(AuditKind.SLIDE_RESTORED, info.context.viewer, access, row.name)
        return Slide.of(row)

"""Slides: what they are, where their pixels come from, and the bin."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from api.annotations.sight import sees
from api.auth import audit
from api.auth.permissions import require_project, require_slide, require_viewer, require_visible_slide
from api.auth.tile_grants import sign_tile_grant
from api.auth.viewer import Action, allows
from api.errors import NotFound
from api.models.audit import AuditKind
from api.models.slide import Slide as SlideRow
from api.models.slide import Upload as UploadRow
from api.slides import catalog
from api.slides.facts import PRIVATE_IMAGES
from api.slides.privacy import has_private_images
from api.slides.pyramid import Level as PyramidLevel
from api.slides.pyramid import Pyramid
from schema.annotation import Layer
from schema.annotation_loaders import LayersBySlideLoader
from schema.connection import PageInfo
from schema.context import Context, Info
from schema.failure import Failure
from schema.ids import uuid_of
from schema.loaders import ProjectByIdLoader, RoleByProjectAndUserLoader
from schema.look import SlideLook, my_look
from schema.prediction_loaders import LatestPredictionBySlideLoader
from schema.project import Project, only_own_in
from schema.scalars import Json
from schema.slide_change import logged_change
from schema.slide_loaders import (
    AnnotationCountBySlideLoader,
    ReviewedCountBySlideLoader,
    SequenceBySlideLoader,
    SlideByIdLoader,
)
from schema.user import User, load_user

if TYPE_CHECKING:
    from schema.prediction import Prediction


@strawberry.type(description="A picture stored beside the slide.")
class AssociatedImage:
    name: str = strawberry.field(description="LABEL, MACRO or THUMBNAIL.")
    width: int = strawberry.field(description="In pixels.")
    height: int = strawberry.field(description="In pixels.")
    url: str = strawberry.field(description="Where the JPEG is.")


@strawberry.type(description="One level of the pyramid that tiles are served from.")
class Level:
    index: int = strawberry.field(description="0 is full resolution.")
    width: int = strawberry.field(description="In pixels of this level.")
    height: int = strawberry.field(description="In pixels of this level.")
    downsample: float = strawberry.field(description="Level-0 pixels per pixel of this level: 2 to the index.")
    columns: int = strawberry.field(description="Tiles in a row.")
    rows: int = strawberry.field(description="Rows of tiles.")

    @classmethod
    def of(cls, level: PyramidLevel) -> Level:
        """The GraphQL side of a level."""
        return cls(
            index=level.index,
            width=level.width,
            height=level.height,
            downsample=level.downsample,
            columns=level.columns,
            rows=level.rows,
        )


@strawberry.type(description="Where a slide's tiles are.")
class TileSource:
    url_template: str = strawberry.field(
        description="Address with {level}, {column} and {row}. Tiles at the right and bottom edge are smaller."
    )
    tile_size: int = strawberry.field(description="Side of a tile in pixels.")
    levels: list[Level] = strawberry.field(description="The levels, finest first.")
    icc_url: str | None = strawberry.field(
        description="Where the file's colour profile is, to be applied to the tiles; null when there is none."
    )
    dzi_url: str = strawberry.field(description="A Deep Zoom descriptor, for other viewers.")
    iiif_url: str = strawberry.field(description="An info.json of the IIIF Image API 3, for other viewers.")
    grant: str = strawberry.field(
        description="Append as ?grant= where neither a cookie nor an Authorization header can be sent."
    )
    grant_expires_at: datetime = strawberry.field(description="When the grant ends.")


@strawberry.type(description="A whole-slide image.")
class Slide:
    row: strawberry.Private[SlideRow]
    id: strawberry.ID = strawberry.field(description="The slide's id.")
    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="What it shows.")
    tags: list[str] = strawberry.field(description="Words to find it by.")
    filename: str = strawberry.field(description="The file's name as it was uploaded.")
    size_bytes: float = strawberry.field(description="The file's size in bytes.")
    sha256: str = strawberry.field(description="The file's SHA-256 in hex.")
    vendor: str = strawberry.field(description="The file's format, as OpenSlide calls it.")
    width: int = strawberry.field(description="Of level 0, in pixels.")
    height: int = strawberry.field(description="Of level 0, in pixels.")
    mpp_x: float | None = strawberry.field(description="Micrometres per level-0 pixel; null when unknown.")
    mpp_y: float | None = strawberry.field(description="Micrometres per level-0 pixel; null when unknown.")
    objective_power: float | None = strawberry.field(description="The scanner's magnification; null when unknown.")
    thumbnail_url: str = strawberry.field(description="Where a JPEG of the whole slide is, at most 512 pixels a side.")
    file_url: str = strawberry.field(description="Where the file is.")
    created_at: datetime = strawberry.field(description="When it was taken in.")
    deleted_at: datetime | None = strawberry.field(description="When it was put into the bin; null when it was not.")

    @classmethod
    def of(cls, row: SlideRow) -> Slide:
        """The GraphQL side of a row that the viewer may see."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            description=row.description,
            tags=row.tags,
            filename=row.filename,
            size_bytes=float(row.size_bytes),
            sha256=row.sha256,
            vendor=row.vendor,
            width=row.width,
            height=row.height,
            mpp_x=row.mpp_x,
            mpp_y=row.mpp_y,
            objective_power=row.objective_power,
            thumbnail_url=f"/slides/{row.id}/thumbnail.jpg",
            file_url=f"/slides/{row.id}/file",
            created_at=row.created_at,
            deleted_at=row.deleted_at,
        )

    @strawberry.field(description="The project it belongs to.")
    async def project(self, info: Info) -> Project:
        project = await info.context.loader(ProjectByIdLoader).load(self.row.project_id)
        assert project is not None, "a slide goes with its project"
        return Project.of(project)

    @strawberry.field(description="Whether the viewer may have its file; with LABEL or MACRO inside only managers may.")
    async def can_download(self, info: Info) -> bool:
        return not has_private_images(self.row) or await self._is_managed_by_viewer(info)

    @strawberry.field(description="Pictures stored beside it; LABEL and MACRO only for managers.")
    async def associated_images(self, info: Info) -> list[AssociatedImage]:
        shows_private = await self._is_managed_by_viewer(info)
        return [
            AssociatedImage(**image, url=f"/slides/{self.id}/associated/{image['name'].lower()}.jpg")
            for image in self.row.associated
            if shows_private or image["name"] not in PRIVATE_IMAGES
        ]

    async def _is_managed_by_viewer(self, info: Info) -> bool:
        viewer = require_viewer(info.context.viewer)
        role = await info.context.loader(RoleByProjectAndUserLoader).load((self.row.project_id, viewer.user_id))
        return role is not None and allows(role, Action.MANAGE)

    @strawberry.field(description="Where its tiles are.")
    async def tile_source(self, info: Info) -> TileSource:
        viewer = require_viewer(info.context.viewer)
        pyramid = Pyramid.from_rows(self.row.levels, self.row.tile_size)
        role = await info.context.loader(RoleByProjectAndUserLoader).load((self.row.project_id, viewer.user_id))
        if role is None:
            raise NotFound(f"There is no slide {self.row.id}, or you are not a member of its project.")
        grant, expires_at = sign_tile_grant(info.context.settings, viewer, role, self.row.id)
        return TileSource(
            url_template=f"/slides/{self.id}/tiles/{{level}}/{{column}}_{{row}}.jpg",
            tile_size=pyramid.tile_size,
            levels=[Level.of(level) for level in pyramid.levels],
            icc_url=f"/slides/{self.id}/icc" if self.row.icc_bytes else None,
            dzi_url=f"/slides/{self.id}.dzi",
            iiif_url=f"/iiif/{self.id}/info.json",
            grant=grant,
            grant_expires_at=expires_at,
        )

    @strawberry.field(description="Who took it in.")
    async def created_by(self, info: Info) -> User | None:
        return await load_user(info, self.row.created_by_id)

    @strawberry.field(description="The number of its last event; subscribe with sinceSeq: seq to miss nothing.")
    async def seq(self, info: Info) -> int:
        return await info.context.loader(SequenceBySlideLoader).load(self.row.id)

    @strawberry.field(
        description="How many annotations people made or corrected; untouched predictions are not counted."
    )
    async def annotation_count(self, info: Info) -> int:
        key = (self.row.id, await only_own_in(info, self.row.project_id))
        return await info.context.loader(AnnotationCountBySlideLoader).load(key)

    @strawberry.field(description="How many of those were accepted or rejected in review.")
    async def reviewed_count(self, info: Info) -> int:
        key = (self.row.id, await only_own_in(info, self.row.project_id))
        return await info.context.loader(ReviewedCountBySlideLoader).load(key)

    @strawberry.field(description="How it looks to the viewer.")
    async def my_look(self, info: Info) -> SlideLook:
        return await my_look(info, self.row.id)

    @strawberry.field(description="Its layers, oldest first.")
    async def layers(self, info: Info) -> list[Layer]:
        only_own = await only_own_in(info, self.row.project_id)
        layers = await info.context.loader(LayersBySlideLoader).load(self.row.id)
        return [Layer.of(row) for row in layers if sees(only_own, row)]

    @strawberry.field(description="Its newest prediction that did not fail and was not cancelled.")
    async def latest_prediction(self, info: Info) -> Annotated[Prediction, strawberry.lazy("schema.prediction")] | None:
        from schema.prediction import Prediction

        row = await info.context.loader(LatestPredictionBySlideLoader).load(self.row.id)
        return Prediction.of(row) if row else None


@strawberry.type(description="A page of slides.")
class SlideConnection:
    filters: strawberry.Private[dict[str, Any]]
    nodes: list[Slide] = strawberry.field(description="The slides, newest first.")
    page_info: PageInfo = strawberry.field(description="Whether more follow.")

    @strawberry.field(description="How many slides there are on all pages.")
    async def total_count(self) -> int:
        return await catalog.count_slides(**self.filters)


@strawberry.type(description="A file that is being received, or was refused.")
class Upload:
    row: strawberry.Private[UploadRow]
    id: strawberry.ID = strawberry.field(description="The upload's id; go on at /uploads/{id} by tus.")
    filename: str = strawberry.field(description="The file's name.")
    length: float = strawberry.field(description="Its size in bytes.")
    offset: float = strawberry.field(description="The bytes that are safe.")
    status: str = strawberry.field(description="RECEIVING, CHECKING, DONE or REFUSED.")
    progress: float | None = strawberry.field(
        description="How much of a flat picture was made into a pyramid, 0 to 1; null where none is made."
    )
    error: Failure | None = strawberry.field(description="Why it was refused.")
    created_at: datetime = strawberry.field(description="When it began.")

    @classmethod
    def of(cls, row: UploadRow) -> Upload:
        """The GraphQL side of a row."""
        error = row.error
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            filename=row.filename,
            length=float(row.length),
            offset=float(row.offset),
            status=row.status.value,
            progress=row.progress,
            error=Failure(code=error["code"], message=error["message"], params=Json(error["params"]))
            if error
            else None,
            created_at=row.created_at,
        )

    @strawberry.field(description="The slide it became.")
    async def slide(self, info: Info) -> Slide | None:
        return await load_slide(info.context, self.row.slide_id)


async def load_slide(context: Context, slide_id: UUID | None) -> Slide | None:
    """A slide by id for other nouns' fields; None for null and for one that is gone."""
    row = await context.loader(SlideByIdLoader).load(slide_id) if slide_id else None
    return Slide.of(row) if row else None


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


RemovePrivateImagesResult = Annotated[
    Slide | Failure, strawberry.union("RemovePrivateImagesResult", description="The slide, or why not.")
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
class SlideQuery:
    @strawberry.field(description="A slide of one of the viewer's projects; from the bin only for managers.")
    async def slide(self, info: Info, id: strawberry.ID) -> Slide | None:
        access = await require_visible_slide(info.context.viewer, uuid_of(id))
        return Slide.of(await catalog.get_slide(access.slide_id))

    @strawberry.field(description="A project's slides, newest first; its bin only for managers.")
    async def slides(
        self,
        info: Info,
        project_id: strawberry.ID,
        first: int = 50,
        after: str | None = None,
        search: str | None = None,
        tag: str | None = None,
        in_bin: bool = False,
    ) -> SlideConnection:
        project = uuid_of(project_id, "projectId")
        await require_project(info.context.viewer, project, Action.MANAGE if in_bin else Action.VIEW)
        filters: dict[str, Any] = {"project_id": project, "search": search, "tag": tag, "in_bin": in_bin}
        page = await catalog.list_slides(first=first, after=after, **filters)
        nodes = [Slide.of(row) for row in page.rows]
        return SlideConnection(filters=filters, nodes=nodes, page_info=PageInfo.of(page))

    @strawberry.field(description="The viewer's uploads to a project that have not become slides, newest first.")
    async def uploads(self, info: Info, project_id: strawberry.ID) -> list[Upload]:
        project = uuid_of(project_id, "projectId")
        viewer = require_viewer(info.context.viewer)
        await require_project(viewer, project, Action.UPLOAD)
        return [Upload.of(row) for row in await catalog.list_uploads(project, viewer.user_id)]


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

    @strawberry.mutation(description="Remove label and macro image for good, from the stored file too. For managers.")
    async def remove_private_images(self, info: Info, input: RemovePrivateImagesInput) -> RemovePrivateImagesResult:
        access = await require_slide(info.context.viewer, uuid_of(input.id), Action.MANAGE)
        privacy, slide = info.context.app.privacy, await catalog.get_slide(access.slide_id)
        redacted = await privacy.redact(slide)
        if redacted is None:
            return Slide.of(slide)
        async with logged_change(info.context, access.slide_id):
            changed = Slide.of(await privacy.apply(access.slide_id, redacted))
            images = sorted(image["name"] for image in slide.associated if image["name"] in PRIVATE_IMAGES)
            details = {"images": images, "sha256": [slide.sha256, redacted.sha256]}
            await audit.record_slide(AuditKind.PRIVATE_IMAGES_REMOVED, info.context.viewer, access, slide.name, details)
        await privacy.remove_unused(slide.sha256)
        return changed

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

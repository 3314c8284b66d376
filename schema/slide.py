"""Slides: what they are, where their pixels come from, and the bin."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from api.annotations.sight import sees
from api.auth.permissions import require_viewer
from api.auth.tile_grants import sign_tile_grant
from api.auth.viewer import Action, allows
from api.errors import NotFound
from api.models.slide import Slide as SlideRow
from api.slides.facts import PRIVATE_IMAGES
from api.slides.privacy import has_private_images
from api.slides.pyramid import Level as PyramidLevel
from api.slides.pyramid import Pyramid
from schema.annotation import Layer
from schema.annotation_loaders import LayersBySlideLoader
from schema.context import Context, Info
from schema.loaders import ProjectByIdLoader, RoleByProjectAndUserLoader
from schema.look import SlideLook, my_look
from schema.prediction_loaders import LatestPredictionBySlideLoader
from schema.project import Project, only_own_in
from schema.slide_job import LatestJobBySlideLoader, SlideJob
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
    passes_through: bool | None = strawberry.field(
        description="Whether its tiles leave storage as they are; others are decoded until a pyramid is made. Null for "
        "a slide of an earlier version."
    )
    pyramid_bytes: float | None = strawberry.field(
        description="The size of the pyramid that was made beside its file; null when there is none."
    )

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
            passes_through=row.passes_through,
            pyramid_bytes=float(row.pixels_bytes) if row.pixels_sha256 else None,
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

    @strawberry.field(description="The newest work on its file: a conversion, or the removal of label and macro.")
    async def file_job(self, info: Info) -> SlideJob | None:
        row = await info.context.loader(LatestJobBySlideLoader).load(self.row.id)
        return SlideJob.of(row) if row else None

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


async def load_slide(context: Context, slide_id: UUID | None) -> Slide | None:
    """A slide by id for other nouns' fields; None for null and for one that is gone."""
    row = await context.loader(SlideByIdLoader).load(slide_id) if slide_id else None
    return Slide.of(row) if row else None

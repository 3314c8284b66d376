"""Annotations and layers: reading them, changing them, undo and redo."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.annotations import query
from api.annotations.applied import Applied
from api.annotations.changes import StaleAnnotations
from api.annotations.counts import overview_of
from api.annotations.edit import apply_ops
from api.annotations.geometry import geojson_of
from api.annotations.provenance import provenance_of
from api.annotations.rows import AnnotationRow, LayerRow
from api.annotations.sight import sees
from api.annotations.undo import redo, undo
from api.auth.permissions import require_slide, require_viewer
from api.auth.viewer import Action
from api.collaboration.channel import announce
from api.collaboration.log import Origin, current_seq
from api.models.annotation import GeometryKind, LayerKind, ReviewState
from api.projects.terms import term_filter
from schema.annotation_input import AnnotationOpInput, RegionInput, op_of, region_of
from schema.annotation_loaders import AnnotationCountByLayerLoader, LayersBySlideLoader, MppBySlideLoader
from schema.connection import PageInfo
from schema.context import Context, Info
from schema.failure import Failure
from schema.ids import optional_uuid, uuid_of
from schema.prediction_loaders import PredictionByIdLoader
from schema.scalars import GeoJson, Json
from schema.user import User, load_user

if TYPE_CHECKING:
    from schema.predicted_origin import PredictedOrigin

strawberry.enum(LayerKind, description="Who filled a layer: a person (USER), a model (PREDICTION) or a file (IMPORT).")

OPS_IN_LOOP = 50
"""Up to so many shapes are checked on the event loop; more go to a thread."""


@strawberry.type(description="A group of annotations on one slide.")
class Layer:
    row: strawberry.Private[LayerRow]
    id: strawberry.ID = strawberry.field(description="The layer's id.")
    kind: LayerKind = strawberry.field(description="Who filled it.")
    name: str = strawberry.field(description="Its name: the person's, the model's or the file's.")
    color: str = strawberry.field(description="#rrggbb of objects without a term.")
    prediction_id: strawberry.ID | None = strawberry.field(description="The prediction that made it.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: LayerRow) -> Layer:
        """The GraphQL side of a layer."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            kind=row.kind,
            name=row.name,
            color=row.color,
            prediction_id=strawberry.ID(str(row.prediction_id)) if row.prediction_id else None,
            created_at=row.created_at,
        )

    @strawberry.field(description="Whose it is; null for one without a person.")
    async def owner(self, info: Info) -> User | None:
        return await load_user(info, self.row.owner_id)

    @strawberry.field(description="How many objects it holds, polygons of a prediction included.")
    async def annotation_count(self, info: Info) -> int:
        return await info.context.loader(AnnotationCountByLayerLoader).load(self.row.id)

    @strawberry.field(description="The outlines of a prediction by place and class; null for other layers.")
    async def overview(self) -> OutlineOverview | None:
        if self.row.kind is not LayerKind.PREDICTION:
            return None
        found = await overview_of(self.row.id)
        squares = [SquareCount(**vars(square)) for square in found.squares]
        return OutlineOverview(side_px=found.side_px, squares=squares)


@strawberry.type(description="How many outlines of one class have their centre in one square.")
class SquareCount:
    column: int = strawberry.field(description="The square's column.")
    row: int = strawberry.field(description="The square's row.")
    class_index: int = strawberry.field(description="The class's number.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="A prediction's outlines, counted by place and class.")
class OutlineOverview:
    side_px: int = strawberry.field(description="Side of a square in level-0 pixels; square (0, 0) is at the origin.")
    squares: list[SquareCount] = strawberry.field(
        description="From top to bottom, at most 1,024 squares, those without an outline left out."
    )


@strawberry.type(description="A shape on a slide with what it means, at one version.")
class Annotation:
    row: strawberry.Private[AnnotationRow]
    id: strawberry.ID = strawberry.field(description="The annotation's id, made by the client that drew it.")
    slide_id: strawberry.ID = strawberry.field(description="The slide it lies on.")
    layer_id: strawberry.ID = strawberry.field(description="The layer it belongs to.")
    term_id: strawberry.ID | None = strawberry.field(description="What it means.")
    kind: GeometryKind = strawberry.field(description="How it was drawn.")
    bounds: list[float] = strawberry.field(description="[minX, minY, maxX, maxY] in level-0 pixels.")
    area_px: float = strawberry.field(description="Area in level-0 pixels², holes left out.")
    length_px: float = strawberry.field(description="Length of a line or perimeter of an area, in level-0 pixels.")
    attributes: Json = strawberry.field(description="Free properties, a JSON object.")
    note: str = strawberry.field(description="Free text.")
    locked: bool = strawberry.field(
        description="Whether it may not be changed: locked by someone, who can unlock it, or accepted in review."
    )
    review_state: ReviewState = strawberry.field(description="Where it stands in review.")
    review_reason: str | None = strawberry.field(description="Why it was rejected.")
    reviewed_at: datetime | None = strawberry.field(description="When it came to its review state; null for a draft.")
    version: int = strawberry.field(description="Counts its changes from 1.")
    created_at: datetime = strawberry.field(description="When it was drawn.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    deleted_at: datetime | None = strawberry.field(description="When it was deleted; null while it lives.")

    @classmethod
    def of(cls, row: AnnotationRow) -> Annotation:
        """The GraphQL side of an annotation."""
        extent = row.shape.extent
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            slide_id=strawberry.ID(str(row.slide_id)),
            layer_id=strawberry.ID(str(row.layer_id)),
            term_id=strawberry.ID(str(row.term_id)) if row.term_id else None,
            kind=row.shape.kind,
            bounds=[extent.min_x, extent.min_y, extent.max_x, extent.max_y],
            area_px=extent.area_px,
            length_px=extent.length_px,
            attributes=Json(row.attributes),
            note=row.note,
            locked=row.closed,
            review_state=row.review.state,
            review_reason=row.review.reason,
            reviewed_at=row.review.at,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
        )

    @strawberry.field(description="Its shape in level-0 pixels.")
    def geometry(self) -> GeoJson:
        return GeoJson(geojson_of(self.row.shape.geometry))

    @strawberry.field(description="Area in mm²; null when the slide does not say how large its pixels are.")
    async def area_mm2(self, info: Info) -> float | None:
        mpp = await info.context.loader(MppBySlideLoader).load(self.row.slide_id)
        return self.area_px * mpp[0] * mpp[1] / 1e6 if mpp else None

    @strawberry.field(
        description="Length or perimeter in um; null when the slide does not say how large its pixels are."
    )
    async def length_um(self, info: Info) -> float | None:
        mpp = await info.context.loader(MppBySlideLoader).load(self.row.slide_id)
        return self.length_px * (mpp[0] + mpp[1]) / 2 if mpp else None

    @strawberry.field(description="Who drew it.")
    async def created_by(self, info: Info) -> User | None:
        return await load_user(info, self.row.created_by_id)

    @strawberry.field(description="Who changed it last.")
    async def updated_by(self, info: Info) -> User | None:
        return await load_user(info, self.row.updated_by_id)

    @strawberry.field(description="The predicted outline that it was made of; null when it was drawn.")
    async def from_prediction(
        self, info: Info
    ) -> Annotated[PredictedOrigin, strawberry.lazy("schema.predicted_origin")] | None:
        from schema.predicted_origin import PredictedOrigin

        said = provenance_of(self.row.attributes)
        found = said and await info.context.loader(PredictionByIdLoader).load(said.prediction_id)
        return PredictedOrigin.of(self.row, said, found) if said and found else None

    @strawberry.field(description="Who brought it to its review state.")
    async def reviewed_by(self, info: Info) -> User | None:
        return await load_user(info, self.row.review.by_id)


@strawberry.type(description="A page of living annotations, in order of place.")
class AnnotationConnection:
    nodes: list[Annotation] = strawberry.field(description="The annotations.")
    page_info: PageInfo = strawberry.field(description="Whether more follow.")
    seq: int = strawberry.field(
        description="Follow `slideEvents(sinceSeq:)` from the first page's seq and nothing is missed."
    )


@strawberry.type(description="An annotation that undo or redo left alone.")
class SkippedOp:
    id: strawberry.ID = strawberry.field(description="The annotation's id.")
    code: str = strawberry.field(
        description="CHANGED_SINCE, ANNOTATION_LOCKED, ANNOTATION_ACCEPTED, LOCK_NOT_YOURS, REVIEW_NOT_YOURS or "
        "ANNOTATION_NOT_FOUND."
    )
    message: str = strawberry.field(description="Why, in English.")


@strawberry.type(description="What a change did. Everyone on the slide, the author too, also gets it as an event.")
class AppliedOps:
    seq: int = strawberry.field(description="The slide's sequence with it; unchanged when nothing differed.")
    annotations: list[Annotation] = strawberry.field(description="The annotations after it, tombstones included.")
    skipped: list[SkippedOp] = strawberry.field(description="What undo or redo left alone, and why.")

    @classmethod
    def of(cls, applied: Applied) -> AppliedOps:
        """The GraphQL side of an applied change."""
        return cls(
            seq=applied.seq,
            annotations=[Annotation.of(row) for row in applied.rows],
            skipped=[
                SkippedOp(id=strawberry.ID(str(skipped.id)), code=skipped.code, message=skipped.message)
                for skipped in applied.skipped
            ],
        )


@strawberry.type(description="An annotation that changed since the author saw it.")
class ConflictingAnnotation:
    id: strawberry.ID = strawberry.field(description="The annotation's id.")
    current: Annotation = strawberry.field(description="The annotation as it is now; a tombstone when it was deleted.")
    expected_version: int = strawberry.field(description="The version the author had seen.")
    sent_geometry: GeoJson | None = strawberry.field(
        description="The shape that the author sent, made valid; null when none was sent."
    )


@strawberry.type(description="Nothing was written, because annotations changed since the author saw them.")
class AnnotationConflict:
    message: str = strawberry.field(description="What happened and what to do, in English.")
    conflicts: list[ConflictingAnnotation] = strawberry.field(description="The annotations concerned.")

    @classmethod
    def of(cls, error: StaleAnnotations) -> AnnotationConflict:
        """The GraphQL side of a conflict."""
        return cls(
            message=error.message,
            conflicts=[
                ConflictingAnnotation(
                    id=strawberry.ID(str(stale.current.id)),
                    current=Annotation.of(stale.current),
                    expected_version=stale.expected_version,
                    sent_geometry=GeoJson(geojson_of(stale.sent.geometry)) if stale.sent else None,
                )
                for stale in error.stale
            ],
        )


@strawberry.input(description="Changes to annotations of one slide: all are made, or none.")
class ApplyAnnotationOpsInput:
    slide_id: strawberry.ID = strawberry.field(description="The slide.")
    client_id: str = strawberry.field(
        description="Random id of this client, 1 to 48 characters; nobody else may use it."
    )
    mutation_id: str = strawberry.field(
        description="Random id of this change, 1 to 48 characters; sent again, it returns the first result."
    )
    ops: list[AnnotationOpInput] = strawberry.field(description="At most 10,000, applied in order.")


@strawberry.input(description="Undo or redo the viewer's own latest operation on a slide.")
class UndoInput:
    slide_id: strawberry.ID = strawberry.field(description="The slide.")
    client_id: str = strawberry.field(description="As in applyAnnotationOps.")
    mutation_id: str = strawberry.field(description="As in applyAnnotationOps.")


ApplyAnnotationOpsResult = Annotated[
    AppliedOps | AnnotationConflict | Failure,
    strawberry.union("ApplyAnnotationOpsResult", description="The annotations afterwards, a conflict, or why not."),
]
UndoResult = Annotated[
    AppliedOps | Failure, strawberry.union("UndoResult", description="The annotations afterwards, or why not.")
]


@strawberry.type
class AnnotationQuery:
    @strawberry.field(description="An annotation by id; a tombstone too.")
    async def annotation(self, info: Info, id: strawberry.ID) -> Annotation | None:
        return Annotation.of(await query.permitted_annotation(info.context.viewer, uuid_of(id)))

    @strawberry.field(description="A slide's living annotations, drawn or corrected by people, a page at a time.")
    async def annotations(
        self,
        info: Info,
        slide_id: strawberry.ID,
        region: RegionInput | None = None,
        layer_id: strawberry.ID | None = None,
        term_id: strawberry.ID | None = None,
        with_terms_below: bool = False,
        review_states: list[ReviewState] | None = None,
        first: int = 500,
        after: str | None = None,
    ) -> AnnotationConnection:
        slide = uuid_of(slide_id, "slideId")
        seq = await current_seq(slide)  # before the page: what comes between is repeated, never missed
        access = await require_slide(info.context.viewer, slide, Action.VIEW)
        layer, term = optional_uuid(layer_id, "layerId"), optional_uuid(term_id, "termId")
        review = frozenset(review_states) if review_states is not None else None
        terms = await term_filter(access.project_id, term, below=with_terms_below)
        wanted = query.Filter(access, region_of(region), layer, terms, review)
        page = await query.page_of(wanted, first, after)
        return AnnotationConnection(
            nodes=[Annotation.of(row) for row in page.rows], page_info=PageInfo.of(page), seq=seq
        )

    @strawberry.field(description="A slide's layers, oldest first.")
    async def layers(self, info: Info, slide_id: strawberry.ID) -> list[Layer]:
        access = await require_slide(info.context.viewer, uuid_of(slide_id, "slideId"), Action.VIEW)
        layers = await info.context.loader(LayersBySlideLoader).load(access.slide_id)
        return [Layer.of(row) for row in layers if sees(access.only_own, row)]


@strawberry.type
class AnnotationMutation:
    @strawberry.mutation(description="Draw, change, delete and restore annotations. For annotators.")
    async def apply_annotation_ops(self, info: Info, input: ApplyAnnotationOpsInput) -> ApplyAnnotationOpsResult:
        access = await require_slide(info.context.viewer, uuid_of(input.slide_id, "slideId"), Action.ANNOTATE)
        origin = _origin(info.context, input.client_id, input.mutation_id)
        if len(input.ops) <= OPS_IN_LOOP:
            ops = [op_of(op) for op in input.ops]
        else:
            ops = await asyncio.to_thread(lambda: [op_of(op) for op in input.ops])
        try:
            applied = await apply_ops(access, origin, ops)
        except StaleAnnotations as error:
            return AnnotationConflict.of(error)
        await announce(info.context.app.channel, access.slide_id, applied.seq)
        return AppliedOps.of(applied)

    @strawberry.mutation(description="Undo the viewer's latest operation that stands, whichever client it came from.")
    async def undo(self, info: Info, input: UndoInput) -> UndoResult:
        access = await require_slide(info.context.viewer, uuid_of(input.slide_id, "slideId"), Action.ANNOTATE)
        applied = await undo(access, _origin(info.context, input.client_id, input.mutation_id))
        await announce(info.context.app.channel, access.slide_id, applied.seq)
        return AppliedOps.of(applied)

    @strawberry.mutation(description="Do again what the viewer undid last, unless they did something new since.")
    async def redo(self, info: Info, input: UndoInput) -> UndoResult:
        access = await require_slide(info.context.viewer, uuid_of(input.slide_id, "slideId"), Action.ANNOTATE)
        applied = await redo(access, _origin(info.context, input.client_id, input.mutation_id))
        await announce(info.context.app.channel, access.slide_id, applied.seq)
        return AppliedOps.of(applied)


def _origin(context: Context, client_id: str, mutation_id: str) -> Origin:
    return Origin(require_viewer(context.viewer).user_id, client_id, mutation_id)

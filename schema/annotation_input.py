"""What clients send about annotations: operations and regions, read into the domain's values."""

from __future__ import annotations

from typing import Any, cast

import strawberry

from api.annotations import query
from api.annotations.geometry import GEOJSON_TYPE, geometry_from_geojson, repaired
from api.annotations.index import Region
from api.annotations.ops import UNSET, Brush, Create, Delete, Judge, Op, Restore, Update, check_attributes
from api.annotations.rows import Shape
from api.errors import InvalidInput
from api.models.annotation import GeometryKind, ReviewState
from schema.ids import optional_uuid, uuid_of
from schema.scalars import GeoJson, Json

strawberry.enum(
    GeometryKind,
    description="How a shape was drawn; RECTANGLE and ELLIPSE are polygons that remember their kind.",
)

strawberry.enum(
    ReviewState,
    description="Where an annotation stands in review: DRAFT, PROPOSED, ACCEPTED (and so locked) or REJECTED.",
)

_KIND_OF_TYPE = {
    "Point": GeometryKind.POINT,
    "LineString": GeometryKind.LINE,
    "Polygon": GeometryKind.POLYGON,
    "MultiPolygon": GeometryKind.MULTIPOLYGON,
}


@strawberry.input(description="A part of a slide, in level-0 pixels.")
class RegionInput:
    x: float = strawberry.field(description="Left edge.")
    y: float = strawberry.field(description="Top edge.")
    width: float = strawberry.field(description="Width, positive.")
    height: float = strawberry.field(description="Height, positive.")


@strawberry.input(description="A new annotation.")
class CreateAnnotationOp:
    id: strawberry.ID = strawberry.field(description="A new random UUID, made by the client.")
    kind: GeometryKind = strawberry.field(description="How it was drawn.")
    geometry: GeoJson = strawberry.field(description="Its shape; one that crosses itself is made valid.")
    term_id: strawberry.ID | None = strawberry.field(default=None, description="What it means.")
    attributes: Json | None = strawberry.field(default=None, description="Free properties, a JSON object.")
    note: str | None = strawberry.field(default=None, description="Free text.")
    layer_id: strawberry.ID | None = strawberry.field(default=None, description="Null: the author's own layer.")


@strawberry.input(description="Changes to an annotation; what is null stays as it is.")
class UpdateAnnotationOp:
    id: strawberry.ID = strawberry.field(description="The annotation's id.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version the author saw; needed with geometry."
    )
    kind: GeometryKind | None = strawberry.field(
        default=None, description="Kind of the new geometry; null: as its GeoJSON type says."
    )
    geometry: GeoJson | None = strawberry.field(
        default=None, description="A new shape; refused as a conflict when the shape changed since expectedVersion."
    )
    term_id: strawberry.ID | None = strawberry.field(default=None, description="A new meaning; the last writer wins.")
    clear_term: bool | None = strawberry.field(default=None, description="True takes the meaning away.")
    attributes: Json | None = strawberry.field(
        default=None, description="Merged key by key, the last writer wins; a null value removes its key."
    )
    note: str | None = strawberry.field(default=None, description="A new text; the last writer wins.")
    locked: bool | None = strawberry.field(default=None, description="For the author and reviewers.")


@strawberry.input(description="An annotation to delete or restore.")
class DeleteAnnotationOp:
    id: strawberry.ID = strawberry.field(description="The annotation's id.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refused as a conflict when the annotation changed since; null: whatever it is now."
    )


@strawberry.input(description="A brush's or an eraser's stroke: merged on the server with the shape as it is now.")
class BrushAnnotationOp:
    id: strawberry.ID = strawberry.field(description="The annotation's id; it must be an area.")
    geometry: GeoJson = strawberry.field(description="The area to add or to take away, Polygon or MultiPolygon.")


@strawberry.input(description="A step of review.")
class ReviewAnnotationOp:
    id: strawberry.ID = strawberry.field(description="The annotation's id.")
    state: ReviewState = strawberry.field(
        description="Its new state. PROPOSED and DRAFT are for annotators; ACCEPTED, REJECTED and what opens an "
        "accepted one again, for reviewers."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, 1 to 2,000 characters; needed with REJECTED, and only with it."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Refused as a conflict when the annotation changed since; null: whatever it is now."
    )


@strawberry.input(one_of=True, description="One change; exactly one field is given.")
class AnnotationOpInput:
    create: CreateAnnotationOp | None = strawberry.field(default=strawberry.UNSET, description="Draw.")
    update: UpdateAnnotationOp | None = strawberry.field(default=strawberry.UNSET, description="Change.")
    delete: DeleteAnnotationOp | None = strawberry.field(default=strawberry.UNSET, description="Into a tombstone.")
    restore: DeleteAnnotationOp | None = strawberry.field(default=strawberry.UNSET, description="Back to life.")
    add_area: BrushAnnotationOp | None = strawberry.field(
        default=strawberry.UNSET, description="Add to the shape; never a conflict of shapes."
    )
    subtract_area: BrushAnnotationOp | None = strawberry.field(
        default=strawberry.UNSET, description="Take from the shape; what is taken away whole is deleted."
    )
    review: ReviewAnnotationOp | None = strawberry.field(
        default=strawberry.UNSET, description="Propose, withdraw, accept, reject, or open again."
    )


def op_of(item: AnnotationOpInput) -> Op:
    """The domain's operation.

    Raises:
        InvalidInput, TooLarge: something in it is wrong.
    """
    if item.create:
        return _create(item.create)
    if item.update:
        return _update(item.update)
    if item.delete:
        return Delete(uuid_of(item.delete.id), item.delete.expected_version)
    if item.restore:
        return Restore(uuid_of(item.restore.id), item.restore.expected_version)
    if stroke := item.add_area or item.subtract_area:
        shape = _shape(_kind(stroke.geometry), stroke.geometry)
        return Brush(uuid_of(stroke.id), shape, add=bool(item.add_area))
    if item.review:
        return Judge(uuid_of(item.review.id), item.review.state, item.review.reason, item.review.expected_version)
    raise InvalidInput(
        "An operation is empty. Give one of create, update, delete, restore, addArea, subtractArea, review.",
        field="ops",
    )


def region_of(region: RegionInput | None) -> Region | None:
    """The region asked for; None for the whole slide."""
    return query.region_of(region.x, region.y, region.width, region.height) if region else None


def _create(op: CreateAnnotationOp) -> Create:
    return Create(
        id=uuid_of(op.id),
        shape=_shape(op.kind, op.geometry),
        term_id=optional_uuid(op.term_id, "termId"),
        attributes=_attributes(op.attributes),
        note=op.note or "",
        layer_id=optional_uuid(op.layer_id, "layerId"),
    )


def _update(op: UpdateAnnotationOp) -> Update:
    term_id = None if op.clear_term else optional_uuid(op.term_id, "termId")
    if op.kind is not None and op.geometry is None:
        raise InvalidInput("A kind came without a geometry. Send both, or neither.", field="kind")
    return Update(
        id=uuid_of(op.id),
        expected_version=op.expected_version,
        shape=UNSET if op.geometry is None else _shape(op.kind or _kind(op.geometry), op.geometry),
        term_id=term_id if op.clear_term or term_id else UNSET,
        attributes=_attributes(op.attributes),
        note=UNSET if op.note is None else op.note,
        locked=UNSET if op.locked is None else op.locked,
    )


def _kind(geometry: GeoJson) -> GeometryKind:
    kind = _KIND_OF_TYPE.get(str(geometry.get("type"))) if isinstance(geometry, dict) else None
    if kind is None:
        raise InvalidInput(
            f"The geometry is none of {', '.join(sorted(set(GEOJSON_TYPE.values())))}. Send one of these.",
            code="GEOMETRY_INVALID",
            field="geometry",
        )
    return kind


def _shape(kind: GeometryKind, geometry: GeoJson) -> Shape:
    return Shape.of(repaired(geometry_from_geojson(kind, geometry))[0])


def _attributes(value: Json | None) -> dict[str, Any] | None:
    check_attributes(cast("dict[str, Any] | None", value))
    return cast("dict[str, Any] | None", value)

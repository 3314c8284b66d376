"""Layers, annotations, and the immutable chunks of prediction layers."""

from __future__ import annotations

import enum
import uuid
from typing import Any

from tortoise import fields
from tortoise.models import Model

from api.models.ontology import Term
from api.models.slide import Slide
from api.models.user import User


class LayerKind(enum.StrEnum):
    USER = "USER"
    PREDICTION = "PREDICTION"
    IMPORT = "IMPORT"


class GeometryKind(enum.StrEnum):
    POINT = "POINT"
    LINE = "LINE"
    RECTANGLE = "RECTANGLE"
    ELLIPSE = "ELLIPSE"
    POLYGON = "POLYGON"
    MULTIPOLYGON = "MULTIPOLYGON"


class ReviewState(enum.StrEnum):
    """Where an annotation stands in review. Rules R1-R8 of docs/spec.md."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class Layer(Model):
    """A group of annotations on one slide.

    One a person (made at their first annotation), one a prediction, one an import.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name="layers")
    kind = fields.CharEnumField(LayerKind, max_length=16)
    name = fields.CharField(max_length=120)
    color = fields.CharField(max_length=7)
    owner: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    prediction_id = fields.UUIDField(null=True, unique=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "layer"


class Annotation(Model):
    """A live annotation, or its tombstone (`deleted_at` set). Only `api.annotations.edit` writes it.

    `geometry` is the blob of `api.annotations.codec`; `min_x … max_y` its bounds in level-0 pixels; `cell` its key
    in the loose quadtree of `api.annotations.index`. `version` counts changes from 1; `geometry_version` is the
    version at which the shape last changed, so that a change of term does not conflict with one of shape.
    `attributes` are free properties, last writer wins per key. `review_reason` is why it was rejected; `reviewed_by`
    brought it to its review state.
    """

    id = fields.UUIDField(primary_key=True)
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name=False)
    layer: fields.ForeignKeyRelation[Layer] = fields.ForeignKeyField("models.Layer", related_name=False)
    term: fields.ForeignKeyNullableRelation[Term] = fields.ForeignKeyField(
        "models.Term", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    cell = fields.BigIntField()
    kind = fields.CharEnumField(GeometryKind, max_length=16)
    geometry = fields.BinaryField()
    min_x = fields.FloatField()
    min_y = fields.FloatField()
    max_x = fields.FloatField()
    max_y = fields.FloatField()
    area_px = fields.FloatField()
    length_px = fields.FloatField()
    attributes: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    note = fields.TextField(default="")
    locked = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    geometry_version = fields.IntField(default=1)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    updated_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)
    review_state = fields.CharEnumField(
        ReviewState, max_length=16, default=ReviewState.DRAFT, db_default=ReviewState.DRAFT
    )
    review_reason = fields.CharField(max_length=2000, null=True)
    reviewed_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    reviewed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "annotation"
        indexes = (("slide_id", "cell", "id"), ("slide_id", "updated_at"), ("slide_id", "review_state", "cell", "id"))


class AnnotationChunk(Model):
    """Many immutable polygons of one prediction layer, packed by `api.annotations.chunks`.

    A polygon belongs to the square (column, row) that holds its centre; `min_x … max_y` bound all of the chunk,
    in level-0 pixels. `class_counts` says how many polygons of each class number it holds, null where it was written
    before that was known.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name=False)
    layer: fields.ForeignKeyRelation[Layer] = fields.ForeignKeyField("models.Layer", related_name=False)
    column = fields.IntField()
    row = fields.IntField()
    min_x = fields.FloatField()
    min_y = fields.FloatField()
    max_x = fields.FloatField()
    max_y = fields.FloatField()
    count = fields.IntField()
    class_counts: fields.Field[dict[str, int] | None] = fields.JSONField(null=True)
    data = fields.BinaryField()

    class Meta:
        table = "annotation_chunk"
        indexes = (("slide_id", "layer_id", "row", "column"),)

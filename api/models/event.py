"""The log of a slide: what happened, in the order of its sequence."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.models import Model

from api.models.slide import Slide
from api.models.user import User


class SlideEvent(Model):
    """One step of a slide's sequence. `body` is what subscribers receive, `inverse` holds the operations that undo it.

    A (client_id, mutation_id) pair is written once; a replay finds it and `result` is returned again.
    `undone_by` is the seq of the event that undid this one, null while it stands; `undoes` the seq this one undid
    or redid.
    """

    id = fields.BigIntField(primary_key=True)
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name=False)
    seq = fields.BigIntField()
    kind = fields.CharField(max_length=32)
    actor: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    client_id = fields.CharField(max_length=64)
    mutation_id = fields.CharField(max_length=64)
    body: fields.Field[Any] = fields.JSONField()
    result: fields.Field[Any] = fields.JSONField(null=True)
    inverse: fields.Field[Any] = fields.JSONField(null=True)
    undoes = fields.BigIntField(null=True)
    undone_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "slide_event"
        unique_together = (("slide", "seq"), ("client_id", "mutation_id"))
        indexes = (("slide_id", "actor_id", "seq"),)


class AnnotationStep(Model):
    """Which steps of a slide touched an annotation. Written with the step, pruned with it."""

    id = fields.BigIntField(primary_key=True)
    annotation_id = fields.UUIDField()
    slide_id = fields.UUIDField()
    seq = fields.BigIntField()

    class Meta:
        table = "annotation_step"
        indexes = (("annotation_id", "seq"), ("slide_id", "seq"))

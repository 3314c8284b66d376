"""Comments: threads anchored to an annotation or a place on a slide."""

from __future__ import annotations

import uuid

from tortoise import fields
from tortoise.models import Model

from api.models.annotation import Annotation
from api.models.slide import Slide
from api.models.user import User


class CommentThread(Model):
    """A conversation about an annotation or a place. Only `api.comments.threads` writes it.

    `x, y` are level-0 pixels; of a thread on an annotation they are where it was begun.
    """

    id = fields.UUIDField(primary_key=True)
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name=False)
    slide_id: uuid.UUID
    annotation: fields.ForeignKeyNullableRelation[Annotation] = fields.ForeignKeyField(
        "models.Annotation", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    annotation_id: uuid.UUID | None
    x = fields.FloatField()
    y = fields.FloatField()
    created_by: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False)
    created_by_id: uuid.UUID
    created_at = fields.DatetimeField()
    resolved_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    resolved_by_id: uuid.UUID | None
    resolved_at = fields.DatetimeField(null=True)

    class Meta:
        table = "comment_thread"
        indexes = (("slide_id", "created_at", "id"),)


class Comment(Model):
    """One contribution to a thread, or its tombstone. `mentions` lists ids of people, as text."""

    id = fields.UUIDField(primary_key=True)
    thread: fields.ForeignKeyRelation[CommentThread] = fields.ForeignKeyField(
        "models.CommentThread", related_name="comments"
    )
    thread_id: uuid.UUID
    author: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False)
    author_id: uuid.UUID
    text = fields.TextField()
    mentions: fields.Field[list[str]] = fields.JSONField(default=list)
    created_at = fields.DatetimeField()
    edited_at = fields.DatetimeField(null=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "comment"
        indexes = (("thread_id", "created_at", "id"),)

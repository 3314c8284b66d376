"""Work on the file of a slide that takes longer than a request."""

from __future__ import annotations

import enum
import uuid
from typing import Any

from tortoise import fields
from tortoise.models import Model

from api.models.slide import Slide
from api.models.user import User


class SlideJobKind(enum.StrEnum):
    TRANSCODE = "TRANSCODE"
    """Make a pyramid whose tiles need no decoding; the file stays."""
    REMOVE_IMAGES = "REMOVE_IMAGES"
    """Take label and macro out of the file."""
    KEEP_PYRAMID = "KEEP_PYRAMID"
    """Make such a pyramid, and let it take the file's place."""


class SlideJobStatus(enum.StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class SlideJob(Model):
    """One piece of work on a slide's file. It waits here until a process takes it.

    A process holds it until `claimed_until`; one that died leaves it to the next, as the attempt after. `error` holds
    `{"code", "message", "params"}` when it failed. `address` is where the request came from, for the audit log.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name=False)
    slide_id: uuid.UUID
    kind = fields.CharEnumField(SlideJobKind, max_length=16)
    status = fields.CharEnumField(SlideJobStatus, max_length=16, default=SlideJobStatus.PENDING)
    progress = fields.FloatField(default=0.0)
    attempt = fields.IntField(default=0)
    error: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    requested_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    requested_by_id: uuid.UUID | None
    address = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    claimed_until = fields.DatetimeField(null=True)

    class Meta:
        table = "slide_job"
        indexes = (("slide_id", "created_at"), ("status", "created_at"))

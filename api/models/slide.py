"""Slides, their uploads, and each slide's sequence."""

from __future__ import annotations

import enum
import uuid
from typing import Any

from tortoise import fields
from tortoise.models import Model

from api.models.project import Project
from api.models.user import User


class Slide(Model):
    """A whole-slide image. Its file lies in storage under `sha256`, several rows may share one file.

    `levels` is the client's pyramid as stored by `api.slides.ingest`: a list of `{"width", "height",
    "downsample"}`, index 0 = full
    resolution, each 2x smaller than the one before. `tile_size` is one number in pixels, square. `associated` lists
    `{"name": "LABEL|MACRO|THUMBNAIL", "width", "height"}`. `pyramid_at` says when the tiles that the file lacks were
    made ahead; until then a process that makes them holds the row until `pyramid_claimed_until`. `icc_bytes` is
    the size of the embedded colour profile; null where there is none. `pixels_sha256` is the content that tiles come
    from where a pyramid was made of the file, of `pixels_bytes`; `levels` are then that pyramid's. `passes_through`
    says whether tiles of level 0 leave the content as they are stored; null where nobody has looked yet.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="slides")
    project_id: uuid.UUID
    name = fields.CharField(max_length=255)
    description = fields.TextField(default="")
    tags: fields.Field[list[str]] = fields.JSONField(default=list)
    sha256 = fields.CharField(max_length=64, db_index=True)
    filename = fields.CharField(max_length=255)
    size_bytes = fields.BigIntField()
    vendor = fields.CharField(max_length=64)
    width = fields.IntField()
    height = fields.IntField()
    tile_size = fields.IntField()
    levels: fields.Field[list[dict[str, Any]]] = fields.JSONField()
    mpp_x = fields.FloatField(null=True)
    mpp_y = fields.FloatField(null=True)
    objective_power = fields.FloatField(null=True)
    associated: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    created_by_id: uuid.UUID | None
    created_at = fields.DatetimeField(auto_now_add=True)
    deleted_at = fields.DatetimeField(null=True)
    pyramid_at = fields.DatetimeField(null=True)
    pyramid_claimed_until = fields.DatetimeField(null=True)
    icc_bytes = fields.IntField(null=True)
    pixels_sha256 = fields.CharField(max_length=64, null=True, db_index=True)
    pixels_bytes = fields.BigIntField(default=0, db_default=0)
    passes_through = fields.BooleanField(null=True)

    class Meta:
        table = "slide"


class SlideSequence(Model):
    """The slide's counter. Only `api.collaboration.log` advances it."""

    slide: fields.OneToOneRelation[Slide] = fields.OneToOneField("models.Slide", primary_key=True, related_name=False)
    slide_id: uuid.UUID
    seq = fields.BigIntField(default=0)

    class Meta:
        table = "slide_sequence"


class UploadStatus(enum.StrEnum):
    RECEIVING = "RECEIVING"
    CHECKING = "CHECKING"
    DONE = "DONE"
    REFUSED = "REFUSED"


class Upload(Model):
    """One tus upload.

    `offset` is what is safely on disk; `progress` is how much of a picture has been made into a pyramid, 0 to 1;
    `error` holds `{"code", "message", "params"}` when refused. Uploads of one `group_id` are files of one slide,
    which is made when `group_size` of them are complete.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name=False)
    user_id: uuid.UUID
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name=False)
    project_id: uuid.UUID
    filename = fields.CharField(max_length=255)
    length = fields.BigIntField()
    offset = fields.BigIntField(default=0)
    status = fields.CharEnumField(UploadStatus, max_length=16, default=UploadStatus.RECEIVING)
    progress = fields.FloatField(null=True)
    group_id = fields.UUIDField(null=True, db_index=True)
    group_size = fields.IntField(null=True)
    error: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    slide: fields.ForeignKeyNullableRelation[Slide] = fields.ForeignKeyField(
        "models.Slide", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    slide_id: uuid.UUID | None
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "upload"

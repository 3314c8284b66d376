"""Projects and who belongs to them."""

from __future__ import annotations

import enum
import uuid

from tortoise import fields
from tortoise.models import Model

from api.models.user import User


class Role(enum.StrEnum):
    """What a member may do, from most to least.

    Each may do all that those after it may, except that only REVIEWER and up review.
    """

    OWNER = "OWNER"
    MANAGER = "MANAGER"
    REVIEWER = "REVIEWER"
    ANNOTATOR = "ANNOTATOR"
    VIEWER = "VIEWER"


class Project(Model):
    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    name = fields.CharField(max_length=120)
    description = fields.TextField(default="")
    blind = fields.BooleanField(default=False, db_default=False)  # rules B1-B10 of docs/spec.md
    quota_bytes = fields.BigIntField(null=True)  # of its slide files together; null means no limit of its own
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    created_by_id: uuid.UUID | None
    created_at = fields.DatetimeField(auto_now_add=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "project"


class Membership(Model):
    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="memberships")
    project_id: uuid.UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="memberships")
    user_id: uuid.UUID
    role = fields.CharEnumField(Role, max_length=16)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "membership"
        unique_together = (("project", "user"),)

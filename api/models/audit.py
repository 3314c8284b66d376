"""The audit log: who changed permissions, took data out or deleted something."""

from __future__ import annotations

import enum
from typing import Any

from tortoise import fields
from tortoise.models import Model


class AuditKind(enum.StrEnum):
    """What an entry is about, as stored in `AuditEntry.kind`."""

    SIGNED_IN = "SIGNED_IN"
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a kind of entry
    API_TOKEN_CREATED = "API_TOKEN_CREATED"  # noqa: S105 - a kind of entry
    API_TOKEN_REVOKED = "API_TOKEN_REVOKED"  # noqa: S105 - a kind of entry
    PROJECT_CREATED = "PROJECT_CREATED"
    PROJECT_DELETED = "PROJECT_DELETED"
    PROJECT_BLINDED = "PROJECT_BLINDED"
    PROJECT_UNBLINDED = "PROJECT_UNBLINDED"
    MEMBER_ADDED = "MEMBER_ADDED"
    MEMBER_CHANGED = "MEMBER_CHANGED"
    MEMBER_REMOVED = "MEMBER_REMOVED"
    TERM_DELETED = "TERM_DELETED"
    SLIDE_DELETED = "SLIDE_DELETED"
    SLIDE_RESTORED = "SLIDE_RESTORED"
    PRIVATE_IMAGES_REMOVED = "PRIVATE_IMAGES_REMOVED"
    ANNOTATIONS_EXPORTED = "ANNOTATIONS_EXPORTED"
    SLIDE_FILE_EXPORTED = "SLIDE_FILE_EXPORTED"


class AuditEntry(Model):
    """One entry, written once and never changed. It names by plain ids and names of then, so it outlives what it names.

    `project_id` is null for what concerns an account alone. `details` are a JSON object that depends on the kind.
    """

    id = fields.BigIntField(primary_key=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    kind = fields.CharField(max_length=32)  # of `AuditKind`; text, so that a new kind changes no table
    actor_id = fields.UUIDField(null=True)
    actor_name = fields.CharField(max_length=120, default="")
    address = fields.CharField(max_length=64, default="")
    project_id = fields.UUIDField(null=True)
    subject_id = fields.CharField(max_length=64, null=True)
    subject_name = fields.CharField(max_length=255, default="")
    details: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "audit_entry"
        indexes = (("project_id", "id"),)

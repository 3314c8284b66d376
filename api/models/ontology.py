"""A project's terms: what an annotation can mean."""

from __future__ import annotations

import uuid

from tortoise import fields
from tortoise.models import Model

from api.models.project import Project


class Term(Model):
    """A meaning with a colour. Deleted terms stay, so that old annotations keep their name.

    `parent_id` names the term of the same project that this one is a kind of, and null stands for the top of the tree.
    `position` counts the living terms of a project through the tree, a parent before its children.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField("models.Project", related_name="terms")
    project_id: uuid.UUID
    name = fields.CharField(max_length=120)
    color = fields.CharField(max_length=7)
    hotkey = fields.CharField(max_length=1, null=True)
    position = fields.IntField(default=0)
    parent_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "term"

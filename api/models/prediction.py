"""Predictions and the shards workers claim."""

from __future__ import annotations

import enum
import uuid
from typing import Any

from tortoise import fields
from tortoise.models import Model

from api.models.slide import Slide
from api.models.user import User


class PredictionStatus(enum.StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Prediction(Model):
    """A request to run a model over a slide or a region of it.

    `region` is `[x, y, width, height]` in level-0 pixels or null for the whole slide; `focus` the same for what
    the asker looks at.
    `done` and `total` count tissue patches; `figures` holds the result's measures: `{"tissue_mm2", "cancer_mm2",
    "polygons", "seconds", "mp_per_s", …}`.
    `priority` goes before age in the queue. `viewports` is what people look at while it runs, told by the API, so that
    workers do it first. `source_id` names the prediction of whose probabilities this one was made by another threshold.
    `error` says why it failed, in English; `error_code` and `error_params` say it for translating.
    `heatmap_version` rises with each batch of changed heatmap tiles, so that a tile of one version never changes.
    """

    slide_id: uuid.UUID
    requested_by_id: uuid.UUID | None

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    slide: fields.ForeignKeyRelation[Slide] = fields.ForeignKeyField("models.Slide", related_name="predictions")
    model = fields.CharField(max_length=64)
    model_version = fields.CharField(max_length=32)
    region: fields.Field[list[float] | None] = fields.JSONField(null=True)
    focus: fields.Field[list[float] | None] = fields.JSONField(null=True)
    viewports: fields.Field[list[list[float]] | None] = fields.JSONField(null=True)
    status = fields.CharEnumField(PredictionStatus, max_length=16, default=PredictionStatus.QUEUED)
    priority = fields.IntField(default=0, db_default=0)
    source_id = fields.UUIDField(null=True)
    threshold = fields.FloatField()
    done = fields.IntField(default=0)
    total = fields.IntField(null=True)
    heatmap_version = fields.IntField(default=0)
    figures: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    error = fields.TextField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_params: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    layer_id = fields.UUIDField(null=True)
    requested_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "models.User", related_name=False, null=True, on_delete=fields.SET_NULL
    )
    cancelled_by_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "prediction"
        indexes = (("status", "created_at"),)


class ShardStatus(enum.StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class ShardKind(enum.StrEnum):
    """What a shard asks for.

    LEAD: all of a prediction; of a large one to cut it into parts, to draw and to join. PART: the patches of one block.
    RETRACE: polygons from an earlier prediction's probabilities.
    """

    LEAD = "LEAD"
    PART = "PART"
    RETRACE = "RETRACE"


class PredictionShard(Model):
    """A part of a prediction that one worker does at a time: the lease queue.

    A shard is free when QUEUED and past `not_before`, or RUNNING and past `lease_until`. Its checkpoint lies in
    storage, not here. `number` is a PART's place among those of its prediction, 0 for others.
    """

    id = fields.UUIDField(primary_key=True, default=uuid.uuid4)
    prediction: fields.ForeignKeyRelation[Prediction] = fields.ForeignKeyField(
        "models.Prediction", related_name="shards"
    )
    region: fields.Field[list[float]] = fields.JSONField()
    kind = fields.CharEnumField(ShardKind, max_length=16, default=ShardKind.LEAD, db_default="LEAD")
    number = fields.IntField(default=0, db_default=0)
    status = fields.CharEnumField(ShardStatus, max_length=16, default=ShardStatus.QUEUED)
    worker = fields.CharField(max_length=64, null=True)
    attempts = fields.IntField(default=0)
    not_before = fields.DatetimeField(null=True)
    lease_until = fields.DatetimeField(null=True)
    error = fields.TextField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_params: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "prediction_shard"
        indexes = (("status", "lease_until"),)


class HeatmapTile(Model):
    """Which version of a heatmap tile is the newest. The bytes lie in storage, a tile of one version never changes."""

    id = fields.BigIntField(primary_key=True)
    prediction: fields.ForeignKeyRelation[Prediction] = fields.ForeignKeyField("models.Prediction", related_name=False)
    level = fields.IntField()
    column = fields.IntField()
    row = fields.IntField()
    version = fields.IntField()

    class Meta:
        table = "heatmap_tile"
        unique_together = (("prediction", "level", "column", "row"),)
        indexes = (("prediction_id", "version"),)

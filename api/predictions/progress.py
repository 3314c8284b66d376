"""How far a prediction is: written by its worker in one transaction, with the heatmap tiles that changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.models.prediction import Prediction, PredictionShard, ShardStatus
from api.models.transaction import transaction
from api.predictions.heatmap import TileKey
from api.predictions.jobs import Claim

INTERVAL_S = 0.25
"""Progress is told at most this often."""


async def report(
    claim: Claim,
    lease_s: float,
    *,
    done: int,
    total: int,
    version: int,
    figures: dict[str, Any],
    tiles: Sequence[TileKey] = (),
    has_progress: bool = True,
) -> bool:
    """Store progress and which heatmap tiles are now of `version`; it is a heartbeat, too.

    False, and nothing written, when the claim was lost or the prediction cancelled.

    Args:
        done, total: patches.
        version: the heatmap's version, higher than any before when `tiles` are given.
        figures: the measures so far, all of them.
        has_progress: patches were finished since this claim began, so that earlier attempts no longer count.
    """
    async with transaction() as connection:
        held = PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
        until = datetime.now(UTC) + timedelta(seconds=lease_s)
        changes: dict[str, Any] = {"lease_until": until} | ({"attempts": 1} if has_progress else {})
        if not await held.using_db(connection).update(**changes):
            return False
        prediction = Prediction.filter(id=claim.prediction_id)
        await prediction.using_db(connection).update(done=done, total=total, heatmap_version=version, figures=figures)
        if tiles:
            await _keep(connection, claim.prediction_id, tiles, version)
    return True


async def _keep(connection: BaseDBAsyncClient, prediction_id: UUID, tiles: Sequence[TileKey], version: int) -> None:
    """One row a tile. REPLACE is the one upsert that SQLite, MySQL and MariaDB all understand."""
    statement = "REPLACE INTO heatmap_tile (prediction_id, level, `column`, `row`, version) VALUES (?, ?, ?, ?, ?)"
    if connection.capabilities.dialect != "sqlite":
        statement = statement.replace("?", "%s")
    await connection.execute_many(
        statement,
        [[str(prediction_id), key.level, key.column, key.row, version] for key in tiles],
    )

"""How far a prediction is: written by its worker in one transaction, with the heatmap tiles that changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from api.models.prediction import HeatmapTile, Prediction, PredictionShard, ShardStatus
from api.predictions.heatmap import TileKey
from api.predictions.jobs import Claim

INTERVAL_S = 0.25
"""Progress is told at most this often."""
_TILES_A_STATEMENT = 500


async def report(
    claim: Claim,
    lease_s: float,
    *,
    done: int,
    total: int,
    version: int,
    figures: dict[str, Any],
    tiles: Sequence[TileKey] = (),
) -> bool:
    """Store progress and which heatmap tiles are now of `version`; it is a heartbeat, too.

    False, and nothing written, when the claim was lost or the prediction cancelled.

    Args:
        done, total: patches.
        version: the heatmap's version, higher than any before when `tiles` are given.
        figures: the measures so far, all of them.
    """
    async with in_transaction() as connection:
        held = PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
        until = datetime.now(UTC) + timedelta(seconds=lease_s)
        if not await held.using_db(connection).update(lease_until=until, attempts=1):
            return False
        prediction = Prediction.filter(id=claim.prediction_id)
        await prediction.using_db(connection).update(done=done, total=total, heatmap_version=version, figures=figures)
        for start in range(0, len(tiles), _TILES_A_STATEMENT):
            await _keep(connection, claim.prediction_id, tiles[start : start + _TILES_A_STATEMENT], version)
    return True


async def _keep(connection: BaseDBAsyncClient, prediction_id: UUID, tiles: Sequence[TileKey], version: int) -> None:
    await HeatmapTile.bulk_create(
        [
            HeatmapTile(prediction_id=prediction_id, level=key.level, column=key.column, row=key.row, version=version)
            for key in tiles
        ],
        on_conflict=("prediction_id", "level", "column", "row"),
        update_fields=("version",),
        using_db=connection,
    )

"""The lease queue: predictions wait in the database, workers claim shards and prove by heartbeat that they still work.

A claim carries a token that nobody else has, and every statement of a worker names it: whoever lost the lease can't
write any more. Crash-proof by arithmetic: a claim counts as an attempt, progress sets the count back, and a shard
that ends its worker `MAX_ATTEMPTS` times without progress is set aside as poison, with its reason.
"""

from __future__ import annotations

import enum
import os
import secrets
import socket
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q

from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardStatus
from api.models.transaction import transaction

MAX_ATTEMPTS = 4
BACKOFF_S = (1.0, 5.0, 20.0)
_CANDIDATES = 16
_POISON = (
    f"The worker stopped without a word {MAX_ATTEMPTS} times while working on this slide. "
    "The file may be damaged: look into the worker's log, or upload it anew."
)
_LIVE = (PredictionStatus.QUEUED, PredictionStatus.RUNNING)


class Standing(enum.Enum):
    """What a worker learns from its heartbeat."""

    GO_ON = "go on"
    CANCELLED = "cancelled"
    SLIDE_GONE = "slide gone"
    LOST = "lost"


@dataclass(frozen=True)
class Claim:
    """One worker's hold on one shard."""

    token: str
    shard_id: UUID
    prediction_id: UUID
    attempt: int


def new_token() -> str:
    """Who claims, for people reading the table, and a part that nobody else has."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(8)}"


async def claim(lease_s: float) -> Claim | None:
    """Take the oldest free shard; None when there is none. Shards whose workers died too often are failed on the way.

    A compare-and-set on one row by its key: the same statement is right on SQLite, MySQL and MariaDB, and nobody waits
    for anybody. Who comes second changes no row and tries the next shard.
    """
    now = _now()
    free = Q(status=ShardStatus.QUEUED) & (Q(not_before__isnull=True) | Q(not_before__lte=now))
    expired = Q(status=ShardStatus.RUNNING, lease_until__lt=now)
    candidates = (
        await PredictionShard.filter(free | expired, prediction__status__in=_LIVE)
        .order_by("prediction__created_at", "created_at", "id")
        .limit(_CANDIDATES)
        .values("id", "prediction_id", "attempts", "error")
    )
    for row in candidates:
        held = Claim(new_token(), row["id"], row["prediction_id"], row["attempts"] + 1)
        taken = await PredictionShard.filter(free | expired, id=held.shard_id, attempts=row["attempts"]).update(
            status=ShardStatus.RUNNING,
            worker=held.token,
            lease_until=now + timedelta(seconds=lease_s),
            attempts=held.attempt,
        )
        if not taken:
            continue
        if held.attempt > MAX_ATTEMPTS:
            await fail(held, row["error"] or _POISON, for_good=True)
            continue
        await Prediction.filter(id=held.prediction_id, status=PredictionStatus.QUEUED).update(
            status=PredictionStatus.RUNNING, started_at=now
        )
        return held
    return None


async def heartbeat(claim: Claim, lease_s: float) -> Standing:
    """Keep the lease, and learn whether to go on."""
    held = PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
    kept = await held.update(lease_until=_now() + timedelta(seconds=lease_s))
    found = await Prediction.filter(id=claim.prediction_id).values(
        "status", "slide__deleted_at", "slide__project__deleted_at"
    )
    if not found or found[0]["slide__deleted_at"] or found[0]["slide__project__deleted_at"]:
        return Standing.SLIDE_GONE
    if found[0]["status"] == PredictionStatus.CANCELLED:
        return Standing.CANCELLED
    return Standing.GO_ON if kept else Standing.LOST


async def complete(claim: Claim, *, figures: dict[str, Any], layer_id: UUID | None) -> bool:
    """Mark the shard and its prediction done; False, and nothing written, when the claim was lost or cancelled."""
    async with transaction() as connection:
        done = (
            await PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
            .using_db(connection)
            .update(status=ShardStatus.DONE, lease_until=None, error=None)
        )
        if not done:
            return False
        return bool(
            await Prediction.filter(id=claim.prediction_id, status=PredictionStatus.RUNNING)
            .using_db(connection)
            .update(
                status=PredictionStatus.SUCCEEDED, figures=figures, layer_id=layer_id, error=None, finished_at=_now()
            )
        )


async def fail(claim: Claim, reason: str, *, for_good: bool = False) -> None:
    """Give a shard back after an error: tried again after a pause, or, at the last attempt or `for_good`, failed."""
    async with transaction() as connection:
        held = (
            await PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
            .using_db(connection)
            .update(error=reason, lease_until=None)
        )
        if not held:
            return
        shard = await PredictionShard.get(id=claim.shard_id, using_db=connection)
        if for_good or shard.attempts >= MAX_ATTEMPTS:
            await _set_aside(connection, claim.shard_id, claim.prediction_id, reason)
            return
        pause_s = BACKOFF_S[min(shard.attempts, len(BACKOFF_S)) - 1]
        await (
            PredictionShard.filter(id=claim.shard_id)
            .using_db(connection)
            .update(status=ShardStatus.QUEUED, worker=None, not_before=_now() + timedelta(seconds=pause_s))
        )


async def release(claim: Claim) -> None:
    """Give a shard back unharmed, such as when the worker is asked to stop: it is free at once, no attempt counts."""
    await PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING).update(
        status=ShardStatus.QUEUED, worker=None, lease_until=None, attempts=max(0, claim.attempt - 1)
    )


async def cancel(prediction_id: UUID, *, by: UUID | None, reason: str = "Cancelled.") -> bool:
    """End a waiting or running prediction; its worker notices at its next heartbeat. False when it had ended before."""
    async with transaction() as connection:
        # Shards before their prediction, as everywhere here: the same order of locks can't deadlock.
        waiting = PredictionShard.filter(
            prediction_id=prediction_id, status__in=(ShardStatus.QUEUED, ShardStatus.RUNNING)
        )
        await waiting.using_db(connection).update(status=ShardStatus.FAILED, error=reason, lease_until=None)
        prediction = Prediction.filter(id=prediction_id, status__in=_LIVE)
        return bool(
            await prediction.using_db(connection).update(
                status=PredictionStatus.CANCELLED, cancelled_by_id=by, error=None, finished_at=_now()
            )
        )


async def retry(prediction_id: UUID) -> bool:
    """Queue a failed or cancelled prediction again; False, and nothing changed, for others.

    What its checkpoint still holds is not inferred again.
    """
    async with transaction() as connection:
        shards = PredictionShard.filter(prediction_id=prediction_id, status=ShardStatus.FAILED)
        shards = shards.filter(prediction__status__in=(PredictionStatus.FAILED, PredictionStatus.CANCELLED))
        ids = await shards.using_db(connection).values_list("id", flat=True)
        if not ids:
            return False
        await (
            PredictionShard.filter(id__in=ids)
            .using_db(connection)
            .update(status=ShardStatus.QUEUED, worker=None, lease_until=None, not_before=None, attempts=0, error=None)
        )
        return bool(
            await Prediction.filter(id=prediction_id, status__in=(PredictionStatus.FAILED, PredictionStatus.CANCELLED))
            .using_db(connection)
            .update(status=PredictionStatus.QUEUED, error=None, cancelled_by_id=None, started_at=None, finished_at=None)
        )


async def queue_places(prediction_ids: Collection[UUID]) -> dict[UUID, int]:
    """For those that wait: how many predictions wait before, plus one."""
    waiting = await Prediction.filter(status=PredictionStatus.QUEUED).order_by("created_at", "id").values_list("id")
    return {waits: place for place, (waits,) in enumerate(waiting, 1) if waits in prediction_ids}


async def _set_aside(connection: BaseDBAsyncClient, shard_id: UUID, prediction_id: UUID, reason: str) -> None:
    await (
        PredictionShard.filter(id=shard_id)
        .using_db(connection)
        .update(status=ShardStatus.FAILED, lease_until=None, error=reason)
    )
    await (
        Prediction.filter(id=prediction_id, status__in=_LIVE)
        .using_db(connection)
        .update(status=PredictionStatus.FAILED, error=reason, finished_at=_now())
    )


def _now() -> datetime:
    return datetime.now(UTC)

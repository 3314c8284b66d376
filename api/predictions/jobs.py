"""The lease queue: predictions wait in the database, workers claim shards and prove by heartbeat that they still work.

A claim carries a token that nobody else has, and every statement of a worker names it: whoever lost the lease can't
write any more. Crash-proof by arithmetic: a claim counts as an attempt, progress sets the count back, and a shard
that ends its worker `MAX_ATTEMPTS` times without progress is set aside as poison, with its reason. For the parts of
large predictions, see `api.predictions.shards`.
"""

from __future__ import annotations

import enum
import os
import secrets
import socket
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q

from api.errors import PlatformError, Unavailable
from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardKind, ShardStatus
from api.models.transaction import transaction

MAX_ATTEMPTS = 4
BACKOFF_S = (1.0, 5.0, 20.0)
PAUSE_S, LONGEST_PAUSE_S = 3.0, 60.0
_CANDIDATES = 64
_WHOSE = {
    "person": "prediction__requested_by_id",
    "project": "prediction__slide__project_id",
    "priority": "prediction__priority",
}
NO_ERROR: dict[str, Any] = {"error": None, "error_code": None, "error_params": None}
_LIVE = (PredictionStatus.QUEUED, PredictionStatus.RUNNING)


class Standing(enum.Enum):
    """What a worker learns from its heartbeat."""

    GO_ON = "go on"
    CANCELLED = "cancelled"
    SLIDE_GONE = "slide gone"
    SLIDE_REPLACED = "slide replaced"
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


async def claim(lease_s: float, project_limit: int | None = None) -> Claim | None:
    """Take the free shard whose turn it is; None when there is none.

    Higher priority goes first; then those of whom the fewest predictions run, so that one person's many do not keep
    others waiting; then the oldest. Shards whose workers died too often are failed on the way.

    Args:
        project_limit: how many predictions of one project may run at a time.

    A compare-and-set on one row by its key: the same statement is right on SQLite, MySQL and MariaDB, and nobody waits
    for anybody. Who comes second changes no row and tries the next shard.
    """
    now = _now()
    # Parts are not claimed here: who helps with a prediction takes one after the other (`api.predictions.shards`).
    whole = PredictionShard.filter(kind__in=(ShardKind.LEAD, ShardKind.RETRACE))
    candidates = (
        await whole.filter(free_at(now), prediction__status__in=_LIVE)
        .order_by("-prediction__priority", "prediction__created_at", "created_at", "id")
        .limit(_CANDIDATES)
        .values("id", "prediction_id", "attempts", "error", "error_code", "error_params", *_WHOSE.values())
    )
    if not candidates:
        return None
    running = await whole.filter(status=ShardStatus.RUNNING, lease_until__gte=now).values(*_WHOSE.values())
    for row in in_turn(candidates, running, project_limit):
        held = Claim(new_token(), row["id"], row["prediction_id"], row["attempts"] + 1)
        taken = await PredictionShard.filter(free_at(now), id=held.shard_id, attempts=row["attempts"]).update(
            status=ShardStatus.RUNNING,
            worker=held.token,
            lease_until=now + timedelta(seconds=lease_s),
            attempts=held.attempt,
        )
        if not taken:
            continue
        if held.attempt > MAX_ATTEMPTS:
            await fail(held, reason_in(row) or _poisoned(), for_good=True)
            continue
        await Prediction.filter(id=held.prediction_id, status=PredictionStatus.QUEUED).update(
            status=PredictionStatus.RUNNING, started_at=now
        )
        return held
    return None


def free_at(now: datetime) -> Q:
    """Which shards can be claimed: those that wait and are past their pause, and those whose worker fell silent."""
    waits = Q(status=ShardStatus.QUEUED) & (Q(not_before__isnull=True) | Q(not_before__lte=now))
    return waits | Q(status=ShardStatus.RUNNING, lease_until__lt=now)


def in_turn(
    candidates: list[dict[str, Any]], running: list[dict[str, Any]], project_limit: int | None
) -> list[dict[str, Any]]:
    """The candidates, given from old to new, in the order in which they should be claimed; without those over a limit.

    Args:
        candidates, running: rows with the values of `_WHOSE`.
    """
    of_person = Counter(row[_WHOSE["person"]] for row in running)
    of_project = Counter(row[_WHOSE["project"]] for row in running)
    allowed = [row for row in candidates if project_limit is None or of_project[row[_WHOSE["project"]]] < project_limit]
    return sorted(
        allowed,
        key=lambda row: (
            -row[_WHOSE["priority"]],
            of_person[row[_WHOSE["person"]]],
            of_project[row[_WHOSE["project"]]],
        ),
    )


async def heartbeat(claim: Claim, lease_s: float) -> tuple[Standing, list[list[float]] | None]:
    """Keep the lease; learn whether to go on, and the viewports of the people on the slide."""
    held = PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
    kept = await held.update(lease_until=_now() + timedelta(seconds=lease_s))
    standing, viewports = await standing_of(claim.prediction_id)
    return (Standing.LOST if standing is Standing.GO_ON and not kept else standing), viewports


async def standing_of(prediction_id: UUID) -> tuple[Standing, list[list[float]] | None]:
    """Whether work on a prediction is to go on, and the viewports of the people on the slide."""
    found = await Prediction.filter(id=prediction_id).values(
        "status", "viewports", "figures", "slide__sha256", "slide__deleted_at", "slide__project__deleted_at"
    )
    if not found or found[0]["slide__deleted_at"] or found[0]["slide__project__deleted_at"]:
        return Standing.SLIDE_GONE, None
    if found[0]["status"] == PredictionStatus.CANCELLED:
        return Standing.CANCELLED, None
    if found[0]["figures"].get("sha256", found[0]["slide__sha256"]) != found[0]["slide__sha256"]:
        return Standing.SLIDE_REPLACED, None
    return (Standing.GO_ON if found[0]["status"] in _LIVE else Standing.LOST), found[0]["viewports"]


async def complete(claim: Claim, *, figures: dict[str, Any], layer_id: UUID | None) -> bool:
    """Mark the shard and its prediction done; False, and nothing written, when the claim was lost or cancelled."""
    async with transaction() as connection:
        done = (
            await PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
            .using_db(connection)
            .update(status=ShardStatus.DONE, lease_until=None, **NO_ERROR)
        )
        if not done:
            return False
        return bool(
            await Prediction.filter(id=claim.prediction_id, status=PredictionStatus.RUNNING)
            .using_db(connection)
            .update(
                status=PredictionStatus.SUCCEEDED,
                figures=figures,
                layer_id=layer_id,
                finished_at=_now(),
                **NO_ERROR,
            )
        )


async def fail(claim: Claim, reason: PlatformError, *, for_good: bool = False) -> None:
    """Give a shard back after an error: tried again after a pause, or, at the last attempt or `for_good`, failed."""
    async with transaction() as connection:
        held = (
            await PredictionShard.filter(id=claim.shard_id, worker=claim.token, status=ShardStatus.RUNNING)
            .using_db(connection)
            .update(lease_until=None, **_told(reason))
        )
        if not held:
            return
        shard = await PredictionShard.get(id=claim.shard_id, using_db=connection)
        if for_good or shard.attempts >= MAX_ATTEMPTS:
            await _set_aside(connection, shard, claim.prediction_id, reason)
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


async def pause(claim: Claim, notice: PlatformError) -> None:
    """Give a shard back that can't go on for want of something, which is told as the prediction's notice.

    It is free again after `PAUSE_S`, and after twice as long each time that it did not get on in between; no attempt
    counts, however long that goes on.
    """
    async with transaction() as connection:
        shard = PredictionShard.filter(id=claim.shard_id)
        held = (
            await shard.filter(worker=claim.token, status=ShardStatus.RUNNING)
            .using_db(connection)
            .update(status=ShardStatus.QUEUED, worker=None, lease_until=None, attempts=max(0, claim.attempt - 1))
        )
        if not held:
            return
        prediction = await Prediction.get(id=claim.prediction_id, using_db=connection)
        pauses = prediction.figures.get("pauses", 0)
        pause_s = min(LONGEST_PAUSE_S, PAUSE_S * 2**pauses)
        await shard.using_db(connection).update(not_before=_now() + timedelta(seconds=pause_s))
        told = {"notice": notice.message, "notice_code": notice.code, "notice_params": notice.params}
        prediction.figures = {**prediction.figures, **told, "pauses": pauses + 1}
        await prediction.save(using_db=connection, update_fields=["figures"])


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
                status=PredictionStatus.CANCELLED, cancelled_by_id=by, finished_at=_now(), **NO_ERROR
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
            .update(status=ShardStatus.QUEUED, worker=None, lease_until=None, not_before=None, attempts=0, **NO_ERROR)
        )
        return bool(
            await Prediction.filter(id=prediction_id, status__in=(PredictionStatus.FAILED, PredictionStatus.CANCELLED))
            .using_db(connection)
            .update(status=PredictionStatus.QUEUED, cancelled_by_id=None, started_at=None, finished_at=None, **NO_ERROR)
        )


async def queue_places(prediction_ids: Collection[UUID]) -> dict[UUID, int]:
    """For those that wait: how many predictions wait before, plus one."""
    queued = Prediction.filter(status=PredictionStatus.QUEUED).order_by("-priority", "created_at", "id")
    waiting = await queued.values_list("id")
    return {waits: place for place, (waits,) in enumerate(waiting, 1) if waits in prediction_ids}


async def _set_aside(
    connection: BaseDBAsyncClient, shard: PredictionShard, prediction_id: UUID, reason: PlatformError
) -> None:
    """Fail a shard, and its prediction with it, unless it is only a part of that."""
    await (
        PredictionShard.filter(id=shard.id)
        .using_db(connection)
        .update(status=ShardStatus.FAILED, lease_until=None, **_told(reason))
    )
    if shard.kind is ShardKind.PART:
        return
    await (
        Prediction.filter(id=prediction_id, status__in=_LIVE)
        .using_db(connection)
        .update(status=PredictionStatus.FAILED, finished_at=_now(), **_told(reason))
    )


def _poisoned() -> PlatformError:
    return Unavailable(
        f"The worker stopped without a word {MAX_ATTEMPTS} times while working on this slide. "
        "The file may be damaged: look into the worker's log, or upload it anew.",
        code="PREDICTION_POISON",
        params={"attempts": MAX_ATTEMPTS},
    )


def reason_in(row: Mapping[str, Any]) -> PlatformError | None:
    """The reason that the columns `error`, `error_code` and `error_params` keep."""
    message, code, params = row["error"], row["error_code"], row["error_params"]
    return PlatformError(message, code=code, params=params) if message else None


def _told(reason: PlatformError) -> dict[str, Any]:
    """The columns that say why."""
    return {"error": reason.message, "error_code": reason.code, "error_params": reason.params or None}


def _now() -> datetime:
    return datetime.now(UTC)

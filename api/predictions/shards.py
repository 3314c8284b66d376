"""The parts of a large prediction in the lease queue: cut by its lead, claimed one by one by whoever helps.

A part is claimed, kept, failed and set aside as `api.predictions.jobs` says of shards; what a part's failing means for
its prediction differs: the rest goes on without it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tortoise.expressions import F

from api.errors import PlatformError, Unavailable
from api.models.prediction import PredictionShard, PredictionStatus, ShardKind, ShardStatus
from api.models.transaction import transaction
from api.predictions.jobs import MAX_ATTEMPTS, NO_ERROR, Claim, fail, free_at, reason_in

_ROWS_A_STATEMENT = 500


@dataclass(frozen=True)
class PartState:
    """A part as the database has it.

    Attributes:
        is_free: it can be claimed now.
        attempts: claims that did not end well, or go on; such a part is a suspect.
        reason: why it was set aside, or failed last.
    """

    number: int
    shard_id: UUID
    status: ShardStatus
    attempts: int
    is_free: bool
    reason: PlatformError | None


async def cut(lead: Claim, regions: Sequence[list[float]], lease_s: float) -> bool:
    """Make one part for each region, in level-0 pixels; those of an earlier lead stay. False when the lead was lost."""
    async with transaction() as connection:
        held = PredictionShard.filter(id=lead.shard_id, worker=lead.token, status=ShardStatus.RUNNING)
        # A change of something, or MySQL would count no row: the lease is kept by it.
        if not await held.using_db(connection).update(lease_until=datetime.now(UTC) + timedelta(seconds=lease_s)):
            return False
        parts = PredictionShard.filter(prediction_id=lead.prediction_id, kind=ShardKind.PART)
        if not await parts.using_db(connection).exists():
            rows = [
                PredictionShard(
                    id=uuid4(), prediction_id=lead.prediction_id, kind=ShardKind.PART, number=number, region=region
                )
                for number, region in enumerate(regions)
            ]
            await PredictionShard.bulk_create(rows, batch_size=_ROWS_A_STATEMENT, using_db=connection)
    return True


async def states(prediction_id: UUID) -> list[PartState]:
    """All parts of a prediction, by number."""
    now = datetime.now(UTC)
    rows = await (
        PredictionShard.filter(prediction_id=prediction_id, kind=ShardKind.PART)
        .order_by("number")
        .values(
            "number", "id", "status", "attempts", "not_before", "lease_until", "error", "error_code", "error_params"
        )
    )
    return [
        PartState(
            row["number"],
            row["id"],
            ShardStatus(row["status"]),
            row["attempts"],
            (row["status"] == ShardStatus.QUEUED and (row["not_before"] is None or row["not_before"] <= now))
            or (row["status"] == ShardStatus.RUNNING and row["lease_until"] is not None and row["lease_until"] < now),
            reason_in(row),
        )
        for row in rows
    ]


async def claim_part(
    state: PartState, prediction_id: UUID, token: str, lease_s: float, lead: Claim | None
) -> Claim | None:
    """Take a part; None when somebody else has it, or when it was claimed too often and is now set aside.

    Args:
        state: as it was last seen, which must still be so.
        lead: the claim of the prediction's lead, when that is who asks: for it, a part begun is progress.
    """
    now = datetime.now(UTC)
    held = Claim(token, state.shard_id, prediction_id, state.attempts + 1)
    async with transaction() as connection:
        free = PredictionShard.filter(free_at(now), id=state.shard_id, attempts=state.attempts)
        taken = await free.using_db(connection).update(
            status=ShardStatus.RUNNING,
            worker=token,
            lease_until=now + timedelta(seconds=lease_s),
            attempts=held.attempt,
        )
        if taken and lead is not None and held.attempt <= MAX_ATTEMPTS:
            await (
                PredictionShard.filter(id=lead.shard_id, worker=token, status=ShardStatus.RUNNING)
                .using_db(connection)
                .update(attempts=1)
            )
    if taken and held.attempt > MAX_ATTEMPTS:
        await fail(held, state.reason or _poisoned(), for_good=True)
        return None
    return held if taken else None


async def part_done(part: Claim) -> bool:
    """Mark a part done; False when it was lost."""
    held = PredictionShard.filter(id=part.shard_id, worker=part.token, status=ShardStatus.RUNNING)
    return bool(await held.update(status=ShardStatus.DONE, lease_until=None, **NO_ERROR))


async def keep_parts(prediction_id: UUID, token: str, lease_s: float) -> None:
    """The heartbeat of all parts that a worker holds of a prediction."""
    until = datetime.now(UTC) + timedelta(seconds=lease_s)
    held = PredictionShard.filter(prediction_id=prediction_id, worker=token, kind=ShardKind.PART)
    await held.filter(status=ShardStatus.RUNNING).update(lease_until=until)


async def release_parts(prediction_id: UUID, token: str) -> None:
    """Give back unharmed what a worker holds of a prediction's parts: they are free at once, no attempt counts."""
    held = PredictionShard.filter(prediction_id=prediction_id, worker=token, kind=ShardKind.PART)
    await held.filter(status=ShardStatus.RUNNING).update(
        status=ShardStatus.QUEUED, worker=None, lease_until=None, attempts=F("attempts") - 1
    )


async def reopen(lead: Claim, numbers: Collection[int]) -> None:
    """Have parts done again that count as done, but whose patches are not in storage."""
    parts = PredictionShard.filter(prediction_id=lead.prediction_id, kind=ShardKind.PART, number__in=list(numbers))
    await parts.filter(status=ShardStatus.DONE).update(
        status=ShardStatus.QUEUED, worker=None, attempts=0, not_before=None
    )


async def next_to_help(excluded: Collection[UUID]) -> UUID | None:
    """The running prediction whose free parts come first: by priority, then by age."""
    now = datetime.now(UTC)
    free = PredictionShard.filter(free_at(now), kind=ShardKind.PART, prediction__status=PredictionStatus.RUNNING)
    if excluded:
        free = free.exclude(prediction_id__in=list(excluded))
    found = await free.order_by("-prediction__priority", "prediction__created_at", "number").first()
    return None if found is None else found.prediction_id  # type: ignore[attr-defined]


def _poisoned() -> PlatformError:
    return Unavailable(
        f"The worker stopped without a word {MAX_ATTEMPTS} times while working on this part of the slide. "
        "The file may be damaged there: look into the worker's log.",
        code="PREDICTION_POISON_PART",
        params={"attempts": MAX_ATTEMPTS},
    )

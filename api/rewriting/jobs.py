"""The rows of jobs: asked for, claimed, held by a lease, ended. A process that died leaves its job to the next one.

Rules W1-W3 of docs/spec.md.

    PENDING --claimed--> RUNNING --done--> DONE
       ^---- put off -------+---failed---> FAILED
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from tortoise.expressions import Q

from api.errors import Conflict, PlatformError
from api.models.slide import Slide
from api.models.slide_job import SlideJob, SlideJobKind, SlideJobStatus

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
PUT_OFF = timedelta(seconds=60)
ACTIVE = (SlideJobStatus.PENDING, SlideJobStatus.RUNNING)


async def ask(slide: Slide, kind: SlideJobKind, user_id: UUID | None, address: str) -> SlideJob:
    """The slide's job of this kind, which waits or runs; a new one where there is none.

    Call it while the slide's sequence is locked.

    Raises:
        Conflict: `SLIDE_JOB_ACTIVE`, another kind of work on the slide's file is not finished.
    """
    active = await SlideJob.filter(slide_id=slide.id, status__in=ACTIVE).first()
    if active is not None and active.kind is not kind:
        raise Conflict(
            "The slide's file is being rewritten already. Wait until that is done, then ask again.",
            code="SLIDE_JOB_ACTIVE",
            params={"kind": active.kind.value},
        )
    return active or await SlideJob.create(slide_id=slide.id, kind=kind, requested_by_id=user_id, address=address)


async def latest_of(slide_ids: list[UUID]) -> dict[UUID, SlideJob]:
    """Each slide's newest job; slides without one are left out."""
    rows = await SlideJob.filter(slide_id__in=slide_ids).order_by("created_at")
    return {row.slide_id: row for row in rows}


async def claim() -> SlideJob | None:
    """The oldest job that waits or was left, as RUNNING, held for `LEASE`; None when there is none."""
    now = datetime.now(UTC)
    is_free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    job = await SlideJob.filter(is_free, status__in=ACTIVE).order_by("created_at", "id").first()
    if job is None:
        return None
    mine = SlideJob.filter(is_free, id=job.id, attempt=job.attempt, status__in=ACTIVE)
    values = {"status": SlideJobStatus.RUNNING, "attempt": job.attempt + 1, "claimed_until": now + LEASE}
    if not await mine.update(**values, progress=0.0):
        return None
    return await SlideJob.get_or_none(id=job.id)


def work_id(job: SlideJob, attempt: int | None = None) -> UUID:
    """Names the folder of one attempt: what an earlier one left can't get in the way."""
    return uuid5(job.id, str(job.attempt if attempt is None else attempt))


async def hold(job: SlideJob, progress: float) -> bool:
    """Go on holding a job and say how far it has come; whether it is still this process's."""
    now = datetime.now(UTC)
    return bool(await _mine(job).update(claimed_until=now + LEASE, progress=progress))


async def finish(job: SlideJob) -> bool:
    """End a job that was done; whether it was still this process's. Call it in the transaction of what it did."""
    return bool(
        await _mine(job).update(
            status=SlideJobStatus.DONE, progress=1.0, finished_at=datetime.now(UTC), claimed_until=None
        )
    )


async def fail(job: SlideJob, error: PlatformError) -> None:
    """End a job with the reason why it can't be done."""
    told = {"code": error.code, "message": error.message, "params": error.params}
    await _mine(job).update(status=SlideJobStatus.FAILED, error=told, finished_at=datetime.now(UTC), claimed_until=None)


async def put_off(job: SlideJob) -> None:
    """Let a job wait for a minute: what it needs is away."""
    await _mine(job).update(status=SlideJobStatus.PENDING, claimed_until=datetime.now(UTC) + PUT_OFF)


def _mine(job: SlideJob):  # type: ignore[no-untyped-def]  # Tortoise's query set has no public type argument here
    return SlideJob.filter(id=job.id, attempt=job.attempt, status=SlideJobStatus.RUNNING)

"""Does the jobs, one after the other in each API process, in a reader of their own that gives way to viewers."""

from __future__ import annotations

import asyncio
import logging
from typing import NoReturn
from uuid import UUID

from api.auth import audit
from api.collaboration import log
from api.collaboration.channel import Channel, announce
from api.collaboration.log import EventKind, Origin, SlideTransaction
from api.errors import PlatformError, Unavailable
from api.models.audit import AuditKind
from api.models.slide import Slide
from api.models.slide_job import SlideJob, SlideJobKind
from api.models.user import User
from api.rewriting import jobs
from api.slides.chores import keep_doing
from api.slides.facts import PRIVATE_IMAGES
from api.slides.rewriter import Rewriter, Rewritten
from api.slides.storage import Storage

logger = logging.getLogger("coslide.rewriting")

LOOK_EVERY_S = 10.0
BEAT_S = 1.0
WAITS_FOR_PEOPLE = frozenset({"DISK_FULL"})
"""What is away and does not come back by waiting."""


class Lost(Exception):
    """The job is another process's now, or gone with its slide, or the slide's file was changed meanwhile."""


class JobRunner:
    """Takes jobs from the database."""

    def __init__(self, rewriter: Rewriter, storage: Storage, channel: Channel) -> None:
        self._rewriter = rewriter
        self._storage = storage
        self._channel = channel
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Say that there is a new job."""
        self._news.set()

    async def run_forever(self) -> NoReturn:
        """Do whatever job there is; run it in the server's task group."""
        await keep_doing(self.run_next, self._news, LOOK_EVERY_S, logger)

    async def run_next(self) -> UUID | None:
        """Do the oldest job that waits; its id, or None when there is none."""
        job = await jobs.claim()
        if job is None:
            return None
        for attempt in range(1, job.attempt):
            self._storage.remove_upload(jobs.work_id(job, attempt))
        slide = await Slide.get(id=job.slide_id)
        try:
            if job.attempt > jobs.MOST_ATTEMPTS:
                raise Unavailable(
                    f"The work was broken off {jobs.MOST_ATTEMPTS} times, by a restart or for want of memory. The "
                    f"server's log says more; ask again when that is mended.",
                    code="SLIDE_JOB_BROKEN_OFF",
                    params={"attempts": jobs.MOST_ATTEMPTS},
                )
            rewritten = await self._held(job, slide)
            await self._use(job, slide, rewritten)
        except Lost:
            logger.info("job %s on slide %s was given up: it is not this process's any more", job.id, slide.id)
        except PlatformError as error:
            await self._refuse(job, error)
        return job.id

    async def _held(self, job: SlideJob, slide: Slide) -> Rewritten:
        """What the job makes, while its lease is renewed."""
        work_id = jobs.work_id(job)
        making = asyncio.ensure_future(self._make(job, slide, work_id))
        try:
            while not (await asyncio.wait((making,), timeout=BEAT_S))[0]:
                if not await jobs.hold(job, self._rewriter.progress(work_id)):
                    raise Lost
            return await making
        finally:
            making.cancel()

    async def _make(self, job: SlideJob, slide: Slide, work_id: UUID) -> Rewritten:
        match job.kind:
            case SlideJobKind.TRANSCODE:
                return await self._rewriter.pyramid(slide, work_id)
            case SlideJobKind.KEEP_PYRAMID:
                return await self._rewriter.pyramid_alone(slide, work_id)
            case SlideJobKind.REMOVE_IMAGES:
                return await self._rewriter.without_images(slide, work_id)

    async def _use(self, job: SlideJob, slide: Slide, rewritten: Rewritten) -> None:
        """Let the slide use what was made, and remove what nobody uses any more."""
        origin = Origin(job.requested_by_id, f"job:{job.id.hex}", "done")

        async def change(transaction: SlideTransaction) -> None:
            same = Slide.filter(id=slide.id, sha256=slide.sha256)
            if not await jobs.finish(job) or not await same.update(**rewritten.columns):
                raise Lost
            await _record(job, slide, rewritten)
            await transaction.append(EventKind.SLIDE, {"deleted": False})

        try:
            # Held, so that nobody takes the new content for one that no slide uses.
            async with self._storage.exclusive(rewritten.sha256):
                if not await self._storage.holds_slide(rewritten.sha256):
                    raise Unavailable("What was made is gone again. Try again in a minute.", code="SLIDE_LOCKED")
                events = await log.write(slide.id, origin, change)
        except BaseException:
            await self._rewriter.remove_unused(rewritten.sha256)
            raise
        await announce(self._channel, slide.id, events[-1].seq)
        for sha256 in (slide.sha256, slide.pixels_sha256):
            if sha256 is not None:
                await self._rewriter.remove_unused(sha256)
        logger.info("slide %s: %s done", slide.id, job.kind)

    async def _refuse(self, job: SlideJob, error: PlatformError) -> None:
        may_pass = isinstance(error, Unavailable) and error.code not in WAITS_FOR_PEOPLE
        if may_pass and job.attempt < jobs.MOST_ATTEMPTS:
            await jobs.put_off(job)
        else:
            await jobs.fail(job, error)
        logger.warning("job %s (%s): %s", job.id, job.kind, error.message)


async def _record(job: SlideJob, slide: Slide, rewritten: Rewritten) -> None:
    """Say in the audit log that something was taken out for good."""
    if job.kind is SlideJobKind.TRANSCODE:
        return
    images = sorted(image["name"] for image in slide.associated if image["name"] in PRIVATE_IMAGES)
    asker = await User.get_or_none(id=job.requested_by_id) if job.requested_by_id else None
    await audit.record(
        AuditKind.PRIVATE_IMAGES_REMOVED,
        asker,
        project_id=slide.project_id,
        subject_id=slide.id,
        subject_name=slide.name,
        details={"images": images, "way": job.kind.value, "sha256": [slide.sha256, rewritten.sha256]},
        address=job.address,
    )

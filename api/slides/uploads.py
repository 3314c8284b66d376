"""Uploads that survive a lost connection and a restart.

How far one has come is in the database, and never ahead of the disk.

    RECEIVING --all bytes--> CHECKING --accepted--> DONE
        +--no slide begins so--+-----refused------> REFUSED
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import UUID, uuid4

from tortoise.expressions import F

from api.errors import Conflict, NotFound, PlatformError, UnsupportedSlide
from api.models.slide import Upload, UploadStatus
from api.slides.checksum import Checksum, Verifier
from api.slides.ingest import Ingest
from api.slides.names import safe_filename
from api.slides.space import require_quota, require_space
from api.slides.storage import Storage
from api.slides.upload_disk import folders_before
from api.slides.upload_finishing import UploadFinisher, refusal_of
from api.slides.upload_groups import UploadGroup
from api.slides.upload_lock import UploadGone, UploadLocked, exclusive
from api.slides.upload_receiving import UploadReceiver

logger = logging.getLogger("coslide.uploads")

SWEEP_EVERY_S = 600.0
KEEP_REFUSED = timedelta(days=7)


class Uploads:
    """Receives slide files in pieces.

    Args:
        max_bytes: largest file accepted.
        lifetime: time until an unfinished upload is removed.
        quota_bytes: room for the files of a project that has no quota of its own.
    """

    def __init__(
        self,
        storage: Storage,
        ingest: Ingest,
        *,
        max_bytes: int,
        lifetime: timedelta,
        quota_bytes: int | None = None,
    ) -> None:
        self._storage = storage
        self._receiver = UploadReceiver(storage, lifetime)
        self._finisher = UploadFinisher(storage, ingest)
        self.max_bytes = max_bytes
        self._quota_bytes = quota_bytes
        self._lifetime = lifetime

    async def create(
        self, *, user_id: UUID, project_id: UUID, filename: str, length: int, group: UploadGroup | None = None
    ) -> Upload:
        """Begin an upload of `length` bytes.

        Args:
            group: which other uploads it makes one slide with.

        Raises:
            TooLarge: over the size limit.
            QuotaExceeded: the project has no room for it.
            DiskFull: the disk can't hold it beside the others under way.
        """
        await require_space(self._storage, length, self.max_bytes)
        await require_quota(project_id, length, self._quota_bytes)
        upload_id = uuid4()
        folder = self._storage.new_upload_folder(upload_id)
        try:
            (folder / "slide").touch()
            return await Upload.create(
                id=upload_id,
                user_id=user_id,
                project_id=project_id,
                filename=safe_filename(filename),
                length=length,
                expires_at=datetime.now(UTC) + self._lifetime,
                group_id=group.id if group else None,
                group_size=group.size if group else None,
            )
        except BaseException:
            self._storage.remove_upload(upload_id)
            raise

    async def find(self, upload_id: UUID, user_id: UUID) -> Upload:
        """One's own upload that can still go on or tells how it ended.

        Raises:
            NotFound: there is none, or it is another person's.
            UploadGone: it has expired.
        """
        upload = await Upload.get_or_none(id=upload_id, user_id=user_id)
        if upload is None:
            raise NotFound(f"There is no upload {upload_id} of yours. Begin a new one.", code="NO_SUCH_UPLOAD")
        if upload.status is UploadStatus.RECEIVING and upload.expires_at <= datetime.now(UTC):
            raise UploadGone("The upload was left unfinished for too long and has been removed. Begin a new one.")
        return upload

    async def append(
        self, upload: Upload, offset: int, chunks: AsyncIterator[bytes], checksum: Checksum | None = None
    ) -> Upload:
        """Write bytes at `offset`; whatever arrived before an interruption is kept and counted.

        Args:
            checksum: what these bytes must hash to; they count only when all are here and do.

        Returns:
            The upload as it stands; after the last byte it is DONE and has its slide.

        Raises:
            UploadLocked: another request is writing.
            Conflict: `OFFSET_MISMATCH`, the bytes belong elsewhere; ask for the offset again.
            TooLarge: more bytes than announced.
            ChecksumMismatch: the bytes were damaged on the way; none of this request's is kept.
            DiskFull: there is no room; what arrived is kept.
            UnsupportedSlide: no slide begins like this, or all bytes are here and make none; the file is removed.
        """
        if upload.status is UploadStatus.REFUSED:
            raise refusal_of(upload)
        async with exclusive(self._storage, upload.id):
            await upload.refresh_from_db()
            if upload.offset != offset or upload.status is UploadStatus.DONE:
                raise Conflict(
                    f"The upload is at byte {upload.offset}, not {offset}. Ask for its offset and go on from there.",
                    code="OFFSET_MISMATCH",
                    params={"offset": upload.offset},
                )
            if upload.offset < upload.length:
                try:
                    await self._receiver.receive(upload, chunks, Verifier(checksum) if checksum else None)
                except UnsupportedSlide as error:
                    await self._finisher.refuse(upload, error)
                    raise
            if upload.offset == upload.length:
                await self._finisher.finish(upload)
            return upload

    async def settle(self, upload: Upload) -> Upload:
        """Check an upload whose bytes are all here but whose check was interrupted; others are left as they are.

        Raises:
            UploadLocked: it is being checked at the moment.
            UnsupportedSlide: it is no slide, found now or before.
        """
        if upload.status is UploadStatus.REFUSED:
            raise refusal_of(upload)
        if upload.offset < upload.length or upload.status is UploadStatus.DONE:
            return upload
        async with exclusive(self._storage, upload.id):
            await upload.refresh_from_db()
            if upload.status in (UploadStatus.RECEIVING, UploadStatus.CHECKING):
                await self._finisher.finish(upload)
            return upload

    async def discard(self, upload: Upload) -> None:
        """End an upload and remove what arrived. A slide made from it stays.

        Raises:
            UploadLocked: a request is writing to it.
        """
        if not self._storage.upload_path(upload.id).parent.exists():
            await upload.delete()
            return
        async with exclusive(self._storage, upload.id):
            await upload.delete()
            self._storage.remove_upload(upload.id)

    async def sweep(self) -> int:
        """Remove what expired, what ended long ago, and folders without a row; finish interrupted checks.

        Returns:
            How many uploads were removed.
        """
        now = datetime.now(UTC)
        waiting = Upload.filter(status=UploadStatus.RECEIVING, group_id__isnull=False, offset__gte=F("length"))
        for upload in [*await Upload.filter(status=UploadStatus.CHECKING), *await waiting]:
            # Refusals are kept in the row; one that is being checked, or has no file any more, is left alone.
            with contextlib.suppress(PlatformError):
                await self.settle(upload)
        expired = await Upload.filter(status__in=[UploadStatus.RECEIVING, UploadStatus.DONE], expires_at__lt=now)
        refused = await Upload.filter(status=UploadStatus.REFUSED, created_at__lt=now - KEEP_REFUSED)
        swept = 0
        for upload in [*expired, *refused]:
            with contextlib.suppress(UploadLocked):
                await self.discard(upload)
                swept += 1
        await self._remove_orphans(now - self._lifetime)
        return swept

    async def sweep_forever(self, every_s: float = SWEEP_EVERY_S) -> NoReturn:
        """`sweep` from time to time; run it in the server's task group."""
        while True:
            try:
                swept = await self.sweep()
                if swept:
                    logger.info("uploads removed: %d", swept)
            except Exception:
                # The database may be away for a while; the next round does it.
                logger.exception("sweeping uploads failed")
            await asyncio.sleep(every_s)

    async def _remove_orphans(self, before: datetime) -> None:
        """Remove folders that no row speaks of: leftovers of a process that was killed."""
        for folder in await asyncio.to_thread(folders_before, self._storage.uploads_root, before.timestamp()):
            if not await Upload.filter(id=folder).exists():
                self._storage.remove_upload(folder)

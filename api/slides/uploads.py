"""Uploads that survive a lost connection and a restart.

How far one has come is in the database, and never ahead of the disk.

    RECEIVING --all bytes--> CHECKING --accepted--> DONE
        +--no slide begins so--+-----refused------> REFUSED
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import UUID, uuid4

from tortoise.expressions import F

from api.errors import Conflict, NotFound, PlatformError, TooLarge, UnsupportedSlide
from api.models.slide import Upload, UploadStatus
from api.slides.archive import pack
from api.slides.checksum import Checksum, Verifier
from api.slides.ingest import Ingest
from api.slides.magic import HEAD_BYTES, require_possible
from api.slides.names import safe_filename
from api.slides.space import require_quota, require_space
from api.slides.storage import DiskFull, Storage
from api.slides.upload_disk import folders_before, write_synced
from api.slides.upload_groups import UploadGroup, is_complete, names_in_archive, parts_of, stem_of

logger = logging.getLogger("coslide.uploads")

FLUSH_BYTES = 16 << 20
IDLE_TIMEOUT_S = 120.0
SWEEP_EVERY_S = 600.0
JOIN_ATTEMPTS = 50
JOIN_PAUSE_S = 0.1
KEEP_REFUSED = timedelta(days=7)


class UploadLocked(Conflict):
    """Another request is writing to this upload."""

    status = 423
    default_code = "UPLOAD_LOCKED"


class UploadGone(NotFound):
    """The upload has expired or was ended."""

    status = 410
    default_code = "UPLOAD_GONE"


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
        self._ingest = ingest
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
        async with self._exclusive(upload.id):
            await upload.refresh_from_db()
            if upload.offset != offset or upload.status is UploadStatus.DONE:
                raise Conflict(
                    f"The upload is at byte {upload.offset}, not {offset}. Ask for its offset and go on from there.",
                    code="OFFSET_MISMATCH",
                    params={"offset": upload.offset},
                )
            if upload.offset < upload.length:
                await self._receive(upload, chunks, Verifier(checksum) if checksum else None)
            if upload.offset == upload.length:
                await self._finish(upload)
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
        async with self._exclusive(upload.id):
            await upload.refresh_from_db()
            if upload.status in (UploadStatus.RECEIVING, UploadStatus.CHECKING):
                await self._finish(upload)
            return upload

    async def discard(self, upload: Upload) -> None:
        """End an upload and remove what arrived. A slide made from it stays.

        Raises:
            UploadLocked: a request is writing to it.
        """
        if not self._storage.upload_path(upload.id).parent.exists():
            await upload.delete()
            return
        async with self._exclusive(upload.id):
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

    async def _receive(self, upload: Upload, chunks: AsyncIterator[bytes], verifier: Verifier | None) -> None:
        """Write chunks until they end; the row never counts a byte that is not on the disk."""
        path = self._storage.upload_path(upload.id)
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise UploadGone("What had arrived of this upload is lost. Begin a new one.") from error
        head_end = min(HEAD_BYTES, upload.length)
        # A file of several need not begin like a slide.
        needs_head = upload.offset < head_end and upload.group_id is None
        waiting: list[bytes] = []
        waiting_bytes = 0
        try:
            try:
                async for chunk in _with_deadline(chunks):
                    waiting.append(chunk)
                    waiting_bytes += len(chunk)
                    if upload.offset + waiting_bytes > upload.length:
                        raise TooLarge(
                            f"More bytes came than the {upload.length} announced. Begin a new upload with the "
                            f"right length.",
                            code="UPLOAD_TOO_LONG",
                            params={"limit": upload.length, "actual": upload.offset + waiting_bytes},
                        )
                    has_head = needs_head and verifier is None and upload.offset + waiting_bytes >= head_end
                    if waiting_bytes >= FLUSH_BYTES or has_head:
                        batch, waiting, waiting_bytes = waiting, [], 0
                        await _to_the_end(self._write(upload, file, batch, verifier))
                    if has_head:
                        needs_head = False
                        await self._require_possible(upload, os.pread(file, HEAD_BYTES, 0))
            finally:
                if waiting and upload.offset + waiting_bytes <= upload.length:
                    # Also when the client vanished: what it sent need not be sent again.
                    await _to_the_end(self._write(upload, file, waiting, verifier))
            if verifier is not None:
                # Bytes that were damaged on the way tell nothing about the file.
                verifier.finish()
                await self._count(upload)
                if needs_head and upload.offset >= head_end:
                    await self._require_possible(upload, os.pread(file, HEAD_BYTES, 0))
        finally:
            os.close(file)

    async def _write(self, upload: Upload, file: int, chunks: list[bytes], verifier: Verifier | None) -> None:
        """Put chunks on the disk, then count them; those to be verified are counted when all have come."""
        try:
            written = await asyncio.to_thread(write_synced, file, upload.offset, chunks)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise DiskFull(
                "The server's disk is full; what arrived so far is kept. Ask its administrator to make room, then "
                "resume the upload."
            ) from error
        upload.offset += written
        if verifier is None:
            await self._count(upload)
        else:
            for chunk in chunks:
                verifier.update(chunk)

    async def _count(self, upload: Upload) -> None:
        upload.expires_at = datetime.now(UTC) + self._lifetime
        await upload.save(update_fields=["offset", "expires_at"])

    async def _require_possible(self, upload: Upload, head: bytes) -> None:
        """Refuse after the first bytes what can't become a slide, however many more would come."""
        try:
            require_possible(head)
        except UnsupportedSlide as error:
            await self._refuse(upload, error)
            raise

    async def _refuse(self, upload: Upload, error: UnsupportedSlide) -> None:
        """Keep the reason in the row, so that the client can show it later; remove the file."""
        upload.status = UploadStatus.REFUSED
        upload.error = {"code": error.code, "message": error.message, "params": error.params}
        await upload.save(update_fields=["status", "error"])
        self._storage.remove_upload(upload.id)

    async def _finish(self, upload: Upload) -> None:
        """Check the file and make the slide; a file of several waits for the others."""
        if upload.group_id is not None:
            await self._finish_group(upload)
            return
        upload.status = UploadStatus.CHECKING
        await upload.save(update_fields=["status"])
        path = self._storage.upload_path(upload.id)
        try:
            upload.slide = await self._ingest.adopt(
                path, upload.filename, upload.project_id, upload.user_id, upload_id=upload.id
            )
        except UnsupportedSlide as error:
            await self._refuse(upload, error)
            raise
        upload.status = UploadStatus.DONE
        self._storage.remove_upload(upload.id)
        logger.info("slide made: %s from upload %s", upload.slide_id, upload.id)

    async def _finish_group(self, upload: Upload) -> None:
        """Make one slide of a group's files when all are here; the last one does it, holding the first too."""
        parts = await parts_of(upload)
        if not is_complete(parts):
            return
        first = parts[0]
        async with AsyncExitStack() as stack:
            if first.id != upload.id:
                try:
                    await stack.enter_async_context(self._exclusive_soon(first.id))
                except UploadGone:
                    # Another request has made the slide, or refused it, and cleared up.
                    parts = []
            parts = await parts_of(upload) if parts else []
            if is_complete(parts):
                await self._join(parts)
        await upload.refresh_from_db()
        if upload.status is UploadStatus.REFUSED:
            raise refusal_of(upload)

    async def _join(self, parts: Sequence[Upload]) -> None:
        """Pack the files of a group, and take the archive in as if it had been sent."""
        first, ids = parts[0], [part.id for part in parts]
        await Upload.filter(id__in=ids).update(status=UploadStatus.CHECKING)
        path = self._storage.upload_path(first.id).with_name("packed")
        files = [(name, self._storage.upload_path(part.id)) for name, part in names_in_archive(parts)]
        await asyncio.to_thread(pack, files, path)
        try:
            slide = await self._ingest.adopt(
                path, f"{stem_of(parts)}.zip", first.project_id, first.user_id, upload_id=first.id
            )
        except UnsupportedSlide as error:
            for part in parts:
                await self._refuse(part, error)
            raise
        await Upload.filter(id__in=ids).update(status=UploadStatus.DONE, slide_id=slide.id)
        for part in parts:
            self._storage.remove_upload(part.id)
        logger.info("slide made: %s from %d files", slide.id, len(parts))

    @asynccontextmanager
    async def _exclusive_soon(self, upload_id: UUID) -> AsyncIterator[None]:
        """`_exclusive`, waiting a little for a request that is about to end."""
        async with AsyncExitStack() as stack:
            for attempt in range(JOIN_ATTEMPTS):
                try:
                    await stack.enter_async_context(self._exclusive(upload_id))
                    break
                except UploadLocked:
                    if attempt == JOIN_ATTEMPTS - 1:
                        raise
                    await asyncio.sleep(JOIN_PAUSE_S)
            yield

    async def _remove_orphans(self, before: datetime) -> None:
        """Remove folders that no row speaks of: leftovers of a process that was killed."""
        for folder in await asyncio.to_thread(folders_before, self._storage.uploads_root, before.timestamp()):
            if not await Upload.filter(id=folder).exists():
                self._storage.remove_upload(folder)

    @asynccontextmanager
    async def _exclusive(self, upload_id: UUID) -> AsyncIterator[None]:
        """Hold the upload against every other request of every process; ends with the process that holds it."""
        try:
            lock = os.open(self._storage.upload_path(upload_id).parent, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise UploadGone("What had arrived of this upload is gone. Begin a new one.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise UploadLocked(
                "Another request is writing to this upload. Wait until it has ended, then ask for the offset."
            ) from error
        try:
            yield
        finally:
            os.close(lock)


def refusal_of(upload: Upload) -> UnsupportedSlide:
    """Why an upload was refused, as it was said then."""
    error = upload.error or {}
    return UnsupportedSlide(
        str(error.get("message", "The file was refused. Upload another one.")),
        code=str(error.get("code", UnsupportedSlide.default_code)),
        params=dict(error.get("params", {})),
    )


async def _with_deadline(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks, until they end or none comes for two minutes; the client resumes then."""
    while True:
        try:
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                chunk = await anext(chunks)
        except (StopAsyncIteration, TimeoutError):
            return
        yield chunk


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Finish `work` even when the caller is cancelled meanwhile: its file must not be closed under it."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise

"""The bytes of one request, from the network to the disk; the row never counts a byte that is not there."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta

from api.errors import TooLarge
from api.models.slide import Upload
from api.slides.checksum import Verifier
from api.slides.magic import HEAD_BYTES, require_possible
from api.slides.storage import DiskFull, Storage
from api.slides.upload_disk import write_synced
from api.slides.upload_lock import UploadGone

FLUSH_BYTES = 16 << 20
IDLE_TIMEOUT_S = 120.0


class UploadReceiver:
    """Writes what a client sends into its upload's folder. Call it while holding the upload's lock."""

    def __init__(self, storage: Storage, lifetime: timedelta) -> None:
        self._storage = storage
        self._lifetime = lifetime

    async def receive(self, upload: Upload, chunks: AsyncIterator[bytes], verifier: Verifier | None) -> None:
        """Write chunks until they end.

        Raises:
            UnsupportedSlide: no slide begins like this; what arrived is the caller's to remove.
            TooLarge, ChecksumMismatch, DiskFull, UploadGone: as `Uploads.append` says.
        """
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
                        require_possible(os.pread(file, HEAD_BYTES, 0))
            finally:
                if waiting and upload.offset + waiting_bytes <= upload.length:
                    # Also when the client vanished: what it sent need not be sent again.
                    await _to_the_end(self._write(upload, file, waiting, verifier))
            if verifier is not None:
                # Bytes that were damaged on the way tell nothing about the file.
                verifier.finish()
                await self._count(upload)
                if needs_head and upload.offset >= head_end:
                    require_possible(os.pread(file, HEAD_BYTES, 0))
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

"""From the bytes of an upload to a slide, or to the reason why not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack

from api.errors import UnsupportedSlide
from api.models.slide import Upload, UploadStatus
from api.slides.archive import pack
from api.slides.ingest import Ingest
from api.slides.storage import Storage
from api.slides.upload_groups import is_complete, names_in_archive, parts_of, stem_of
from api.slides.upload_lock import UploadGone, exclusive_soon

logger = logging.getLogger("coslide.uploads")


class UploadFinisher:
    """Makes slides of uploads whose bytes are all here. Call it while holding the upload's lock."""

    def __init__(self, storage: Storage, ingest: Ingest) -> None:
        self._storage = storage
        self._ingest = ingest

    async def finish(self, upload: Upload) -> None:
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
            await self.refuse(upload, error)
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
                    await stack.enter_async_context(exclusive_soon(self._storage, first.id))
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
                await self.refuse(part, error)
            raise
        await Upload.filter(id__in=ids).update(status=UploadStatus.DONE, slide_id=slide.id)
        for part in parts:
            self._storage.remove_upload(part.id)
        logger.info("slide made: %s from %d files", slide.id, len(parts))

    async def refuse(self, upload: Upload, error: UnsupportedSlide) -> None:
        """Keep the reason in the row, so that the client can show it later; remove the file."""
        upload.status = UploadStatus.REFUSED
        upload.error = {"code": error.code, "message": error.message, "params": error.params}
        await upload.save(update_fields=["status", "error"])
        self._storage.remove_upload(upload.id)


def refusal_of(upload: Upload) -> UnsupportedSlide:
    """Why an upload was refused, as it was said then."""
    error = upload.error or {}
    return UnsupportedSlide(
        str(error.get("message", "The file was refused. Upload another one.")),
        code=str(error.get("code", UnsupportedSlide.default_code)),
        params=dict(error.get("params", {})),
    )

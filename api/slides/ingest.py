"""From a file to a slide: checked in isolation, stored under its SHA-256, described in the database. All or nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from api.models.slide import Slide, Upload
from api.slides.checking import Checked, Checker
from api.slides.content import sha256_of, size_of
from api.slides.names import safe_filename
from api.slides.passthrough import passes_through
from api.slides.reader import ReaderPool
from api.slides.slide_rows import create_rows
from api.slides.space import require_quota, require_space
from api.slides.storage import Storage


class Ingest:
    """Takes slide files in.

    Args:
        max_bytes: largest file accepted.
        quota_bytes: room for the files of a project that has no quota of its own.
        at_a_time: files checked at a time; fewer than the pool has processes, so that viewers never wait for uploads.
        converts_always: whether a pyramid is made of each slide whose tiles can't leave its file as they are stored.
        on_slide: called after each slide that was taken in.

    Attributes:
        checker: says whether a file can be shown.
        turns: one for each file that may be checked at a time; who asks the checker takes one first.
    """

    def __init__(
        self,
        storage: Storage,
        pool: ReaderPool,
        *,
        max_bytes: int,
        quota_bytes: int | None = None,
        at_a_time: int = 1,
        converts_always: bool = False,
        on_slide: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self.checker = Checker(storage, pool, max_bytes=max_bytes)
        self._max_bytes = max_bytes
        self._quota_bytes = quota_bytes
        self.turns = asyncio.Semaphore(at_a_time)
        self._converts_always = converts_always
        self._on_slide = on_slide

    async def import_file(self, path: Path, project_id: UUID, user_id: UUID | None, name: str | None = None) -> Slide:
        """Take in a copy of a file on this machine.

        Raises:
            InvalidInput: there is no such file.
            TooLarge, QuotaExceeded, DiskFull: there is no room for it.
            UnsupportedSlide: it is no slide; nothing is left behind.
        """
        size_bytes = size_of(path)
        await require_space(self._storage, size_bytes, self._max_bytes)
        await require_quota(project_id, size_bytes, self._quota_bytes)
        upload_id = uuid4()
        try:
            self._storage.new_upload_folder(upload_id)
            copy = self._storage.upload_path(upload_id)
            await asyncio.to_thread(shutil.copyfile, path, copy)
            return await self.adopt(copy, path.name, project_id, user_id, name)
        finally:
            self._storage.remove_upload(upload_id)

    async def adopt(
        self,
        path: Path,
        filename: str,
        project_id: UUID,
        user_id: UUID | None,
        name: str | None = None,
        *,
        upload_id: UUID | None = None,
    ) -> Slide:
        """Take in a file that lies alone in an upload folder. It stays there too, so that a crash loses nothing.

        Args:
            filename: what its owner calls it.
            name: the slide's name; by default the file's without its ending.
            upload_id: the upload that is DONE with this slide, in the same transaction.

        Raises:
            UnsupportedSlide: it is no slide; the caller removes it.
        """
        async with self.turns:
            checked = await self.checker.check(path, None if upload_id is None else partial(_tell_progress, upload_id))
        size_bytes = size_of(path)
        filename = safe_filename(filename)
        sha256 = await asyncio.to_thread(sha256_of, path)
        async with self._storage.exclusive(sha256):
            is_new = await self._place(path, sha256, checked)
            try:
                stored = passes_through(checked.index, checked.facts.tile_size)
                slide = await create_rows(
                    checked.facts,
                    upload_id,
                    to_convert=self._converts_always and not stored,
                    passes_through=stored,
                    project_id=project_id,
                    created_by_id=user_id,
                    name=(name or Path(filename).stem or filename)[:255],
                    filename=filename,
                    sha256=sha256,
                    size_bytes=size_bytes,
                )
            except BaseException:
                if is_new:
                    await self._storage.discard_slide(sha256)
                raise
        self._on_slide()
        return slide

    async def store(self, path: Path, checked: Checked) -> str:
        """Put a checked file into storage without a slide that uses it; its SHA-256."""
        sha256 = await asyncio.to_thread(sha256_of, path)
        async with self._storage.exclusive(sha256):
            await self._place(path, sha256, checked)
        return sha256

    async def _place(self, path: Path, sha256: str, checked: Checked) -> bool:
        """Put a file where its content says; whether it was not there yet. Call within `exclusive`."""
        if await self._storage.holds_slide(sha256):
            return False
        index = checked.index.to_bytes()
        await asyncio.to_thread(
            self._storage.adopt_slide, path, sha256, index, checked.pixels, is_series=checked.is_series
        )
        try:
            await self._storage.publish_slide(sha256)
        except BaseException:
            self._storage.remove_slide(sha256)
            raise
        return True


async def _tell_progress(upload_id: UUID, share: float) -> None:
    await Upload.filter(id=upload_id).update(progress=share)

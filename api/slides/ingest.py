"""From a file to a slide: checked in isolation, stored under its SHA-256, described in the database. All or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from api.errors import InvalidInput, UnsupportedSlide
from api.models.slide import Slide, Upload
from api.slides.container import ContainerIndex
from api.slides.facts import SlideFacts
from api.slides.file_kind import FileKind
from api.slides.names import safe_filename
from api.slides.progress import read_progress
from api.slides.reader import ReaderPool
from api.slides.reader_wire import Message
from api.slides.slide_rows import create_rows
from api.slides.space import SPARE_BYTES, require_quota, require_space
from api.slides.storage import Storage
from api.slides.turns import Urgency

CHECK_TIMEOUT_S = 120.0
CONVERT_TIMEOUT_S = 3600.0
PROGRESS_EVERY_S = 0.5
UNPACKED_PER_BYTE = 4
"""How much larger than the largest file an archive may be when it is unpacked."""

Progress = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Checked:
    """A file that can be shown.

    Attributes:
        index: where its stored tiles lie.
        pixels: the file to read pixels from where it is not the uploaded one itself: the pyramid made of a flat image,
            or the one to open in a folder of unpacked files.
        is_series: whether `pixels` is one of several files that belong together.
    """

    facts: SlideFacts
    index: ContainerIndex
    pixels: Path | None = None
    is_series: bool = False


class Ingest:
    """Takes slide files in.

    Args:
        max_bytes: largest file accepted.
        quota_bytes: room for the files of a project that has no quota of its own.
        at_a_time: files checked at a time; fewer than the pool has processes, so that viewers never wait for uploads.
        on_slide: called after each slide that was taken in.

    Attributes:
        turns: one for each file that may be checked at a time; `check` leaves taking one to its caller.
    """

    def __init__(
        self,
        storage: Storage,
        pool: ReaderPool,
        *,
        max_bytes: int,
        quota_bytes: int | None = None,
        at_a_time: int = 1,
        on_slide: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._pool = pool
        self._max_bytes = max_bytes
        self._quota_bytes = quota_bytes
        self.turns = asyncio.Semaphore(at_a_time)
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
            checked = await self.check(path, None if upload_id is None else partial(_tell_progress, upload_id))
        size_bytes = size_of(path)
        filename = safe_filename(filename)
        sha256 = await asyncio.to_thread(sha256_of, path)
        async with self._storage.exclusive(sha256):
            is_new = await self._place(path, sha256, checked)
            try:
                slide = await create_rows(
                    checked.facts,
                    upload_id,
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

    async def check(self, path: Path, on_progress: Progress | None = None) -> Checked:
        """Describe the file in isolation; an archive is unpacked, a flat image made into a pyramid beside it first.

        Args:
            on_progress: told from time to time how much of a pyramid is made, 0 to 1.

        Raises:
            UnsupportedSlide: it is no slide.
        """
        kind = await self._kind_of(path)
        if kind is not FileKind.ARCHIVE:
            return await self._check_plain(path, kind, on_progress)
        folder = path.with_name("series")
        shutil.rmtree(folder, ignore_errors=True)
        limit_bytes = max(0, min(UNPACKED_PER_BYTE * self._max_bytes, self._storage.free_bytes() - SPARE_BYTES))
        arguments = {"path": str(path), "folder": str(folder), "limit_bytes": limit_bytes}
        answer = await self._ask("unpack", arguments, CONVERT_TIMEOUT_S)
        inside = folder / safe_filename(str(answer.body["entry"]))
        kind = await self._kind_of(inside)
        if kind is FileKind.ARCHIVE:
            raise UnsupportedSlide(
                "The archive holds another archive. Pack the slide's files themselves.", code="ARCHIVE_NOT_SUPPORTED"
            )
        checked = await self._check_plain(inside, kind, on_progress)
        if checked.pixels is not None:
            return checked
        return Checked(checked.facts, checked.index, inside, is_series=True)

    async def _check_plain(self, path: Path, kind: FileKind, on_progress: Progress | None) -> Checked:
        pyramid: Path | None = None
        if kind is FileKind.FLAT_IMAGE:
            pyramid = path.with_name("pyramid")
            await self._convert(path, pyramid, on_progress)
        facts, index = await self._pool.describe(pyramid or path, timeout_s=CHECK_TIMEOUT_S)
        return Checked(facts, index, pyramid)

    async def _convert(self, path: Path, pyramid: Path, on_progress: Progress | None) -> None:
        progress = path.with_name("progress")
        arguments = {"path": str(path), "target": str(pyramid), "progress": str(progress)}
        converting = asyncio.ensure_future(self._ask("convert", arguments, CONVERT_TIMEOUT_S))
        try:
            while not (await asyncio.wait((converting,), timeout=PROGRESS_EVERY_S))[0]:
                if on_progress is not None:
                    await on_progress(read_progress(progress))
            await converting
        finally:
            converting.cancel()
            progress.unlink(missing_ok=True)

    async def _kind_of(self, path: Path) -> FileKind:
        return FileKind((await self._ask("sniff", {"path": str(path)}, CHECK_TIMEOUT_S)).body["kind"])

    async def _ask(self, operation: str, arguments: dict[str, Any], timeout_s: float) -> Message:
        return await self._pool.call(operation, arguments, timeout_s=timeout_s, urgency=Urgency.CHECK)


async def _tell_progress(upload_id: UUID, share: float) -> None:
    await Upload.filter(id=upload_id).update(progress=share)


def size_of(path: Path) -> int:
    """The file's size in bytes.

    Raises:
        InvalidInput: there is no such file.
    """
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}. Check the path.", code="NO_SUCH_FILE", field="path")
    return path.stat().st_size


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

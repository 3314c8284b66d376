"""Whether a file can be shown: looked at in isolation, unpacked or made into a pyramid first where it has to be."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.errors import UnsupportedSlide
from api.slides.container import ContainerIndex
from api.slides.facts import SlideFacts
from api.slides.file_kind import FileKind
from api.slides.names import safe_filename
from api.slides.progress import read_progress
from api.slides.reader import ReaderPool
from api.slides.reader_wire import Message
from api.slides.space import SPARE_BYTES
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


class Checker:
    """Looks at files that lie alone in an upload folder.

    Args:
        max_bytes: largest file accepted.
    """

    def __init__(self, storage: Storage, pool: ReaderPool, *, max_bytes: int) -> None:
        self._storage = storage
        self._pool = pool
        self._max_bytes = max_bytes

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

"""Where slide files, uploads and everything derived from them lie, all under `Settings.data`.

slides/ab/<sha256>/slide      the file as uploaded; `index` beside it says where its stored tiles lie
slides/ab/<sha256>/original   the file as uploaded where `slide` was made of it: of a picture, or of an archive, whose
                              files lie in `series`
cache/ab/<sha256>/...         tiles and thumbnails that can be made again
uploads/<id>                  what has arrived of an upload
predictions/<id>/             heatmaps
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from api.errors import NotFound, Unavailable

_SHA256 = re.compile(r"[0-9a-f]{64}")
LOCK_TIMEOUT_S = 60.0
LOCK_POLL_S = 0.05


class DiskFull(Unavailable):
    """There is no room for what should be written."""

    status = 507
    default_code = "DISK_FULL"


class Storage:
    """The local folder. Paths are made only from hashes and ids, never from names that people gave."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def slide_path(self, sha256: str) -> Path:
        """The file to read pixels from, whether or not it is there.

        Of a slide of several files it is the one to open, among the others.
        """
        path = self._slide_folder(sha256) / "slide"
        return path.resolve() if path.is_symlink() else path

    def original_path(self, sha256: str) -> Path:
        """The file as it was uploaded, whose SHA-256 this is."""
        original = self._slide_folder(sha256) / "original"
        return original if original.exists() else self.slide_path(sha256)

    def index_path(self, sha256: str) -> Path:
        """Where the slide's stored tiles lie, as `ContainerIndex.to_bytes`."""
        return self._slide_folder(sha256) / "index"

    def cache_path(self, sha256: str, *parts: str) -> Path:
        """A file made from the slide that can be made again."""
        return self.cache_root.joinpath(_checked(sha256)[:2], sha256, *parts)

    def upload_path(self, upload_id: UUID) -> Path:
        """What has arrived of an upload."""
        return self.uploads_root / str(upload_id) / "slide"

    def prediction_path(self, prediction_id: UUID) -> Path:
        return self.root / "predictions" / str(prediction_id)

    @property
    def uploads_root(self) -> Path:
        return self.root / "uploads"

    @property
    def cache_root(self) -> Path:
        return self.root / "cache"

    def free_bytes(self) -> int:
        """Bytes that can still be written."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    @asynccontextmanager
    async def exclusive(self, sha256: str) -> AsyncIterator[None]:
        """Keep other processes from adding or removing the file of this content.

        Raises:
            Unavailable: another process holds it for over a minute.
        """
        path = self.root / "locks" / _checked(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await _acquire(lock)
            yield
        finally:
            os.close(lock)

    def has_slide(self, sha256: str) -> bool:
        return self.slide_path(sha256).is_file()

    async def holds_slide(self, sha256: str) -> bool:
        """Whether this content is kept for good."""
        return self.has_slide(sha256)

    async def publish_slide(self, sha256: str) -> None:
        """Keep for good what `adopt_slide` took in. Call within `exclusive`."""

    async def fetch_slide(self, sha256: str) -> Path:
        """The file to read pixels from, here on this machine.

        Raises:
            NotFound: `SLIDE_FILE_MISSING`.
            Unavailable: `STORAGE_AWAY`, or `SLIDE_LOCKED` while another process is fetching it.
        """
        path = self.slide_path(sha256)
        if not path.is_file():
            raise slide_missing()
        return path

    async def read_index(self, sha256: str) -> bytes | None:
        """What `index_path` holds; None when there is none."""
        try:
            return self.index_path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    async def read_range(self, sha256: str, start: int, length: int) -> bytes:
        """Bytes of the file to read pixels from, which need not be here.

        Raises:
            NotFound, Unavailable: as `fetch_slide`.
        """
        with (await self.fetch_slide(sha256)).open("rb") as file:
            return os.pread(file.fileno(), length, start)

    async def discard_slide(self, sha256: str) -> None:
        """Remove the file and all that was made from it. Call within `exclusive`, when no row uses it any more."""
        self.remove_slide(sha256)

    def adopt_slide(
        self, source: Path, sha256: str, index: bytes, pixels: Path | None, *, is_series: bool = False
    ) -> None:
        """Take a checked file in; readers find it whole or not at all. Call within `exclusive`.

        Args:
            source: the uploaded file, in a folder of `new_upload_folder`; it stays there as a second name of the file.
            index: its `ContainerIndex.to_bytes`, or that of `pixels`.
            pixels: the file to read pixels from when it is not `source` itself.
            is_series: whether all files in the folder of `pixels` belong to the slide.
        """
        folder = self._slide_folder(sha256)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.index_path(sha256), index)
        if pixels is not None:
            _place(source, folder / "original")
        # Last: its presence means that all is there.
        if pixels is not None and is_series:
            _place_series(pixels, folder)
        else:
            _place(pixels or source, folder / "slide")
        _sync_folder(folder)

    def new_upload_folder(self, upload_id: UUID) -> Path:
        """The empty folder of a new upload."""
        folder = self.upload_path(upload_id).parent
        folder.mkdir(parents=True)
        return folder

    def remove_upload(self, upload_id: UUID) -> None:
        """Remove what arrived of an upload and what was made from it; nothing when there is nothing."""
        shutil.rmtree(self.upload_path(upload_id).parent, ignore_errors=True)

    def remove_slide(self, sha256: str) -> None:
        """Remove what is here of the file and of all that was made from it."""
        shutil.rmtree(self._slide_folder(sha256), ignore_errors=True)
        shutil.rmtree(self.cache_path(sha256), ignore_errors=True)

    def _slide_folder(self, sha256: str) -> Path:
        return self.root / "slides" / _checked(sha256)[:2] / sha256


def slide_missing() -> NotFound:
    return NotFound(
        "The slide's file is missing from storage. Restore it from a backup, or upload it again.",
        code="SLIDE_FILE_MISSING",
    )


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _place(source: Path, target: Path) -> None:
    """Give the file a second name, or move it where file systems know no second names."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        source.replace(target)


def _place_series(entry: Path, folder: Path) -> None:
    """Move the folder of several files, and let `slide` point to the one to open."""
    series, link = folder / "series", folder / "slide"
    link.unlink(missing_ok=True)
    shutil.rmtree(series, ignore_errors=True)
    entry.parent.replace(series)
    link.symlink_to(Path("series") / entry.name)


async def _acquire(lock: int) -> None:
    try:
        async with asyncio.timeout(LOCK_TIMEOUT_S):
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                except BlockingIOError:
                    await asyncio.sleep(LOCK_POLL_S)
    except TimeoutError as error:
        raise Unavailable(
            "Another process is busy with the same file. Try again in a minute.", code="SLIDE_LOCKED"
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checked(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is not a SHA-256 in lower-case hex")
    return sha256

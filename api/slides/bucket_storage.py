"""Slide files in a bucket; the local folder is a cache of them, as well as the place for everything else.

slides/ab/<sha256>/<file>          each file as in the local folder
slides/ab/<sha256>/manifest.json   {"files": {name: bytes}, "link": what `slide` points to, or null}; written last,
                                   removed first: its presence means that all is there
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from api.errors import Unavailable
from api.slides.bucket import PART_BYTES, Bucket
from api.slides.content import sha256_of, size_of
from api.slides.single_flight import SingleFlight
from api.slides.storage import Storage, slide_missing

KEEP_S = 600.0
"""Files used within this time are never removed from the cache: a reader may be about to open them."""
TOUCH_EVERY_S = 60.0
PUBLISHED = "published"
"""A mark beside a slide's files: the bucket has them."""


class StoredDifferently(Unavailable):
    """The bucket does not keep what it is given."""


@dataclass(frozen=True)
class _Manifest:
    files: dict[str, int]
    link: str | None


class BucketStorage(Storage):
    """Storage whose slides survive the machine.

    Args:
        cache_bytes: room for slide files here; those used least recently go first.
    """

    def __init__(self, root: Path, bucket: Bucket, cache_bytes: int) -> None:
        super().__init__(root)
        self._bucket = bucket
        self._cache_bytes = cache_bytes
        self._flights: SingleFlight[str, None] = SingleFlight()
        self.on_evicted: Callable[[str], None] = lambda _: None

    async def holds_slide(self, sha256: str) -> bool:
        return await self._manifest(sha256) is not None

    async def publish_slide(self, sha256: str, *, is_compared: bool = False) -> None:
        """Put what `adopt_slide` took in into the bucket. Call within `exclusive`.

        Args:
            is_compared: whether each file is read back and compared before the slide counts as being there.

        Raises:
            StoredDifferently: the bucket gave other bytes back; what was put there is removed.
        """
        folder = self._slide_folder(sha256)
        link = str((folder / "slide").readlink()) if (folder / "slide").is_symlink() else None
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
        files = {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths if path.name != PUBLISHED}
        for name in files:
            await self._bucket.put_file(_key(sha256, name), folder / name)
            if is_compared:
                await self._require_same(sha256, name, folder / name)
        manifest = orjson.dumps({"files": files, "link": link})
        await self._bucket.put(_key(sha256, "manifest.json"), manifest)
        (folder / PUBLISHED).touch()
        await asyncio.to_thread(self.make_room, 0)

    async def fetch_slide(self, sha256: str) -> Path:
        self._touch(sha256)
        if not self.has_slide(sha256):
            await self._flights.run(sha256, lambda: self._fetch(sha256))
        return self.slide_path(sha256)

    async def read_index(self, sha256: str) -> bytes | None:
        data = await super().read_index(sha256)
        return data if data is not None else await self._bucket.get(_key(sha256, "index"))

    async def read_range(self, sha256: str, start: int, length: int) -> bytes:
        manifest = await self._required_manifest(sha256)
        data = await self._bucket.get_range(_key(sha256, manifest.link or "slide"), start, length)
        if data is None:
            raise slide_missing()
        return data

    async def discard_slide(self, sha256: str) -> None:
        await self._bucket.delete([_key(sha256, "manifest.json")])
        await self._bucket.delete(await self._bucket.keys(_key(sha256, "")))
        await super().discard_slide(sha256)

    def make_room(self, needed_bytes: int) -> int:
        """Remove files used least recently, which the bucket has, until so many more fit; the bytes that remain."""
        now = time.time()
        kept: list[tuple[float, int, Path]] = []
        for mark in (self.root / "slides").glob(f"*/*/{PUBLISHED}"):
            folder = mark.parent
            with contextlib.suppress(FileNotFoundError):
                size = sum(path.stat().st_size for path in folder.rglob("*") if not path.is_symlink())
                kept.append((mark.stat().st_mtime, size, folder))
        total = sum(size for _, size, _ in kept)
        for used_at, size, folder in sorted(kept):
            if total + needed_bytes <= self._cache_bytes or now - used_at < KEEP_S:
                break
            self._evict(folder)
            total -= size
        return total

    def _evict(self, folder: Path) -> None:
        # First what says that all is there.
        for name in ("slide", PUBLISHED, "original"):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "series", ignore_errors=True)
        self.on_evicted(folder.name)

    async def _require_same(self, sha256: str, name: str, path: Path) -> None:
        """Read an object back in pieces and compare its hash with the file's."""
        stored = hashlib.sha256()
        size = size_of(path)
        for start in range(0, size, PART_BYTES):
            part = await self._bucket.get_range(_key(sha256, name), start, min(PART_BYTES, size - start))
            stored.update(part or b"")
        if stored.hexdigest() != await asyncio.to_thread(sha256_of, path):
            await self._bucket.delete(await self._bucket.keys(_key(sha256, "")))
            raise StoredDifferently(
                f"The bucket gave other bytes back for {name} of slide file {sha256} than were put there. The data "
                f"folder still has it; look at the storage service before going on.",
                code="STORED_DIFFERENTLY",
            )

    async def _fetch(self, sha256: str) -> None:
        async with self.exclusive(sha256):
            if self.has_slide(sha256):
                return
            manifest = await self._required_manifest(sha256)
            await asyncio.to_thread(self.make_room, sum(manifest.files.values()))
            folder = self._slide_folder(sha256)
            for name, size in manifest.files.items():
                if name != "slide":
                    await self._download(sha256, name, size, folder / name)
            (folder / PUBLISHED).touch()
            if manifest.link is not None:
                (folder / "slide").unlink(missing_ok=True)
                (folder / "slide").symlink_to(manifest.link)
            else:
                await self._download(sha256, "slide", manifest.files["slide"], folder / "slide")

    async def _download(self, sha256: str, name: str, size: int, target: Path) -> None:
        """Copy an object in pieces, so that it needs no more memory than one of them."""
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
        try:
            with temporary.open("xb") as file:
                for start in range(0, size, PART_BYTES):
                    part = await self._bucket.get_range(_key(sha256, name), start, min(PART_BYTES, size - start))
                    if part is None:
                        raise slide_missing()
                    await asyncio.to_thread(file.write, part)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    async def _required_manifest(self, sha256: str) -> _Manifest:
        manifest = await self._manifest(sha256)
        if manifest is None:
            raise slide_missing()
        return manifest

    async def _manifest(self, sha256: str) -> _Manifest | None:
        data = await self._bucket.get(_key(sha256, "manifest.json"))
        if data is None:
            return None
        found = orjson.loads(data)
        return _Manifest({str(name): int(size) for name, size in found["files"].items()}, found["link"])

    def _touch(self, sha256: str) -> None:
        """Say that the files are in use, so that they are not the next to be removed."""
        mark = self._slide_folder(sha256) / PUBLISHED
        with contextlib.suppress(FileNotFoundError):
            if time.time() - mark.stat().st_mtime > TOUCH_EVERY_S:
                os.utime(mark)


def _key(sha256: str, name: str) -> str:
    return f"slides/{sha256[:2]}/{sha256}/{name}"

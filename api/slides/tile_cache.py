"""Made tiles under their slide's hash: the newest in memory, all on disk within a limit.

What is put is written a moment later, many at a time: a tile waits for no disk, and a crash only means that the last
ones are made again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from api.slides.storage import Storage
from api.slides.tile_packs import TilePacks

MEMORY_BYTES = 64 << 20
OPEN_SLIDES = 128
FLUSH_AFTER_S = 0.2
REFRESH_EVERY_S = 2.0
SWEEP_SHARE = 0.05
KEEP_SHARE = 0.9


Key = tuple[str, str]
"""The slide's SHA-256 and the image's name within it, such as `3/0_1`."""


class TileCache:
    """Encoded images of slides.

    Args:
        storage: several processes may share it.
        limit_mb: disk space; when it is exceeded, the packs used least recently go first. 0 keeps nothing on disk.
    """

    def __init__(self, storage: Storage, limit_mb: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._limit_bytes = limit_mb << 20
        self._clock = clock
        self._memory: OrderedDict[Key, bytes] = OrderedDict()
        self._memory_bytes = 0
        self._slides: OrderedDict[str, tuple[TilePacks, float]] = OrderedDict()
        self._unwritten: dict[Key, bytes] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._written_bytes = 0

    def get(self, key: Key) -> bytes | None:
        """The bytes kept under `key`, from memory or with one small read."""
        data = self._memory.get(key)
        if data is not None:
            self._memory.move_to_end(key)
            return data
        data = self._unwritten.get(key) or self._read(key)
        if data is not None:
            self._remember(key, data)
        return data

    def put(self, key: Key, data: bytes) -> None:
        """Keep `data`; a full disk only means that it is made again."""
        self._remember(key, data)
        if not self._limit_bytes:
            return
        self._unwritten[key] = data
        if self._flushing is None:
            self._flushing = asyncio.ensure_future(self._flush_soon())

    def forget(self, sha256: str) -> None:
        """Let go of everything about a slide, here; its folder is the caller's business."""
        for key in [key for key in self._memory if key[0] == sha256]:
            self._memory_bytes -= len(self._memory.pop(key))
        for key in [key for key in self._unwritten if key[0] == sha256]:
            del self._unwritten[key]
        if sha256 in self._slides:
            self._slides.pop(sha256)[0].close()

    async def aclose(self) -> None:
        """Write what is still to be written, and let go of all files."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)
        await self.flush()
        for packs, _ in self._slides.values():
            packs.close()
        self._slides.clear()

    async def flush(self) -> None:
        """Write everything that has been put, slide by slide; then keep to the limit."""
        unwritten, self._unwritten = self._unwritten, {}
        by_slide: dict[str, list[tuple[str, bytes]]] = {}
        for (sha256, name), data in unwritten.items():
            by_slide.setdefault(sha256, []).append((name, data))
        for sha256, records in by_slide.items():
            with contextlib.suppress(OSError):
                self._written_bytes += self._packs(sha256).append(records)
        if self._written_bytes > self._limit_bytes * SWEEP_SHARE:
            self._written_bytes = 0
            await asyncio.to_thread(self.sweep)

    def sweep(self) -> int:
        """Remove the packs used least recently until the limit holds with a tenth to spare; the bytes kept."""
        files: list[tuple[float, int, Path]] = []
        for folder, _, names in os.walk(self._storage.cache_root):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    facts = path.stat()
                    files.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in files)
        if total <= self._limit_bytes:
            return total
        for _, size, path in sorted(files):
            if total <= self._limit_bytes * KEEP_SHARE:
                break
            path.unlink(missing_ok=True)
            total -= size
        return total

    async def _flush_soon(self) -> None:
        try:
            while self._unwritten:
                await asyncio.sleep(FLUSH_AFTER_S)
                await self.flush()
        finally:
            self._flushing = None

    def _read(self, key: Key) -> bytes | None:
        if not self._limit_bytes:
            return None
        sha256, name = key
        try:
            packs = self._packs(sha256)
            data = packs.read(name)
            if data is None and self._slides[sha256][1] + REFRESH_EVERY_S <= self._clock():
                # Another process may have made it.
                packs.refresh()
                self._slides[sha256] = packs, self._clock()
                data = packs.read(name)
        except OSError:
            return None
        return data

    def _packs(self, sha256: str) -> TilePacks:
        entry = self._slides.get(sha256)
        if entry is None:
            entry = self._slides[sha256] = TilePacks(self._storage.cache_path(sha256)), self._clock()
            while len(self._slides) > OPEN_SLIDES:
                self._slides.popitem(last=False)[1][0].close()
        else:
            self._slides.move_to_end(sha256)
        return entry[0]

    def _remember(self, key: Key, data: bytes) -> None:
        before = self._memory.pop(key, b"")
        self._memory[key] = data
        self._memory_bytes += len(data) - len(before)
        while self._memory_bytes > MEMORY_BYTES:
            _, dropped = self._memory.popitem(last=False)
            self._memory_bytes -= len(dropped)

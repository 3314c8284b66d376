"""Made tiles on disk under their slide's hash, with a size limit; the newest also in memory."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from pathlib import Path

from api.slides.storage import Storage, write_atomically

MEMORY_BYTES = 64 << 20
SWEEP_SHARE = 0.05
KEEP_SHARE = 0.9


Key = tuple[str, str]
"""The slide's SHA-256 and the image's name within it, such as `tiles/3/0_1.jpg`."""


class TileCache:
    """Encoded images of slides.

    Args:
        storage: several processes may share it.
        limit_mb: disk space; when it is exceeded, what was used least recently goes first. 0 keeps nothing on disk.
    """

    def __init__(self, storage: Storage, limit_mb: int) -> None:
        self._storage = storage
        self._limit_bytes = limit_mb << 20
        self._memory: OrderedDict[Key, bytes] = OrderedDict()
        self._memory_bytes = 0
        self._written_bytes = 0
        self._sweeping = asyncio.Lock()

    def get(self, key: Key) -> bytes | None:
        """The bytes kept under `key`, from memory or with one small read."""
        data = self._memory.get(key)
        if data is not None:
            self._memory.move_to_end(key)
            return data
        try:
            data = self._storage.cache_path(*key).read_bytes()
        except OSError:
            return None
        self._remember(key, data)
        return data

    async def put(self, key: Key, data: bytes) -> None:
        """Keep `data`; a full disk only means that it is made again."""
        self._remember(key, data)
        if not self._limit_bytes:
            return
        try:
            await asyncio.to_thread(write_atomically, self._storage.cache_path(*key), data)
        except OSError:
            return
        self._written_bytes += len(data)
        if self._written_bytes > self._limit_bytes * SWEEP_SHARE and not self._sweeping.locked():
            async with self._sweeping:
                self._written_bytes = 0
                await asyncio.to_thread(self.sweep)

    def sweep(self) -> int:
        """Remove the files used least recently until the limit holds with a tenth to spare; the bytes kept."""
        files: list[tuple[float, int, str]] = []
        for folder, _, names in os.walk(self._storage.cache_root):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - a million paths
                try:
                    facts = os.stat(path)  # noqa: PTH116
                except FileNotFoundError:
                    continue
                files.append((max(facts.st_atime, facts.st_mtime), facts.st_size, path))
        total = sum(size for _, size, _ in files)
        if total <= self._limit_bytes:
            return total
        for _, size, path in sorted(files):
            if total <= self._limit_bytes * KEEP_SHARE:
                break
            Path(path).unlink(missing_ok=True)
            total -= size
        return total

    def _remember(self, key: Key, data: bytes) -> None:
        before = self._memory.pop(key, b"")
        self._memory[key] = data
        self._memory_bytes += len(data) - len(before)
        while self._memory_bytes > MEMORY_BYTES:
            _, dropped = self._memory.popitem(last=False)
            self._memory_bytes -= len(dropped)

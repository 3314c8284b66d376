"""Slide files kept open, each with the index of its stored tiles."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

from api.slides.container import ContainerIndex, StoredTiles
from api.slides.reader import ReaderPool
from api.slides.storage import Storage, write_atomically

OPEN_SLIDES = 256
FETCHED_FOR_S = 30.0
"""Storage keeps a file for longer than this after it was asked for; asking for every tile would cost more than most
of what is done for one."""


class OpenSlides:
    """The contents whose tiles were asked for last, by SHA-256."""

    def __init__(self, storage: Storage, pool: ReaderPool, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._pool = pool
        self._clock = clock
        self._fetched_s: dict[str, float] = {}
        self._stored: OrderedDict[str, StoredTiles] = OrderedDict()

    def get(self, sha256: str) -> StoredTiles | None:
        """An open file; None for one that is not open."""
        return self._stored.get(sha256)

    def is_here(self, sha256: str) -> bool:
        """Whether the file is open, or at least on this machine."""
        return sha256 in self._stored or self._storage.has_slide(sha256)

    async def open(self, sha256: str) -> StoredTiles:
        """The file, opened if need be; its index is made anew when it is missing.

        Raises:
            NotFound, Unavailable: as `Storage.fetch_slide`.
        """
        stored = self._stored.get(sha256)
        if stored is not None:
            self._stored.move_to_end(sha256)
            return stored
        path = await self._storage.fetch_slide(sha256)
        data = await self._storage.read_index(sha256)
        try:
            index = ContainerIndex.from_bytes(data or b"")
        except ValueError:
            _, index = await self._pool.describe(path)
            index_path = self._storage.index_path(sha256)
            await asyncio.to_thread(write_atomically, index_path, index.to_bytes())
        stored = self._stored.setdefault(sha256, StoredTiles(path, index))
        while len(self._stored) > OPEN_SLIDES:
            self.close(next(iter(self._stored)))
        return stored

    async def files(self, sha256: str) -> dict[str, str]:
        """What a reader opens to get at stored tiles."""
        now = self._clock()
        if sha256 not in self._stored or now - self._fetched_s.get(sha256, -math.inf) > FETCHED_FOR_S:
            await self._storage.fetch_slide(sha256)
            self._fetched_s[sha256] = now
        return _files_of(self._storage, sha256)

    def close(self, sha256: str) -> None:
        """Let go of a file: it is about to be had elsewhere only, or not at all."""
        self._fetched_s.pop(sha256, None)
        stored = self._stored.pop(sha256, None)
        if stored is not None:
            stored.close()

    def close_all(self) -> None:
        for sha256 in list(self._stored):
            self.close(sha256)


@lru_cache(maxsize=OPEN_SLIDES)
def _files_of(storage: Storage, sha256: str) -> dict[str, str]:
    return {"path": str(storage.slide_path(sha256)), "index": str(storage.index_path(sha256))}

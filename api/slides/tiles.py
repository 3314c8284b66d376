"""Tiles of the client's pyramid.

Passed through from the file where it stores them, made and cached where it does not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

from api.slides.container import ContainerIndex, StoredTiles
from api.slides.passthrough import RemoteTiles, native_whole
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.reader import ReaderPool
from api.slides.single_flight import SingleFlight
from api.slides.storage import Storage, write_atomically
from api.slides.tile_cache import Key, TileCache
from api.slides.turns import Urgency

OPEN_SLIDES = 256
THUMBNAIL_PX = 512
THUMBNAIL_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class SlideSource:
    """What serving a slide's pixels needs to know: the content's hash and the client's pyramid."""

    sha256: str
    pyramid: Pyramid


class TileService:
    """Serves JPEG tiles, thumbnails and associated images of stored slides.

    Attributes:
        keeps_tiles: whether made tiles are kept on disk.
    """

    def __init__(self, storage: Storage, pool: ReaderPool, *, cache_mb: int) -> None:
        self._storage = storage
        self._pool = pool
        self._cache = TileCache(storage, cache_mb)
        self._remote = RemoteTiles(storage)
        self.keeps_tiles = cache_mb > 0
        self._flights: SingleFlight[Key, bytes] = SingleFlight()
        self._stored: OrderedDict[str, StoredTiles] = OrderedDict()

    async def aclose(self) -> None:
        await self._flights.aclose()
        await self._cache.aclose()
        for stored in self._stored.values():
            stored.close()
        self._stored.clear()

    def forget(self, sha256: str) -> None:
        """Let go of a slide whose file was removed."""
        self._cache.forget(sha256)
        self._remote.forget(sha256)
        self.close_file(sha256)

    def ready_tile(self, source: SlideSource, address: TileAddress) -> bytes | None:
        """The tile if it can be had at once, without decoding: stored in the file, or made before.

        Raises:
            NotFound: there is no such tile.
        """
        stored = self._stored.get(source.sha256)
        if stored is not None:
            native = native_whole(stored.index, source.pyramid, address)
            if native is not None:
                return stored.read(native, address.column, address.row)
        return self._cache.get(_tile_key(source, address))

    async def tile(self, source: SlideSource, address: TileAddress, *, urgency: Urgency = Urgency.VIEW) -> bytes:
        """The tile as a JPEG, exactly as large as the slide's pixels in it.

        Raises:
            NotFound: there is no such tile, or the slide's file is gone.
            UnsupportedSlide: its pixels can't be decoded.
            Unavailable: too many tiles are being made.
        """
        key = _tile_key(source, address)
        if not self._is_open_or_here(source):
            place = await self._remote.find(source.sha256, source.pyramid, address)
            if place is not None:
                return await self._made(key, lambda: self._remote.read(place))
        await self._open(source)
        ready = self.ready_tile(source, address)
        if ready is not None:
            return ready
        if urgency is Urgency.BACKGROUND:
            # On its own: a viewer who asks for the same tile must not wait for a chore's turn.
            made = await self._make(source, address, urgency)
            self._cache.put(key, made)
            return made
        return await self._made(key, lambda: self._make(source, address, urgency))

    async def has_tile(self, source: SlideSource, address: TileAddress) -> bool:
        """Whether the tile can be had at once."""
        await self._open(source)
        return self.ready_tile(source, address) is not None

    def close_file(self, sha256: str) -> None:
        """Let go of a slide's open file: it is about to be had elsewhere only."""
        stored = self._stored.pop(sha256, None)
        if stored is not None:
            stored.close()

    async def thumbnail(self, source: SlideSource) -> bytes:
        """The whole slide as a JPEG of at most 512 pixels a side."""

        async def make() -> bytes:
            arguments = {"path": await self._path(source), "max_px": THUMBNAIL_PX}
            return await self._ask("thumbnail", arguments, timeout_s=THUMBNAIL_TIMEOUT_S)

        return await self._made((source.sha256, f"thumbnail_{THUMBNAIL_PX}_icc"), make)

    async def region(self, source: SlideSource, area: tuple[int, int, int, int], size: tuple[int, int]) -> bytes:
        """Any region (x, y, width, height in level-0 pixels) as a JPEG of (width, height), not enlarged.

        Raises:
            NotFound: the slide's file is gone.
            UnsupportedSlide: its pixels can't be decoded.
        """
        arguments = {"path": await self._path(source), "area": area, "size": size}
        key = source.sha256, f"region {area} {size}"
        return await self._flights.run(key, lambda: self._ask("scaled", arguments, timeout_s=THUMBNAIL_TIMEOUT_S))

    async def colour_profile(self, source: SlideSource) -> bytes:
        """The ICC profile embedded in the slide's file; empty when there is none."""

        async def make() -> bytes:
            return await self._ask("icc", {"path": await self._path(source)})

        return await self._made((source.sha256, "icc"), make)

    async def associated(self, source: SlideSource, name: str) -> bytes:
        """The associated image LABEL, MACRO or THUMBNAIL as a JPEG.

        Raises:
            NotFound: the slide has none of that name.
        """

        async def make() -> bytes:
            return await self._pool.associated(Path(await self._path(source)), name)

        return await self._made((source.sha256, f"associated_{name.lower()}"), make)

    async def _make(self, source: SlideSource, address: TileAddress, urgency: Urgency) -> bytes:
        """Make a tile that is not stored as it is needed."""
        level = source.pyramid.levels[address.level]
        x, y, width, height = source.pyramid.tile_extent(address)
        if level.native is None:
            return await self._halved(source, address, width, height, urgency)
        stored = await self._open(source)
        stored_level = stored.index.levels.get(level.native)
        files = await self._files(source)
        if stored_level is not None and stored_level.tile_size == source.pyramid.tile_size:
            number = stored_level.tile_number(address.column, address.row)
            if not stored_level.counts[number]:
                return blank_tile(width, height)
            place = {"native": level.native, "column": address.column, "row": address.row}
            size = {"width": width, "height": height}
            return await self._ask("crop", {**files, **place, **size}, urgency=urgency)
        area = {"level": level.native, "x": x, "y": y, "width": width, "height": height}
        return await self._ask("tile", {"path": files["path"], **area}, urgency=urgency)

    async def _halved(
        self, source: SlideSource, address: TileAddress, width: int, height: int, urgency: Urgency
    ) -> bytes:
        """A level the file lacks: four tiles of the finer level at half size.

        Whole tiles that the file stores are read by the reader itself.
        """
        stored = await self._open(source)
        from_file: list[tuple[int, int, int, int]] = []
        places: list[int] = []
        parts: list[bytes] = []
        # One after the other: at most one tile per level is in the making, however deep the pyramid.
        for place, child in enumerate(source.pyramid.children(address)):
            if child is None:
                continue
            native = native_whole(stored.index, source.pyramid, child)
            if native is not None:
                from_file.append((place, native, child.column, child.row))
            else:
                places.append(place)
                parts.append(await self.tile(source, child, urgency=urgency))
        half_tile = source.pyramid.tile_size // 2
        size = {"width": width, "height": height, "half_tile": half_tile}
        arguments = {**(await self._files(source)), **size, "from_file": from_file, "places": places}
        return await self._ask("halve", arguments, *parts, urgency=urgency)

    async def _files(self, source: SlideSource) -> dict[str, str]:
        """What a reader opens to get at stored tiles."""
        await self._storage.fetch_slide(source.sha256)
        return _files_of(self._storage, source.sha256)

    async def _ask(
        self,
        operation: str,
        arguments: dict[str, Any],
        *blobs: bytes,
        urgency: Urgency = Urgency.VIEW,
        timeout_s: float | None = None,
    ) -> bytes:
        return (await self._pool.call(operation, arguments, blobs, timeout_s=timeout_s, urgency=urgency)).blobs[0]

    async def _made(self, key: Key, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What is cached under `key`, else made once for all who ask at the same time."""
        data = self._cache.get(key)
        if data is not None:
            return data

        async def make_and_keep() -> bytes:
            made = await make()
            self._cache.put(key, made)
            return made

        return await self._flights.run(key, make_and_keep)

    async def _open(self, source: SlideSource) -> StoredTiles:
        """The slide's file and index, kept open; the index is made anew when it is missing."""
        stored = self._stored.get(source.sha256)
        if stored is not None:
            self._stored.move_to_end(source.sha256)
            return stored
        path = await self._storage.fetch_slide(source.sha256)
        data = await self._storage.read_index(source.sha256)
        try:
            index = ContainerIndex.from_bytes(data or b"")
        except ValueError:
            _, index = await self._pool.describe(path)
            index_path = self._storage.index_path(source.sha256)
            await asyncio.to_thread(write_atomically, index_path, index.to_bytes())
        stored = self._stored.setdefault(source.sha256, StoredTiles(path, index))
        while len(self._stored) > OPEN_SLIDES:
            self._stored.popitem(last=False)[1].close()
        return stored

    async def _path(self, source: SlideSource) -> str:
        return str(await self._storage.fetch_slide(source.sha256))

    def _is_open_or_here(self, source: SlideSource) -> bool:
        return source.sha256 in self._stored or self._storage.has_slide(source.sha256)


def _tile_key(source: SlideSource, address: TileAddress) -> Key:
    return source.sha256, f"{address.level}/{address.column}_{address.row}"


@lru_cache(maxsize=OPEN_SLIDES)
def _files_of(storage: Storage, sha256: str) -> dict[str, str]:
    return {"path": str(storage.slide_path(sha256)), "index": str(storage.index_path(sha256))}


@lru_cache(maxsize=64)
def blank_tile(width: int, height: int) -> bytes:
    """A white JPEG of this size, for places that were never scanned."""
    blank: bytes = simplejpeg.encode_jpeg(
        np.full((height, width, 3), 255, np.uint8), quality=90, colorspace="RGB", colorsubsampling="420"
    )
    return blank

"""Tiles of the client's pyramid.

Passed through from the file where it stores them, made and cached where it does not.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import simplejpeg

from api.slides.made_images import MadeImages
from api.slides.open_slides import OpenSlides
from api.slides.passthrough import RemoteTiles, native_whole
from api.slides.pictures import Pictures
from api.slides.pyramid import TileAddress
from api.slides.reader import ReaderPool
from api.slides.slide_source import SlideSource
from api.slides.storage import Storage
from api.slides.tile_cache import Key
from api.slides.turns import Urgency


class TileService:
    """Serves JPEG tiles of stored slides.

    Attributes:
        keeps_tiles: whether made tiles are kept on disk.
        pictures: what is shown of the same slides beside their tiles.
    """

    def __init__(self, storage: Storage, pool: ReaderPool, *, cache_mb: int) -> None:
        self._pool = pool
        self._made = MadeImages(storage, cache_mb)
        self._remote = RemoteTiles(storage)
        self._open = OpenSlides(storage, pool)
        self.keeps_tiles = cache_mb > 0
        self.pictures = Pictures(storage, pool, self._made)

    async def aclose(self) -> None:
        await self._made.aclose()
        self._open.close_all()

    def forget(self, sha256: str) -> None:
        """Let go of a slide whose file was removed."""
        self._made.forget(sha256)
        self._remote.forget(sha256)
        self.close_file(sha256)

    def ready_tile(self, source: SlideSource, address: TileAddress) -> bytes | None:
        """The tile if it can be had at once, without decoding: stored in the file, or made before.

        Raises:
            NotFound: there is no such tile.
        """
        stored = self._open.get(source.sha256)
        if stored is not None:
            native = native_whole(stored.index, source.pyramid, address)
            if native is not None:
                return stored.read(native, address.column, address.row)
        return self._made.ready(_tile_key(source, address))

    async def tile(self, source: SlideSource, address: TileAddress, *, urgency: Urgency = Urgency.VIEW) -> bytes:
        """The tile as a JPEG, exactly as large as the slide's pixels in it.

        Raises:
            NotFound: there is no such tile, or the slide's file is gone.
            UnsupportedSlide: its pixels can't be decoded.
            Unavailable: too many tiles are being made.
        """
        key = _tile_key(source, address)
        if not self._open.is_here(source.sha256):
            place = await self._remote.find(source.sha256, source.pyramid, address)
            if place is not None:
                return await self._made.get(key, lambda: self._remote.read(place))
        await self._open.open(source.sha256)
        ready = self.ready_tile(source, address)
        if ready is not None:
            return ready
        if urgency is Urgency.BACKGROUND:
            # On its own: a viewer who asks for the same tile must not wait for a chore's turn.
            made = await self._make(source, address, urgency)
            self._made.keep(key, made)
            return made
        return await self._made.make(key, lambda: self._make(source, address, urgency))

    async def has_tile(self, source: SlideSource, address: TileAddress) -> bool:
        """Whether the tile can be had at once."""
        await self._open.open(source.sha256)
        return self.ready_tile(source, address) is not None

    def close_file(self, sha256: str) -> None:
        """Let go of a slide's open file: it is about to be had elsewhere only."""
        self._open.close(sha256)

    async def _make(self, source: SlideSource, address: TileAddress, urgency: Urgency) -> bytes:
        """Make a tile that is not stored as it is needed."""
        level = source.pyramid.levels[address.level]
        x, y, width, height = source.pyramid.tile_extent(address)
        if level.native is None:
            return await self._halved(source, address, width, height, urgency)
        stored = await self._open.open(source.sha256)
        stored_level = stored.index.levels.get(level.native)
        files = await self._open.files(source.sha256)
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
        stored = await self._open.open(source.sha256)
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
        arguments = {**(await self._open.files(source.sha256)), **size, "from_file": from_file, "places": places}
        return await self._ask("halve", arguments, *parts, urgency=urgency)

    async def _ask(
        self,
        operation: str,
        arguments: dict[str, Any],
        *blobs: bytes,
        urgency: Urgency = Urgency.VIEW,
    ) -> bytes:
        return (await self._pool.call(operation, arguments, blobs, urgency=urgency)).blobs[0]


def _tile_key(source: SlideSource, address: TileAddress) -> Key:
    return source.sha256, f"{address.level}/{address.column}_{address.row}"


@lru_cache(maxsize=64)
def blank_tile(width: int, height: int) -> bytes:
    """A white JPEG of this size, for places that were never scanned."""
    blank: bytes = simplejpeg.encode_jpeg(
        np.full((height, width, 3), 255, np.uint8), quality=90, colorspace="RGB", colorsubsampling="420"
    )
    return blank

"""Tiles that leave the file as they are stored, from wherever the file is."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from api.slides.container import JPEG, ContainerIndex
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.storage import Storage

INDEXES = 64


def native_whole(index: ContainerIndex, pyramid: Pyramid, address: TileAddress) -> int | None:
    """The file's level whose stored JPEG is this very tile, whole and on the client's grid; None for all others.

    Raises:
        NotFound: there is no such tile.
    """
    side = pyramid.tile_size
    _, _, width, height = pyramid.tile_extent(address)
    native = pyramid.levels[address.level].native
    if native is None or width != side or height != side:
        return None
    level = index.levels.get(native)
    return native if level is not None and level.codec == JPEG and level.tile_size == side else None


def passes_through(index: ContainerIndex, tile_size: int) -> bool:
    """Whether tiles of full resolution leave the file as they are stored."""
    level = index.levels.get(0)
    return level is not None and level.codec == JPEG and level.tile_size == tile_size


@dataclass(frozen=True)
class StoredPlace:
    """Where a tile lies in its slide's file: what goes before it, its place, and its length in bytes."""

    sha256: str
    header: bytes
    start: int
    length: int


class RemoteTiles:
    """Stored tiles of slides whose files are not on this machine: one small read by range each."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._indexes: OrderedDict[str, ContainerIndex] = OrderedDict()

    async def find(self, sha256: str, pyramid: Pyramid, address: TileAddress) -> StoredPlace | None:
        """Where the tile is stored as it is needed; None for one that has to be made."""
        index = await self._index(sha256)
        native = None if index is None else native_whole(index, pyramid, address)
        if index is None or native is None:
            return None
        level = index.levels[native]
        number = level.tile_number(address.column, address.row)
        length = int(level.counts[number])
        return StoredPlace(sha256, level.header, int(level.offsets[number]), length) if length else None

    async def read(self, place: StoredPlace) -> bytes:
        """The tile as a complete JPEG.

        Raises:
            NotFound: the slide's file is gone.
            Unavailable: the storage does not answer.
        """
        return place.header + await self._storage.read_range(place.sha256, place.start + 2, place.length - 2)

    def forget(self, sha256: str) -> None:
        self._indexes.pop(sha256, None)

    async def _index(self, sha256: str) -> ContainerIndex | None:
        index = self._indexes.get(sha256)
        if index is None:
            data = await self._storage.read_index(sha256)
            if data is None:
                return None
            index = self._indexes[sha256] = ContainerIndex.from_bytes(data)
            while len(self._indexes) > INDEXES:
                self._indexes.popitem(last=False)
        return index

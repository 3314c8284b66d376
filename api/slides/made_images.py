"""Images that had to be made: kept, and made once for all who ask at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from api.slides.single_flight import SingleFlight
from api.slides.storage import Storage
from api.slides.tile_cache import Key, TileCache


class MadeImages:
    """JPEGs by slide and name.

    Args:
        cache_mb: disk space for them.
    """

    def __init__(self, storage: Storage, cache_mb: int) -> None:
        self._cache = TileCache(storage, cache_mb)
        self._flights: SingleFlight[Key, bytes] = SingleFlight()

    async def aclose(self) -> None:
        await self._flights.aclose()
        await self._cache.aclose()

    def forget(self, sha256: str) -> None:
        """Let go of everything made of a content."""
        self._cache.forget(sha256)

    def ready(self, key: Key) -> bytes | None:
        """What was made before, if it is still here."""
        return self._cache.get(key)

    def keep(self, key: Key, data: bytes) -> None:
        """Keep what was made without `get`."""
        self._cache.put(key, data)

    async def get(self, key: Key, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What is kept under `key`, else what `make` gives, kept from then on."""
        data = self._cache.get(key)
        return data if data is not None else await self.make(key, make)

    async def make(self, key: Key, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What `make` gives, to all who ask meanwhile, kept from then on; for who has looked whether it is here."""

        async def make_and_keep() -> bytes:
            made = await make()
            self._cache.put(key, made)
            return made

        return await self._flights.run(key, make_and_keep)

    async def get_once(self, key: Key, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What `make` gives to all who ask meanwhile; nothing is kept."""
        return await self._flights.run(key, make)

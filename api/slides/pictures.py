"""What is shown of a slide beside its tiles: thumbnail, regions of any size, label and macro, the colour profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.slides.made_images import MadeImages
from api.slides.reader import ReaderPool
from api.slides.slide_source import SlideSource
from api.slides.storage import Storage

THUMBNAIL_PX = 512
TIMEOUT_S = 120.0


class Pictures:
    """Pictures of stored slides, made by the readers."""

    def __init__(self, storage: Storage, pool: ReaderPool, made: MadeImages) -> None:
        self._storage = storage
        self._pool = pool
        self._made = made

    async def thumbnail(self, source: SlideSource) -> bytes:
        """The whole slide as a JPEG of at most 512 pixels a side."""

        async def make() -> bytes:
            return await self._ask("thumbnail", source.sha256, TIMEOUT_S, max_px=THUMBNAIL_PX)

        return await self._made.get((source.sha256, f"thumbnail_{THUMBNAIL_PX}_icc"), make)

    async def region(self, source: SlideSource, area: tuple[int, int, int, int], size: tuple[int, int]) -> bytes:
        """Any region (x, y, width, height in level-0 pixels) as a JPEG of (width, height), not enlarged.

        Raises:
            NotFound: the slide's file is gone.
            UnsupportedSlide: its pixels can't be decoded.
        """

        async def make() -> bytes:
            return await self._ask("scaled", source.sha256, TIMEOUT_S, area=area, size=size)

        return await self._made.get_once((source.sha256, f"region {area} {size}"), make)

    async def colour_profile(self, source: SlideSource) -> bytes:
        """The ICC profile embedded in the slide's file; empty when there is none."""

        async def make() -> bytes:
            return await self._ask("icc", source.sha256)

        return await self._made.get((source.sha256, "icc"), make)

    async def associated(self, source: SlideSource, name: str) -> bytes:
        """The associated image LABEL, MACRO or THUMBNAIL as a JPEG.

        Raises:
            NotFound: the slide has none of that name.
        """

        async def make() -> bytes:
            return await self._pool.associated(Path(await self._path(source.file_sha256)), name)

        return await self._made.get((source.file_sha256, f"associated_{name.lower()}"), make)

    async def _ask(self, operation: str, sha256: str, timeout_s: float | None = None, **arguments: Any) -> bytes:
        arguments["path"] = await self._path(sha256)
        return (await self._pool.call(operation, arguments, timeout_s=timeout_s)).blobs[0]

    async def _path(self, sha256: str) -> str:
        return str(await self._storage.fetch_slide(sha256))

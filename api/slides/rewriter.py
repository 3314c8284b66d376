"""Contents that take the place of a slide's file or stand beside it: pyramids made of it, copies without label.

Nothing here changes a row: what is made lies in storage, checked, until a row uses it or it is removed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from api.errors import UnsupportedSlide
from api.models.slide import Slide
from api.slides.checking import Checked
from api.slides.container import ContainerIndex
from api.slides.content import size_of
from api.slides.facts import PRIVATE_IMAGES
from api.slides.ingest import Ingest
from api.slides.passthrough import passes_through
from api.slides.progress import read_progress
from api.slides.pyramid import TIFF_TILE_STEP, Pyramid, build_pyramid, grid_tile_size
from api.slides.reader import ReaderPool
from api.slides.redactable import not_removable
from api.slides.slide_rows import described
from api.slides.space import require_quota, require_space
from api.slides.storage import Storage
from api.slides.tiles import TileService
from api.slides.turns import Urgency
from api.slides.unused import remove_unused

REDACT_TIMEOUT_S = 3600.0
TRANSCODE_TIMEOUT_S = 6 * 3600.0
PYRAMID_BYTES_PER_PX = 0.5
"""Room asked for before a pyramid is begun; tissue takes about half a byte a pixel of level 0, glass far less."""


@dataclass(frozen=True)
class Rewritten:
    """A checked content in storage that no slide uses yet.

    Attributes:
        columns: what the slide's row becomes with it.
    """

    sha256: str
    columns: dict[str, Any]


class Rewriter:
    """Makes contents of slides' files.

    Args:
        pool: readers for work that takes long.
        quota_bytes: room for the files of a project that has no quota of its own.
    """

    def __init__(
        self, storage: Storage, pool: ReaderPool, ingest: Ingest, tiles: TileService, *, quota_bytes: int | None
    ) -> None:
        self._storage = storage
        self._pool = pool
        self._ingest = ingest
        self._tiles = tiles
        self._quota_bytes = quota_bytes

    async def passes_through(self, slide: Slide) -> bool:
        """Whether the slide's tiles leave storage as they are; looked up once for rows of earlier versions."""
        if slide.passes_through is None:
            data = await self._storage.read_index(slide.pixels_sha256 or slide.sha256)
            slide.passes_through = data is not None and passes_through(ContainerIndex.from_bytes(data), slide.tile_size)
            await Slide.filter(id=slide.id).update(passes_through=slide.passes_through)
        return slide.passes_through

    async def pyramid(self, slide: Slide, work_id: UUID) -> Rewritten:
        """A pyramid whose tiles need no decoding, beside the file, with the levels and tiles that viewers know.

        Raises:
            UnsupportedSlide: a part can't be decoded, or the tiles are of a size that no TIFF can hold.
            DiskFull, QuotaExceeded: there is no room for it.
        """
        pyramid = Pyramid.from_rows(slide.levels, slide.tile_size)
        if slide.tile_size % TIFF_TILE_STEP:
            raise UnsupportedSlide(
                f"The slide was taken in by an earlier version, with tiles of {slide.tile_size} pixels that can't be "
                f"stored. Upload it anew, then convert it.",
                code="TRANSCODE_ODD_TILES",
                params={"tile_size": slide.tile_size},
            )
        checked, size_bytes, sha256 = await self._transcode(slide, pyramid, work_id, replaces_bytes=0)
        columns = {
            "pixels_sha256": sha256,
            "pixels_bytes": size_bytes,
            "levels": checked.facts.pyramid.as_rows(),
            "passes_through": True,
            "pyramid_at": None,
        }
        return Rewritten(sha256, columns)

    async def pyramid_alone(self, slide: Slide, work_id: UUID) -> Rewritten:
        """Such a pyramid in the place of the file: it has neither label nor macro, nor the scanner's remarks.

        Raises:
            UnsupportedSlide, DiskFull, QuotaExceeded: as `pyramid`.
        """
        if slide.pixels_sha256 is not None:
            return Rewritten(slide.pixels_sha256, _alone(slide, slide.pixels_sha256, slide.pixels_bytes))
        sizes = [(level["width"], level["height"]) for level in slide.levels]
        pyramid = build_pyramid(sizes, grid_tile_size(slide.tile_size, slide.tile_size))
        checked, size_bytes, sha256 = await self._transcode(slide, pyramid, work_id, replaces_bytes=slide.size_bytes)
        levels = {"levels": checked.facts.pyramid.as_rows(), "tile_size": checked.facts.tile_size}
        return Rewritten(sha256, {**_alone(slide, sha256, size_bytes), **levels, "pyramid_at": None})

    async def without_images(self, slide: Slide, work_id: UUID) -> Rewritten:
        """A copy of the file without label and macro.

        Raises:
            UnsupportedSlide: `LABEL_NOT_REMOVABLE`, the format keeps them in a way that is not known.
            DiskFull: there is no room for it.
        """
        async with self._working_on(slide, work_id, slide.size_bytes) as (source, copy):
            arguments = {"path": str(source), "target": str(copy), "vendor": slide.vendor}
            await self._pool.call("redact", arguments, timeout_s=REDACT_TIMEOUT_S, urgency=Urgency.CHECK)
            checked, size_bytes, sha256 = await self._store(slide, copy)
        columns = described(checked.facts)
        if slide.pixels_sha256 is not None:
            # The pyramid made before shows the same pixels.
            for name in ("levels", "tile_size"):
                del columns[name]
        else:
            columns |= {"passes_through": passes_through(checked.index, checked.facts.tile_size), "pyramid_at": None}
        return Rewritten(sha256, {**columns, "sha256": sha256, "size_bytes": size_bytes})

    def progress(self, work_id: UUID) -> float:
        """How much of a pyramid is made, 0 to 1."""
        return read_progress(self._storage.upload_path(work_id).with_name("progress"))

    async def remove_unused(self, sha256: str) -> bool:
        """Remove a content that no slide uses any more. Call it after the commit."""
        is_removed = await remove_unused(self._storage, sha256)
        if is_removed:
            self._tiles.forget(sha256)
        return is_removed

    async def _transcode(
        self, slide: Slide, pyramid: Pyramid, work_id: UUID, *, replaces_bytes: int
    ) -> tuple[Checked, int, str]:
        needed_bytes = int(PYRAMID_BYTES_PER_PX * slide.width * slide.height)
        if not replaces_bytes:
            await require_quota(slide.project_id, 1, self._quota_bytes)
        async with self._working_on(slide, work_id, needed_bytes) as (_, copy):
            arguments = {
                "path": str(self._storage.slide_path(slide.sha256)),
                "target": str(copy),
                "level_sizes": [(level.width, level.height) for level in pyramid.levels],
                "tile_size": pyramid.tile_size,
                "mpp": (slide.mpp_x, slide.mpp_y) if slide.mpp_x and slide.mpp_y else None,
                "progress": str(copy.with_name("progress")),
            }
            await self._pool.call("transcode", arguments, timeout_s=TRANSCODE_TIMEOUT_S, urgency=Urgency.CHECK)
            more_bytes = size_of(copy) - replaces_bytes
            if more_bytes > 0:
                await require_quota(slide.project_id, more_bytes, self._quota_bytes)
            return await self._store(slide, copy)

    @asynccontextmanager
    async def _working_on(self, slide: Slide, work_id: UUID, needed_bytes: int) -> AsyncIterator[tuple[Path, Path]]:
        """The slide's file as it was uploaded, and where the copy is to be; cleared up afterwards."""
        await require_space(self._storage, needed_bytes, needed_bytes)
        await self._storage.fetch_slide(slide.sha256)
        self._storage.new_upload_folder(work_id)
        try:
            yield self._storage.original_path(slide.sha256), self._storage.upload_path(work_id)
        finally:
            self._storage.remove_upload(work_id)

    async def _store(self, slide: Slide, copy: Path) -> tuple[Checked, int, str]:
        async with self._ingest.turns:
            checked = await self._ingest.checker.check(copy)
        facts = checked.facts
        names = {image.name for image in facts.associated}
        if (facts.width, facts.height) != (slide.width, slide.height) or names & PRIVATE_IMAGES:
            raise not_removable(slide.vendor)
        return checked, size_of(copy), await self._ingest.store(copy, checked)


def _alone(slide: Slide, sha256: str, size_bytes: int) -> dict[str, Any]:
    """A slide's row when the pyramid made of its file is all there is; scale and power stay as they were known."""
    return {
        "sha256": sha256,
        "size_bytes": size_bytes,
        "filename": f"{Path(slide.filename).stem[:250]}.tiff",
        "vendor": "generic-tiff",
        "associated": [],
        "pixels_sha256": None,
        "pixels_bytes": 0,
        "passes_through": True,
    }

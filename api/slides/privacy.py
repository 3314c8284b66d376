"""Label and macro images, which may show a patient's name, taken away for good: from the stored file too."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID, uuid4

from api.errors import UnsupportedSlide
from api.models.slide import Slide
from api.slides.facts import PRIVATE_IMAGES
from api.slides.ingest import Checked, Ingest
from api.slides.reader import ReaderPool
from api.slides.slide_rows import described
from api.slides.storage import Storage
from api.slides.tiles import TileService
from api.slides.turns import Urgency

logger = logging.getLogger("coslide.slides")

REDACT_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Redacted:
    """A checked copy without private images, in storage, that no slide uses yet."""

    sha256: str
    size_bytes: int
    checked: Checked


def has_private_images(slide: Slide) -> bool:
    """Whether the slide's file shows label or macro."""
    return any(image["name"] in PRIVATE_IMAGES for image in slide.associated)


class Privacy:
    """Removes label and macro images from stored slides."""

    def __init__(self, storage: Storage, pool: ReaderPool, ingest: Ingest, tiles: TileService) -> None:
        self._storage = storage
        self._pool = pool
        self._ingest = ingest
        self._tiles = tiles

    async def redact(self, slide: Slide) -> Redacted | None:
        """Put a copy without private images into storage; None when there are none. The slide is as it was.

        Raises:
            UnsupportedSlide: `LABEL_NOT_REMOVABLE`, the format keeps them in a way that is not known.
        """
        if not has_private_images(slide):
            return None
        work_id = uuid4()
        self._storage.new_upload_folder(work_id)
        try:
            copy = self._storage.upload_path(work_id)
            await self._storage.fetch_slide(slide.sha256)
            source = self._storage.original_path(slide.sha256)
            arguments = {"path": str(source), "target": str(copy), "vendor": slide.vendor}
            async with self._ingest.turns:
                await self._pool.call("redact", arguments, timeout_s=REDACT_TIMEOUT_S, urgency=Urgency.CHECK)
                checked = await self._ingest.check(copy)
            self._require_same_slide(slide, checked)
            sha256 = await self._ingest.store(copy, checked)
            return Redacted(sha256, copy.stat().st_size, checked)
        finally:
            self._storage.remove_upload(work_id)

    async def apply(self, slide_id: UUID, redacted: Redacted) -> Slide:
        """Let the slide use the copy; call it in a transaction."""
        await Slide.filter(id=slide_id).update(
            sha256=redacted.sha256,
            size_bytes=redacted.size_bytes,
            pyramid_at=None,
            **described(redacted.checked.facts),
        )
        return await Slide.get(id=slide_id)

    async def remove_unused(self, sha256: str) -> bool:
        """Remove a file that no slide uses any more, with all that was made from it. Call it after the commit."""
        async with self._storage.exclusive(sha256):
            if await Slide.filter(sha256=sha256).exists():
                return False
            await self._storage.discard_slide(sha256)
        self._tiles.forget(sha256)
        logger.info("slide file removed: %s", sha256)
        return True

    @staticmethod
    def _require_same_slide(slide: Slide, checked: Checked) -> None:
        facts = checked.facts
        names = {image.name for image in facts.associated}
        if (facts.width, facts.height) != (slide.width, slide.height) or names & PRIVATE_IMAGES:
            raise UnsupportedSlide(
                "Label and macro could not be taken out: the copy is not the same slide without them. Export the "
                "slide without them from the scanner's software and upload it anew.",
                code="LABEL_NOT_REMOVABLE",
                params={"vendor": slide.vendor},
            )

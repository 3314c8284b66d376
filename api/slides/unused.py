"""Stored content goes when the last slide that uses it does."""

from __future__ import annotations

import logging

from tortoise.expressions import Q

from api.models.slide import Slide
from api.slides.storage import Storage

logger = logging.getLogger("coslide.slides")


async def remove_unused(storage: Storage, sha256: str) -> bool:
    """Remove a content that no slide uses any more, with all that was made from it; whether it was removed.

    Call it after the commit that took the last use away.
    """
    async with storage.exclusive(sha256):
        if await Slide.filter(Q(sha256=sha256) | Q(pixels_sha256=sha256)).exists():
            return False
        await storage.discard_slide(sha256)
    logger.info("slide file removed: %s", sha256)
    return True

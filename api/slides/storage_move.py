"""Slides that lay in the data folder before a bucket was set, moved there one after the other.

A slide is in the bucket when its manifest is, which is written last: what was broken off begins with that slide again.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass

from api.models.slide import Slide
from api.slides.bucket_storage import BucketStorage
from api.slides.content import sha256_of


class Outcome(enum.StrEnum):
    MOVED = "moved"
    THERE = "there already"
    MISSING = "MISSING: neither in the data folder nor in the bucket"
    DAMAGED = "DAMAGED: the file in the data folder is not the one that was uploaded; it was left there"


@dataclass(frozen=True)
class Step:
    """What became of one content, the `number`th of `count`; `size_bytes` is that of its file as uploaded."""

    number: int
    count: int
    sha256: str
    size_bytes: int
    outcome: Outcome

    @property
    def is_fine(self) -> bool:
        return self.outcome in (Outcome.MOVED, Outcome.THERE)


async def move_slides(storage: BucketStorage) -> AsyncIterator[Step]:
    """Put every slide's files into the bucket, read them back and compare; what is here stays as a copy.

    Raises:
        Unavailable: the bucket is away; nothing is lost, call it again.
        StoredDifferently: the bucket gave other bytes back; its copy was removed.
    """
    contents = await _contents()
    for number, (sha256, size_bytes) in enumerate(contents.items(), 1):
        yield Step(number, len(contents), sha256, size_bytes, await _move(storage, sha256))


async def _move(storage: BucketStorage, sha256: str) -> Outcome:
    async with storage.exclusive(sha256):
        if await storage.holds_slide(sha256):
            return Outcome.THERE
        if not storage.has_slide(sha256):
            return Outcome.MISSING
        if await asyncio.to_thread(sha256_of, storage.original_path(sha256)) != sha256:
            return Outcome.DAMAGED
        await storage.publish_slide(sha256, is_compared=True)
        return Outcome.MOVED


async def _contents() -> dict[str, int]:
    """All contents that slides use, in the bin too, and their sizes; oldest first."""
    found: dict[str, int] = {}
    rows = Slide.all().order_by("created_at", "id")
    for own, size_bytes, pixels, pixels_bytes in await rows.values_list(
        "sha256", "size_bytes", "pixels_sha256", "pixels_bytes"
    ):
        found[own] = size_bytes
        if pixels is not None:
            found[pixels] = pixels_bytes
    return found

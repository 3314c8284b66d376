"""The tiles that a file lacks, made in the background after it was taken in, so that its first viewer does not wait.

A chore: it takes a reader only when no viewer wants one, and goes on after a restart, on whichever process comes first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import UUID

from tortoise.expressions import Q

from api.errors import NotFound, UnsupportedSlide
from api.models.slide import Slide
from api.slides.chores import keep_doing
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.slide_source import SlideSource
from api.slides.tiles import TileService
from api.slides.turns import Urgency

logger = logging.getLogger("coslide.warming")

MAX_TILES_PER_LEVEL = 16_384
"""A finer level is left to its viewers: one decode per tile is quick, and all of it would fill the disk."""
LEASE = timedelta(seconds=60)
LOOK_EVERY_S = 30.0


class Warmer:
    """Makes tiles ahead, one slide after the other."""

    def __init__(self, tiles: TileService) -> None:
        self._tiles = tiles
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Say that there is a new slide."""
        self._news.set()

    async def run_forever(self) -> NoReturn:
        """Warm whatever slide needs it; run it in the server's task group."""
        await keep_doing(self.warm_next, self._news, LOOK_EVERY_S, logger)

    async def warm_next(self) -> UUID | None:
        """Warm the newest slide that nobody warms; its id, or None when there is none.

        Raises:
            Unavailable: the readers are away; the slide waits until its lease ends.
        """
        slide = await _claim()
        if slide is None:
            return None
        source = SlideSource.of(slide)
        try:
            made = await self._warm(slide.id, source)
        except NotFound:
            # Its file was removed meanwhile, or is missing: nothing to be made until it is restored.
            made = 0
        await Slide.filter(id=slide.id).update(pyramid_at=datetime.now(UTC), pyramid_claimed_until=None)
        logger.info("slide %s: %d tiles made ahead", slide.id, made)
        return slide.id

    async def _warm(self, slide_id: UUID, source: SlideSource) -> int:
        if not self._tiles.keeps_tiles:
            return 0
        made = 0
        renew_at = datetime.now(UTC) + LEASE / 3
        for address in addresses_ahead(source.pyramid):
            if await self._tiles.has_tile(source, address):
                continue
            try:
                await self._tiles.tile(source, address, urgency=Urgency.BACKGROUND)
                made += 1
            except UnsupportedSlide:
                # A broken tile is its viewer's business.
                continue
            if datetime.now(UTC) > renew_at:
                await Slide.filter(id=slide_id).update(pyramid_claimed_until=datetime.now(UTC) + LEASE)
                renew_at = datetime.now(UTC) + LEASE / 3
        return made


def addresses_ahead(pyramid: Pyramid) -> Iterator[TileAddress]:
    """The tiles to be made, finer levels first: coarser ones are made from them."""
    for level in pyramid.levels:
        if level.columns * level.rows <= MAX_TILES_PER_LEVEL:
            yield from pyramid.addresses(level.index)


async def _claim() -> Slide | None:
    """The newest slide to be warmed, held for `LEASE`; None when there is none, or another process was quicker."""
    now = datetime.now(UTC)
    is_free = Q(pyramid_claimed_until__isnull=True) | Q(pyramid_claimed_until__lt=now)
    waiting = Slide.filter(is_free, pyramid_at__isnull=True, deleted_at__isnull=True)
    slide = await waiting.order_by("-created_at", "-id").first()
    if slide is None:
        return None
    claimed = Slide.filter(is_free, id=slide.id, pyramid_at__isnull=True)
    return slide if await claimed.update(pyramid_claimed_until=now + LEASE) else None

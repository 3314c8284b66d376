"""Forgetting old events of the logs, where the settings ask for it. Rule L9 of docs/spec.md."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from tortoise.exceptions import BaseORMException
from tortoise.functions import Max

from api.collaboration.log import prune
from api.models.event import SlideEvent

logger = logging.getLogger("coslide.collaboration")

INTERVAL_S = 6 * 3600.0


async def prune_before(moment: datetime) -> int:
    """Delete every event up to each slide's last one from before `moment`; gives how many."""
    old = SlideEvent.filter(created_at__lt=moment).annotate(last=Max("seq")).group_by("slide_id")
    return sum([await prune(row["slide_id"], row["last"]) for row in await old.values("slide_id", "last")])


async def prune_forever(days: int | None, interval_s: float = INTERVAL_S) -> None:
    """Keep `days` of events, looking every six hours until cancelled; nothing to do for None.

    A database that is away is tried again the next time.
    """
    while days is not None:
        try:
            removed = await prune_before(datetime.now(UTC) - timedelta(days=days))
            if removed:
                logger.info("%d events older than %d days were removed from the logs", removed, days)
        except BaseORMException as error:
            logger.warning("old events were not removed: %s", error)
        await asyncio.sleep(interval_s)

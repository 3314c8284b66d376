"""Removing what has ended: sessions, links, used states, counted attempts. Only the size of tables relies on it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from tortoise.exceptions import BaseORMException

from api.auth.rate_limit import WINDOW
from api.models.user import Session, SignInAttempt, SignInLink, UsedState

logger = logging.getLogger("coslide.auth")

INTERVAL_S = 3600.0
KEEP_LINKS = timedelta(days=1)


async def remove_expired(now: datetime) -> int:
    """Delete what had ended by `now`; gives the number of rows."""
    return (
        await Session.filter(expires_at__lte=now).delete()
        + await SignInLink.filter(expires_at__lte=now - KEEP_LINKS).delete()
        + await UsedState.filter(expires_at__lte=now).delete()
        + await SignInAttempt.filter(created_at__lte=now - WINDOW).delete()
    )


async def remove_expired_forever(interval_s: float = INTERVAL_S) -> None:
    """Do so now and then again every hour, until cancelled. A database that is away is tried again the next time."""
    while True:
        try:
            removed = await remove_expired(datetime.now(UTC))
            logger.debug("removed %d rows that had ended", removed)
        except BaseORMException as error:
            logger.warning("rows that have ended were not removed: %s", error)
        await asyncio.sleep(interval_s)

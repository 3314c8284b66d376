"""Work in the background that is looked for now and then, and at once when somebody says that there is some."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn


async def keep_doing(
    do_next: Callable[[], Awaitable[object]], news: asyncio.Event, every_s: float, logger: logging.Logger
) -> NoReturn:
    """Call `do_next` until it has nothing to do (something falsy), then wait for news or `every_s`, for ever.

    A failure is logged; what it was about is looked for again.
    """
    while True:
        news.clear()
        try:
            while await do_next():
                continue
        except Exception:
            # The database or the readers may be away for a while.
            logger.exception("work in the background failed")
        try:
            async with asyncio.timeout(every_s):
                await news.wait()
        except TimeoutError:
            continue

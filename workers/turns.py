"""Who may send the next patches to the model server, when several predictions of a worker want to."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairTurns:
    """So many turns at a time, shared evenly: the next goes to the asker who has had the fewest.

    Who comes anew starts level with the one that has had the fewest of those that are there, so that nobody is kept
    waiting for another's past.

    Args:
        at_a_time: turns that may be taken together.
    """

    def __init__(self, at_a_time: int) -> None:
        self._free = at_a_time
        self._had: Counter[Hashable] = Counter()
        self._waiting: defaultdict[Hashable, deque[asyncio.Future[None]]] = defaultdict(deque)
        self._present: Counter[Hashable] = Counter()

    @asynccontextmanager
    async def asker(self, who: Hashable) -> AsyncIterator[None]:
        """Be counted among the askers for the length of the block; several blocks may be of one asker."""
        if not self._present[who]:
            self._had[who] = min((self._had[other] for other in self._present), default=0)
        self._present[who] += 1
        try:
            yield
        finally:
            self._present[who] -= 1
            if not self._present[who]:
                del self._present[who], self._had[who]
                self._waiting.pop(who, None)

    @asynccontextmanager
    async def turn(self, who: Hashable) -> AsyncIterator[None]:
        """One turn, from when it is given to the end of the block; inside a block of `asker`."""
        if self._free:
            self._free -= 1
        else:
            given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[who].append(given)
            try:
                await given
            except BaseException:
                if given.done() and not given.cancelled():
                    self._pass_on()
                else:
                    self._waiting[who].remove(given)
                raise
        self._had[who] += 1
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Give a turn that has ended to the next asker, or keep it."""
        waiting = [who for who, futures in self._waiting.items() if futures]
        if not waiting:
            self._free += 1
            return
        self._waiting[min(waiting, key=lambda who: self._had[who])].popleft().set_result(None)

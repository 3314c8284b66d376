"""A few things that many want: whose turn it is. The newest viewport goes before older ones, viewers before chores."""

from __future__ import annotations

import asyncio
import enum
import heapq
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

VIEWPORT_S = 0.2
"""Requests that come within so short a time belong to one viewport, and are answered in their order."""


class Urgency(enum.IntEnum):
    """How long something may wait; the smallest goes first."""

    CHECK = 0
    """A file that somebody uploads; `Ingest` has fewer of them at a time than there are readers."""
    VIEW = 1
    BACKGROUND = 2


class Overtaken(Exception):
    """So many newer requests wait that this one, the oldest, was given up."""


@dataclass(order=True)
class _Waiter(Generic[T]):
    urgency: Urgency
    viewport: int
    number: int
    turn: asyncio.Future[T] = field(compare=False)


class Turns(Generic[T]):
    """Hands things out one by one and takes them back.

    Args:
        things: what is there to be had.
        limit: how many may wait; the one that waits longest for a view gives way to the next.
    """

    def __init__(self, things: Iterable[T], limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = list(things)
        self._limit = limit
        self._clock = clock
        self._waiting: list[_Waiter[T]] = []
        self._numbers = itertools.count()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def take_now(self) -> T | None:
        """A thing that is free, if any; put it back."""
        # The one put back last: its process has the file open, the others' memory can sleep.
        return self._free.pop() if self._free else None

    async def take(self, urgency: Urgency = Urgency.VIEW) -> T:
        """The next thing that is free; put it back.

        Raises:
            Overtaken: too many wait, and this was the one to go.
        """
        thing = self.take_now()
        if thing is not None:
            return thing
        turn: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(urgency, -int(self._clock() / VIEWPORT_S), next(self._numbers), turn)
        heapq.heappush(self._waiting, waiter)
        if len(self._waiting) > self._limit:
            self._give_up(max(self._waiting, key=lambda one: (one.urgency, one.viewport, -one.number)))
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # It was this one's turn in the very moment in which it left.
                self.put_back(turn.result())
            else:
                self._remove(waiter)
            raise

    def put_back(self, thing: T) -> None:
        """Give a thing to whose turn it is."""
        while self._waiting:
            turn = heapq.heappop(self._waiting).turn
            if not turn.done():
                turn.set_result(thing)
                return
        self._free.append(thing)

    def _give_up(self, waiter: _Waiter[T]) -> None:
        self._remove(waiter)
        waiter.turn.set_exception(Overtaken())

    def _remove(self, waiter: _Waiter[T]) -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            heapq.heapify(self._waiting)

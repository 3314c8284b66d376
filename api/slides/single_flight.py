"""One piece of work for many askers at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Runs the work for a key once while any number of callers wait for it.

    A caller that goes away does not stop the work while others wait for it; with the last one it ends.
    """

    def __init__(self) -> None:
        self._running: dict[K, asyncio.Task[V]] = {}
        self._callers: dict[K, int] = {}

    async def run(self, key: K, work: Callable[[], Awaitable[V]]) -> V:
        """The result of `work`, or of the same key's work that is already running; its error reaches every caller."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(_awaited(work))
            self._running[key] = task
            self._callers[key] = 0
            task.add_done_callback(lambda done: self._finish(key, done))
        self._callers[key] += 1
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._running.get(key) is task:
                self._callers[key] -= 1
                if not self._callers[key]:
                    # At once: who asks after this moment begins anew.
                    self._forget(key)
                    task.cancel()
            raise

    async def aclose(self) -> None:
        """Stop everything that is running."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finish(self, key: K, task: asyncio.Task[V]) -> None:
        if self._running.get(key) is task:
            self._forget(key)
        if not task.cancelled():
            # Marks the error as seen, for the case that every caller has gone.
            task.exception()

    def _forget(self, key: K) -> None:
        del self._running[key]
        del self._callers[key]


async def _awaited(work: Callable[[], Awaitable[V]]) -> V:
    return await work()

"""The flow of patches: read, infer, keep. Bounded queues, so that memory does not grow with the slide."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np

from api.errors import PlatformError
from api.predictions.model_info import ModelInfo
from api.predictions.patch_store import PatchStore
from api.predictions.triton import ModelServerBusy, ModelServerDown, ModelSick, Patches, TritonClient
from api.slides.patch_source import Source, read_at
from workers.patches import Cell
from workers.plan import Pixels, Plan

IN_FLIGHT = 4
"""Patches at the model server at a time: what a killed worker has to do again at most."""
_READ_AHEAD = 4
PATIENCE_S = 120.0
T = TypeVar("T")
_Item = tuple[int, Cell, Pixels] | None


class Pipeline:
    """Infers the patches of a plan that its store does not hold yet.

    Args:
        open_source: opens the slide; called once, in the thread that reads.
        on_done: told of each cell whose patch is kept, on the event loop.
    """

    def __init__(
        self,
        plan: Plan,
        model: ModelInfo,
        client: TritonClient,
        store: PatchStore,
        open_source: Callable[[], Source],
        on_done: Callable[[Cell], None],
    ) -> None:
        self._plan = plan
        self._model = model
        self._client = client
        self._store = store
        self._open_source = open_source
        self._on_done = on_done
        self._reloading = asyncio.Lock()

    async def run(self, finished: set[int]) -> None:
        """Do the slots that are not in `finished`.

        Raises:
            BaseExceptionGroup: of the failures; `first_failure` gives the one to tell of.
        """
        todo = [(slot, cell) for slot, cell in enumerate(self._plan.cells) if slot not in finished]
        queue: asyncio.Queue[_Item] = asyncio.Queue(_READ_AHEAD)
        with ThreadPoolExecutor(1, "read") as reading, ThreadPoolExecutor(1, "keep") as keeping:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(todo, queue, reading))
                for _ in range(IN_FLIGHT):
                    group.create_task(self._infer(queue, keeping))

    async def _read(
        self, todo: list[tuple[int, Cell]], queue: asyncio.Queue[_Item], thread: ThreadPoolExecutor
    ) -> None:
        loop = asyncio.get_running_loop()
        if todo:
            source = await loop.run_in_executor(thread, self._open_source)
            downsample = self._plan.grid.downsample
            for slot, cell in todo:
                x, y, side = self._plan.grid.l0_patch(cell)
                pixels = await loop.run_in_executor(thread, read_at, source, x, y, side, side, downsample)
                await queue.put((slot, cell, pixels))
        for _ in range(IN_FLIGHT):
            await queue.put(None)

    async def _infer(self, queue: asyncio.Queue[_Item], thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while (item := await queue.get()) is not None:
            slot, cell, pixels = item
            probabilities = await patiently(partial(self._infer_or_reload, pixels[np.newaxis]))
            await loop.run_in_executor(thread, self._store.write, slot, probabilities[0])
            self._on_done(cell)

    async def _infer_or_reload(self, patches: Patches) -> Patches:
        try:
            return await self._client.infer(self._model, patches)
        except ModelSick:
            await self._reload()
            return await self._client.infer(self._model, patches)

    async def _reload(self) -> None:
        """Start the model's process anew; whoever comes while that goes on only waits for it."""
        if self._reloading.locked():
            async with self._reloading:
                return
        async with self._reloading:
            await self._client.reload(self._model.name)


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until it works, waiting out a model server that is busy, or away for up to two minutes.

    Raises:
        ModelServerDown: it stayed away.
    """
    loop = asyncio.get_running_loop()
    pause_s, away_since = 0.1, None
    while True:
        try:
            return await call()
        except ModelServerBusy:
            away_since = None
        except ModelServerDown:
            away_since = away_since or loop.time()
            if loop.time() - away_since > PATIENCE_S:
                raise
        await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))  # noqa: S311 (spreads retries, guards nothing)
        pause_s = min(2 * pause_s, 2.0)


def first_failure(
    failures: BaseExceptionGroup[BaseException], preferred: tuple[type[BaseException], ...] = (PlatformError,)
) -> BaseException:
    """The exception to tell of: the first of the preferred kinds, else the first; the others followed from it."""
    leaves = list(_leaves(failures))
    return next((leaf for leaf in leaves if isinstance(leaf, preferred)), leaves[0])


def _leaves(failure: BaseException) -> Iterator[BaseException]:
    if isinstance(failure, BaseExceptionGroup):
        for part in failure.exceptions:
            yield from _leaves(part)
    else:
        yield failure

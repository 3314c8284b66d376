"""The flow of patches: read, infer, keep. Bounded queues, so that memory does not grow with the slide."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from api.errors import PlatformError
from api.predictions.model_info import ModelInfo
from api.predictions.patch_store import PatchStore
from api.predictions.triton import ModelServerBusy, ModelServerDown, ModelSick, Patches, TritonClient
from api.slides.patch_source import Source, read_window
from workers.agenda import Agenda
from workers.patches import Cell
from workers.plan import Pixels, Plan
from workers.turns import FairTurns

BATCH = 2
"""Patches in one request: what the model's process infers at once."""
REQUESTS = 3
"""At the model server at a time: one for each of its processes, and one that waits."""
IN_FLIGHT = REQUESTS * BATCH
"""Patches at the model server at a time: what a killed worker has to do again at most."""
_READ_AHEAD = 2
PATIENCE_S = 120.0
T = TypeVar("T")
_Item = tuple[list[int], Pixels] | None
"""Slots and their pixels, (n, patch_px, patch_px, 3) uint8."""


class Supply(Protocol):
    """Where the pipeline has its work from, as slots of the plan."""

    async def take(self, count: int) -> list[int]:
        """The next slots, at most so many; it may wait for some; none when there is nothing more to do."""

    async def kept(self, slots: list[int]) -> None:
        """Told of slots whose patches are in the store."""

    async def failed(self, slots: list[int], error: Exception) -> bool:
        """Told of slots that could not be done; whether to go on without them."""


class Whole:
    """All of an agenda, by one worker: what can't be done ends the work."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda

    async def take(self, count: int) -> list[int]:
        return self._agenda.take(count)

    async def kept(self, slots: list[int]) -> None:
        pass

    async def failed(self, slots: list[int], error: Exception) -> bool:
        return False


class Pipeline:
    """Infers patches of a plan and keeps them in its store.

    Args:
        open_source: opens the slide; called once, in the thread that reads.
        on_done: told of each cell whose patch is kept, on the event loop.
        turns: shared with the other predictions of this worker, among which `asker` says whose this is.
    """

    def __init__(
        self,
        plan: Plan,
        model: ModelInfo,
        client: TritonClient,
        store: PatchStore,
        open_source: Callable[[], Source],
        on_done: Callable[[Cell], None],
        turns: FairTurns | None = None,
        asker: Hashable = None,
    ) -> None:
        self._plan = plan
        self._model = model
        self._client = client
        self._store = store
        self._open_source = open_source
        self._on_done = on_done
        self._turns = turns or FairTurns(REQUESTS)
        self._asker = asker
        self._reloading = asyncio.Lock()

    async def run(self, supply: Supply) -> None:
        """Do what the supply gives, in the order that it has at each moment.

        Raises:
            BaseExceptionGroup: of the failures; `first_failure` gives the one to tell of.
        """
        queue: asyncio.Queue[_Item] = asyncio.Queue(_READ_AHEAD)
        with ThreadPoolExecutor(1, "read") as reading, ThreadPoolExecutor(1, "keep") as keeping:
            async with self._turns.asker(self._asker), asyncio.TaskGroup() as group:
                group.create_task(self._read(supply, queue, reading))
                for _ in range(REQUESTS):
                    group.create_task(self._infer(supply, queue, keeping))

    async def _read(self, supply: Supply, queue: asyncio.Queue[_Item], thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        source: Source | None = None
        while slots := await supply.take(BATCH):
            if source is None:
                source = await loop.run_in_executor(thread, self._open_source)
            try:
                pixels = await loop.run_in_executor(thread, partial(self._pixels, source, slots))
            except Exception as error:
                if not await supply.failed(slots, error):
                    raise
                source = None  # OpenSlide gives nothing more from a file that it once failed to read
                continue
            await queue.put((slots, pixels))
        for _ in range(REQUESTS):
            await queue.put(None)

    def _pixels(self, source: Source, slots: list[int]) -> Pixels:
        """(n, patch_px, patch_px, 3) uint8 of the slots' patches."""
        grid, cells = self._plan.grid, self._plan.cells
        places = (grid.l0_patch(cells[slot]) for slot in slots)
        return np.stack([read_window(source, *place, grid.downsample, self._plan.l0_size) for place in places])

    async def _infer(self, supply: Supply, queue: asyncio.Queue[_Item], thread: ThreadPoolExecutor) -> None:
        while (item := await queue.get()) is not None:
            slots, pixels = item
            try:
                await self._infer_batch(slots, pixels, thread)
            except Exception as error:
                if not await supply.failed(slots, error):
                    raise
                continue
            for slot in slots:
                self._on_done(self._plan.cells[slot])
            await supply.kept(slots)

    async def _infer_batch(self, slots: list[int], pixels: Pixels, thread: ThreadPoolExecutor) -> None:
        async with self._turns.turn(self._asker):
            probabilities = await patiently(partial(self._infer_or_reload, pixels))
            # Inside the turn: what is answered and not kept yet is in flight, too.
            await asyncio.get_running_loop().run_in_executor(thread, self._keep, slots, probabilities)

    def _keep(self, slots: list[int], probabilities: Patches) -> None:
        for slot, patch in zip(slots, probabilities, strict=True):
            self._store.write(slot, patch)

    async def _infer_or_reload(self, patches: Patches) -> Patches:
        try:
            return await self._client.infer(self._model, patches, first_plane=self._model.first_kept)
        except ModelSick:
            await self._reload()
            return await self._client.infer(self._model, patches, first_plane=self._model.first_kept)

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

"""What all the work of one worker shares, and how each piece of it keeps its lease and learns that it is over."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn
from uuid import UUID

from tortoise.exceptions import BaseORMException

from api.collaboration.channel import Channel
from api.models.prediction import Prediction, PredictionStatus
from api.predictions.jobs import Standing
from api.predictions.patch_store import PatchStore
from api.predictions.triton import TritonClient
from api.settings import Settings
from api.slides.storage import Storage
from workers.pipeline import REQUESTS
from workers.turns import FairTurns

logger = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
"""A cancelled prediction frees its worker within this time and a moment."""
Viewports = list[list[float]]
_OVER = (PredictionStatus.SUCCEEDED, PredictionStatus.CANCELLED)


class Stopped(Exception):
    """The work is not to go on: it was cancelled, its slide is gone, or another worker has it."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing.value)
        self.standing = standing


@dataclass(frozen=True)
class WorkerParts:
    """What every prediction of a worker uses.

    Attributes:
        led: the predictions that this worker has claimed, with which it need not help.
    """

    settings: Settings
    storage: Storage
    client: TritonClient
    channel: Channel
    turns: FairTurns = field(default_factory=lambda: FairTurns(REQUESTS))
    busy: Counter[str] = field(default_factory=Counter)
    led: set[UUID] = field(default_factory=set)

    @contextmanager
    def share(self) -> Iterator[float]:
        """The part of the caches, in (0, 1], for a prediction that begins now: what others have is theirs."""
        self.busy["predictions"] += 1
        try:
            yield 1 / self.busy["predictions"]
        finally:
            self.busy["predictions"] -= 1


async def discard_if_over(prediction_id: UUID, storage: Storage) -> None:
    """Remove the checkpoint of a prediction that is over: the heatmap's finest tiles keep the blended probabilities."""
    if await Prediction.exists(id=prediction_id, status__in=_OVER):
        await asyncio.to_thread(PatchStore.discard, storage.prediction_path(prediction_id))


async def keep_alive(
    beat: Callable[[], Awaitable[tuple[Standing, Viewports | None]]], look_at: Callable[[Viewports], None]
) -> NoReturn:
    """Beat until cancelled, and tell what people look at; a database that is away for a moment is waited for.

    Raises:
        Stopped: the work is not to go on.
    """
    told_of_trouble = False
    while True:
        try:
            standing, viewports = await beat()
            if viewports:
                look_at(viewports)
            told_of_trouble = False
        except (BaseORMException, OSError) as error:
            if not told_of_trouble:
                logger.warning("The database does not answer (%s); trying again", error)
            told_of_trouble, standing = True, Standing.GO_ON
        if standing is not Standing.GO_ON:
            raise Stopped(standing)
        await asyncio.sleep(HEARTBEAT_S)

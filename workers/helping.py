"""Helping with a prediction that another worker leads: its free parts, one after the other."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import UUID

from tortoise.exceptions import BaseORMException

from api.errors import PlatformError
from api.models.prediction import Prediction
from api.predictions import jobs
from api.predictions.jobs import Standing
from api.predictions.model_info import ModelInfo
from api.predictions.patch_store import PatchStore
from api.slides.patch_source import CACHED_TILE_BYTES, PatchSource
from workers.agenda import Agenda
from workers.crew import Crew
from workers.parts import parts_of
from workers.patches import Region
from workers.pipeline import Pipeline, first_failure, patiently
from workers.plan import Plan
from workers.unbroken import unbroken
from workers.worker import Stopped, Viewports, WorkerParts, discard_if_over, keep_alive

logger = logging.getLogger(__name__)


async def help_with(prediction_id: UUID, parts: WorkerParts) -> bool:
    """Do free parts of a prediction until there are none; False when this worker can't help with it.

    What goes wrong here harms nobody: parts are given back or their leases run out, and the lead does them.
    """
    try:
        return await _Help(prediction_id, parts).to_the_end()
    except BaseExceptionGroup as failures:
        failure = first_failure(failures, (Stopped, PlatformError))
        if isinstance(failure, Stopped):
            return True
        if not isinstance(failure, PlatformError | OSError | BaseORMException):
            logger.exception("Helping with prediction %s broke off", prediction_id)
        logger.warning("Could not go on helping with prediction %s: %s", prediction_id, failure)
        return False
    finally:
        with suppress(BaseORMException, OSError):
            await unbroken(discard_if_over(prediction_id, parts.storage))


class _Help:
    """One worker's help with one prediction."""

    def __init__(self, prediction_id: UUID, parts: WorkerParts) -> None:
        self._id = prediction_id
        self._parts = parts
        self._token = jobs.new_token()
        self._crew: Crew | None = None
        self._agenda: Agenda | None = None
        self._views: list[Region] = []

    async def to_the_end(self) -> bool:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(keep_alive(self._beat, self._look_at))
            helped = await self._work()
            beating.cancel()
        return helped

    async def _beat(self) -> tuple[Standing, Viewports | None]:
        if self._crew is not None:
            await self._crew.beat()
            # Who leads a prediction does its parts as the lead.
            self._crew.leaves = self._id in self._parts.led
        return await unbroken(jobs.standing_of(self._id))

    def _look_at(self, viewports: Viewports) -> None:
        views = [Region(*viewport) for viewport in viewports]
        if self._agenda is not None and views != self._views:
            self._views = views
            self._agenda.look_at(views)

    async def _work(self) -> bool:
        prediction = await Prediction.get(id=self._id).prefetch_related("slide")
        folder = self._parts.storage.prediction_path(self._id)
        plan = await asyncio.to_thread(_plan_in, folder)
        if plan is None:
            logger.warning(
                "Prediction %s is led by a worker with another data folder; give all workers of a database the same",
                self._id,
            )
            return False
        path = await self._parts.storage.fetch_slide(prediction.slide.sha256)
        model = await patiently(partial(self._parts.client.model, prediction.model))
        if model.version != prediction.model_version:
            return False
        await self._infer(prediction, plan, model, path)
        return True

    async def _infer(self, prediction: Prediction, plan: Plan, model: ModelInfo, path: Path) -> None:
        folder = self._parts.storage.prediction_path(self._id)
        self._agenda = Agenda(plan)
        self._look_at([prediction.focus] if prediction.focus else [])
        with (
            self._parts.share() as share,
            PatchStore(folder, planes=model.kept_planes, patch_px=model.patch_px, share=share) as store,
        ):
            self._crew = Crew(
                parts_of(plan),
                self._agenda,
                store,
                prediction_id=self._id,
                token=self._token,
                lease_s=self._parts.settings.lease_s,
            )
            pipeline = Pipeline(
                plan,
                model,
                self._parts.client,
                store,
                partial(PatchSource, path, cache_bytes=round(CACHED_TILE_BYTES * share)),
                lambda _: None,
                self._parts.turns,
                prediction.requested_by_id,
            )
            try:
                await pipeline.run(self._crew)
            finally:
                await self._crew.close()


def _plan_in(folder: Path) -> Plan | None:
    saved = folder / "plan.json"
    return Plan.load(saved) if saved.exists() else None

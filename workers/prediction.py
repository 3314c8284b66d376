"""One claimed prediction, from claim to polygons in the database, with progress on the way and a checkpoint."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
from tortoise.exceptions import BaseORMException

from api.annotations.codec import PackedObject
from api.annotations.edit import publish_prediction_layer
from api.annotations.geometry import Geometry
from api.collaboration.channel import announce
from api.errors import NotFound, PlatformError, UnsupportedSlide
from api.models.annotation import GeometryKind
from api.models.prediction import Prediction
from api.models.slide import Slide
from api.predictions import jobs, shards
from api.predictions.heatmap import HeatmapStore, heatmap_levels
from api.predictions.jobs import Claim, Standing
from api.predictions.model_info import ModelInfo
from api.predictions.patch_store import PatchStore
from api.predictions.progress import INTERVAL_S, report
from api.predictions.requests import QUEUE_TOPIC, announce_slide
from api.slides.patch_source import CACHED_TILE_BYTES, PatchSource
from api.slides.storage import Storage
from workers.agenda import Agenda
from workers.contours import Outline
from workers.crew import NO_ROOM, Crew
from workers.overlay import Overlay
from workers.parts import Part, parts_of
from workers.patches import Cell, Region
from workers.pipeline import Pipeline, Supply, Whole, first_failure, patiently
from workers.plan import Plan, make_plan
from workers.reasons import database_failed, disk_failed, disk_full, slide_replaced, unexpected
from workers.result import Blended, Tracing, evidence_of_heatmap, evidence_of_patches, figures_of, trace
from workers.unbroken import unbroken
from workers.worker import Stopped, Viewports, WorkerParts, discard_if_over, keep_alive

logger = logging.getLogger(__name__)

_COARSE_S = 2.0
"""How often the heatmap's levels above the finest are written; each of their tiles changes with every patch below."""
_COARSE_PAUSE = 30
_CELLS_AT_ONCE = 64


class NothingDone(PlatformError):
    """Every part of a prediction was set aside; it says why the first was."""


async def work_on(claim: Claim, parts: WorkerParts) -> None:
    """Do what was claimed and write down how it ended. Cancelling this gives the claim back unharmed."""
    parts.led.add(claim.prediction_id)
    try:
        await _work_on(claim, parts)
    finally:
        parts.led.discard(claim.prediction_id)
        await unbroken(discard_if_over(claim.prediction_id, parts.storage))


async def _work_on(claim: Claim, parts: WorkerParts) -> None:
    try:
        try:
            await _Run(claim, parts).to_the_end()
        except BaseExceptionGroup as failures:
            raise first_failure(failures, (Stopped, PlatformError)) from failures
    except asyncio.CancelledError:
        await asyncio.shield(jobs.release(claim))
        raise
    except Stopped as stopped:
        logger.info("Prediction %s ended: %s", claim.prediction_id, stopped.standing.value)
        if stopped.standing is Standing.SLIDE_GONE:
            await jobs.cancel(claim.prediction_id, by=None, reason="The slide was deleted.")
        if stopped.standing is Standing.SLIDE_REPLACED:
            await jobs.fail(claim, slide_replaced(), for_good=True)
    except (UnsupportedSlide, NotFound, NothingDone) as error:
        await jobs.fail(claim, error, for_good=True)
    except PlatformError as error:
        if error.code == "STORAGE_AWAY":
            logger.warning("Prediction %s waits for the storage of the slides", claim.prediction_id)
            await jobs.pause(claim, error)
            return
        await jobs.fail(claim, error)
    except OSError as error:
        if error.errno in NO_ROOM:
            logger.warning("Prediction %s waits for room on the disk", claim.prediction_id)
            await jobs.pause(claim, disk_full(parts.storage.root))
            return
        logger.exception("Prediction %s broke off", claim.prediction_id)
        await jobs.fail(claim, disk_failed(error))
    except BaseORMException as error:
        logger.exception("Prediction %s broke off", claim.prediction_id)
        await jobs.fail(claim, database_failed(error))
    except Exception as error:
        logger.exception("Prediction %s broke off", claim.prediction_id)
        await jobs.fail(claim, unexpected(error))


async def discard_checkpoints(storage: Storage) -> None:
    """Remove the checkpoints of predictions that ended while no worker held them, such as by cancelling."""
    folders = await asyncio.to_thread(lambda: [path.parent for path in storage.root.glob("predictions/*/patches")])
    for folder in folders:
        if not await Prediction.exists(id=UUID(folder.name), finished_at__isnull=True):
            await asyncio.to_thread(PatchStore.discard, folder)


class _Run:
    """The state of one run of one claim."""

    def __init__(self, claim: Claim, parts: WorkerParts) -> None:
        self._claim = claim
        self._parts = parts
        self._lease_s = parts.settings.lease_s
        self._folder = parts.storage.prediction_path(claim.prediction_id)
        self._news: list[Cell] = []
        self._arrived = asyncio.Event()
        self._all_inferred = asyncio.Event()
        self._agenda: Agenda | None = None
        self._views: list[Region] = []
        self._looked_elsewhere = False
        self._inferred = 0
        self._arrived_patches = 0
        self._crew: Crew | None = None

    async def to_the_end(self) -> None:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(keep_alive(self._beat, self._look_at))
            await self._work()
            beating.cancel()

    async def _beat(self) -> tuple[Standing, Viewports | None]:
        if self._crew is not None:
            await self._crew.beat()
        return await unbroken(jobs.heartbeat(self._claim, self._lease_s))

    async def _work(self) -> None:
        prediction = await Prediction.get_or_none(id=self._claim.prediction_id).prefetch_related("slide")
        if prediction is not None:
            for told_of_waiting in ("notice", "notice_code", "notice_params", "pauses"):
                prediction.figures.pop(told_of_waiting, None)
        if prediction is None or prediction.slide.deleted_at is not None:
            raise Stopped(Standing.SLIDE_GONE)
        slide = prediction.slide
        if prediction.figures.get("sha256", slide.sha256) != slide.sha256:
            raise Stopped(Standing.SLIDE_REPLACED)
        path = await self._parts.storage.fetch_slide(slide.sha256)
        model = await patiently(partial(self._parts.client.model, prediction.model))
        if model.version != prediction.model_version:
            raise NotFound(
                f"The prediction wants {prediction.model} {prediction.model_version}, but the model server has "
                f"{model.version}. Ask for a new prediction.",
                code="MODEL_CHANGED",
            )
        if prediction.source_id is not None:
            await self._retrace(prediction, prediction.source_id, model)
            return
        plan = await asyncio.to_thread(self._plan, prediction, slide, model, path)
        with (
            self._parts.share() as share,
            PatchStore(self._folder, planes=model.kept_planes, patch_px=model.patch_px, share=share) as store,
        ):
            started = time.monotonic()
            cache_bytes = round(CACHED_TILE_BYTES * share)
            open_source = partial(PatchSource, path, cache_bytes=cache_bytes)
            blended = Blended(plan, store)
            tracing = Tracing(plan, model, evidence_of_patches(model, blended), prediction.threshold)
            try:
                await self._infer(prediction, plan, model, store, blended, tracing, open_source)
            finally:
                if self._crew is not None:
                    await self._crew.close()
            outlines = await asyncio.to_thread(tracing.finish)
            seconds = time.monotonic() - started
        await self._publish(prediction, plan, model, outlines, seconds)

    async def _retrace(self, prediction: Prediction, source_id: UUID, model: ModelInfo) -> None:
        """Polygons at another threshold, from what an earlier prediction found."""
        folder = self._parts.storage.prediction_path(source_id)
        started = time.monotonic()
        plan = await asyncio.to_thread(Plan.load, folder / "plan.json")
        evidence = evidence_of_heatmap(HeatmapStore(folder))
        outlines = await asyncio.to_thread(trace, plan, model, evidence, prediction.threshold)
        await Prediction.filter(id=prediction.id).update(done=len(plan.cells), total=len(plan.cells))
        await self._publish(prediction, plan, model, outlines, time.monotonic() - started)

    def _plan(self, prediction: Prediction, slide: Slide, model: ModelInfo, path: Path) -> Plan:
        """The plan of an earlier run, so that its checkpoint fits; else a new one."""
        saved = self._folder / "plan.json"
        if saved.exists():
            return Plan.load(saved)
        source = PatchSource(path)
        try:
            plan = make_plan(
                source,
                model,
                l0_size=(slide.width, slide.height),
                mpp=prediction.figures["mpp"],
                region=Region.from_list(prediction.region) if prediction.region else None,
                focus=Region.from_list(prediction.focus) if prediction.focus else None,
            )
        finally:
            source.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        plan.save(saved)
        return plan

    async def _infer(
        self,
        prediction: Prediction,
        plan: Plan,
        model: ModelInfo,
        store: PatchStore,
        blended: Blended,
        tracing: Tracing,
        open_source: Callable[[], PatchSource],
    ) -> None:
        """Infer what is missing, while the heatmap and the progress follow."""
        finished = set(await asyncio.to_thread(store.find_new))
        levels = heatmap_levels(*plan.l0_size, plan.grid.downsample, plan.grid.cell_px)
        heatmap = await asyncio.to_thread(HeatmapStore, self._folder)
        self._agenda = Agenda(plan, finished)
        self._look_at([prediction.focus] if prediction.focus else [])
        overlay = await asyncio.to_thread(Overlay, plan, model, blended, heatmap, len(levels))
        self._news = [plan.cells[slot] for slot in sorted(finished)]
        pipeline = Pipeline(
            plan,
            model,
            self._parts.client,
            store,
            open_source,
            self._note,
            self._parts.turns,
            prediction.requested_by_id,
        )
        supply: Supply = Whole(self._agenda)
        if parts := parts_of(plan):
            supply = self._crew = await self._crew_for(parts, self._agenda, store)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(prediction, plan, overlay, store, tracing))
            await pipeline.run(supply)
            self._all_inferred.set()
            self._arrived.set()
        if self._crew is not None and len(self._crew.set_aside) == len(parts):
            reason = self._crew.set_aside[0][1]
            raise NothingDone(reason.message, code=reason.code, params=reason.params)

    async def _crew_for(self, parts: list[Part], agenda: Agenda, store: PatchStore) -> Crew:
        """Cut the prediction for all workers, and take a share."""
        if not await unbroken(shards.cut(self._claim, [part.region.as_list() for part in parts], self._lease_s)):
            raise Stopped(await self._why_lost())
        await self._parts.channel.publish(QUEUE_TOPIC, {"prediction": str(self._claim.prediction_id)})
        return Crew(
            parts,
            agenda,
            store,
            prediction_id=self._claim.prediction_id,
            token=self._claim.token,
            lease_s=self._lease_s,
            lead=self._claim,
        )

    def _look_at(self, viewports: Sequence[Sequence[float]]) -> None:
        """Do first, and draw at once, what people look at now."""
        views = [Region(*viewport) for viewport in viewports]
        if views == self._views or self._agenda is None:
            return
        self._views = views
        self._agenda.look_at(views)
        self._looked_elsewhere = True

    def _in_view(self, cell: Cell) -> bool:
        return self._agenda is not None and self._agenda.in_view(cell)

    def _note(self, cell: Cell) -> None:
        self._news.append(cell)
        self._inferred += 1
        self._arrived.set()

    async def _follow(
        self, prediction: Prediction, plan: Plan, overlay: Overlay, store: PatchStore, tracing: Tracing
    ) -> None:
        """Tell of what is new until all is told, at most every `INTERVAL_S`; trace what is final on the way."""
        coarse_due = 0.0
        while not self._all_inferred.is_set():
            self._arrived.clear()
            began = time.monotonic()
            await self._tell(prediction, plan, overlay, with_coarse=began >= coarse_due)
            if began >= coarse_due:
                # The larger the slide and the busier the machine, the longer the pause: it must not cost the work much.
                coarse_due = time.monotonic() + max(_COARSE_S, _COARSE_PAUSE * (time.monotonic() - began))
            tracing.note_final(overlay.take_final())
            await asyncio.to_thread(tracing.trace_one)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_inferred.wait(), max(0.01, began + INTERVAL_S - time.monotonic()))
            await self._note_others(plan, store)
            while not self._news and not self._all_inferred.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._arrived.wait(), INTERVAL_S if self._crew else None)
                await self._note_others(plan, store)
        await self._note_others(plan, store)
        while len(self._news) > _CELLS_AT_ONCE:
            await self._tell(prediction, plan, overlay, with_coarse=False)
        await self._tell(prediction, plan, overlay, with_coarse=True, closing=True)

    async def _note_others(self, plan: Plan, store: PatchStore) -> None:
        """Take note of the patches that other workers have finished."""
        if self._crew is not None:
            found = await asyncio.to_thread(store.find_new)
            self._news += [plan.cells[slot] for slot in found]
            self._arrived_patches += len(found)

    async def _tell(
        self, prediction: Prediction, plan: Plan, overlay: Overlay, *, with_coarse: bool, closing: bool = False
    ) -> None:
        """Draw what is new, then store and announce it."""
        cells, self._news = self._news[:_CELLS_AT_ONCE], self._news[_CELLS_AT_ONCE:]
        version = prediction.heatmap_version + 1
        tiles = await asyncio.to_thread(
            overlay.add, cells, version, in_view=self._in_view, with_coarse=with_coarse, closing=closing
        )
        if self._looked_elsewhere:
            self._looked_elsewhere = False
            seen = [cell for cell in plan.cells if self._in_view(cell)]
            tiles += [key for key in await asyncio.to_thread(overlay.show, seen, version) if key not in tiles]
        version = version if tiles else version - 1
        prediction.heatmap_version = version
        told = report(
            self._claim,
            self._lease_s,
            done=overlay.done,
            total=len(plan.cells),
            version=version,
            figures={**prediction.figures, "tissue_mm2": round(plan.tissue_mm2, 4), "patches": len(plan.cells)},
            tiles=tiles,
            has_progress=self._inferred > 0,
        )
        if not await unbroken(told):
            raise Stopped(await self._why_lost())
        await announce_slide(self._parts.channel, prediction)

    async def _publish(
        self, prediction: Prediction, plan: Plan, model: ModelInfo, outlines: list[Outline], seconds: float
    ) -> None:
        figures = figures_of(plan, model, outlines, seconds, self._inferred + self._arrived_patches)
        layer_id = None
        if outlines:
            applied = await publish_prediction_layer(
                prediction.slide_id,
                prediction.id,
                [packed(outline) for outline in outlines],
                name=_layer_name(prediction, model),
                color=model.positive.color,
                requested_by_id=prediction.requested_by_id,
            )
            layer_id = applied.layers[0].id
            await announce(self._parts.channel, prediction.slide_id, applied.seq)
        whole = {**prediction.figures, **asdict(figures)}
        if self._crew is not None and self._crew.set_aside:
            whole["set_aside"] = [
                {
                    "region": part.region.as_list(),
                    "message": why.message,
                    "code": why.code,
                    "params": why.params or None,
                }
                for part, why in self._crew.set_aside
            ]
        if not await unbroken(jobs.complete(self._claim, figures=whole, layer_id=layer_id)):
            raise Stopped(await self._why_lost())
        await announce_slide(self._parts.channel, prediction)

    async def _why_lost(self) -> Standing:
        """Why nothing could be written: the claim is not ours any more, or the prediction is over."""
        standing, _ = await unbroken(jobs.heartbeat(self._claim, self._lease_s))
        return Standing.LOST if standing is Standing.GO_ON else standing


def _layer_name(prediction: Prediction, model: ModelInfo) -> str:
    at = f" ≥ {prediction.threshold:g}" if prediction.source_id else ""
    return f"{model.name} {model.version}{at}"


def packed(outline: Outline) -> PackedObject:
    """An outline as prediction layers store it."""
    rings = [outline.shape.exterior, *outline.shape.interiors]
    points = tuple(np.asarray(ring.coords, np.float64)[:-1] for ring in rings)
    return PackedObject(
        Geometry(GeometryKind.POLYGON, (points,)), class_index=outline.class_index, mean=round(outline.mean * 255)
    )

"""A claimed prediction from queue to layer, on real Triton with stand-in models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely

from api.annotations.chunks import unpack_prediction
from api.collaboration.channel import MemoryChannel, slide_topic
from api.models.annotation import AnnotationChunk, Layer, LayerKind
from api.models.prediction import HeatmapTile, Prediction, PredictionShard, PredictionStatus, ShardStatus
from api.models.slide import Slide, SlideSequence
from api.predictions import jobs
from api.predictions.heatmap import TileKey
from api.predictions.live import tell_viewports
from api.predictions.patch_store import PatchStore
from api.predictions.png import decode_png
from api.predictions.requests import rethreshold
from api.predictions.triton import TritonClient
from api.settings import Settings
from api.slides.storage import Storage
from tests.servers.triton import TritonProcess
from tests.workers.painted import LESION_PROBABILITY, PaintedSlide, paint_slide
from tests.workers.stored import ask_for, heatmap_bytes, store
from workers.prediction import discard_checkpoints, work_on
from workers.worker import WorkerParts

pytestmark = pytest.mark.triton


@pytest.fixture
async def parts(triton: TritonProcess, tmp_path: Path) -> AsyncIterator[WorkerParts]:
    settings = Settings(data=tmp_path, triton_url=triton.address)
    async with TritonClient(triton.address, timeout_s=30) as client:
        yield WorkerParts(settings, Storage(tmp_path), client, MemoryChannel())


async def do_next(parts: WorkerParts) -> None:
    claim = await jobs.claim(15)
    assert claim is not None
    await work_on(claim, parts)


@asynccontextmanager
async def at_work(parts: WorkerParts) -> AsyncIterator[asyncio.Task[None]]:
    """The next prediction is worked on while the block runs."""
    task = asyncio.create_task(do_next(parts))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until_some_are_done(prediction: Prediction, count: int = 1) -> None:
    async with asyncio.timeout(30):
        while (await Prediction.get(id=prediction.id)).done < count:
            await asyncio.sleep(0.02)


async def test_a_prediction_becomes_a_layer(database: object, parts: WorkerParts, two_lesions: PaintedSlide) -> None:
    slide = await store(parts.storage, two_lesions)
    asked = await ask_for(slide, parts.client)

    async with parts.channel.subscribe(slide_topic(slide.id)) as hints:
        await do_next(parts)
        hint = await asyncio.wait_for(anext(hints), 1)

    assert hint == {"prediction": str(asked.id)}
    prediction = await Prediction.get(id=asked.id)
    assert (prediction.status, prediction.error) == (PredictionStatus.SUCCEEDED, None)
    assert (prediction.done, prediction.total) == (12, 12)
    assert prediction.figures["polygons"] == 2
    assert prediction.figures["patches"] == 12
    assert prediction.figures["tissue_mm2"] == pytest.approx(1.4, rel=0.05)
    assert prediction.figures["cancer_mm2"] == pytest.approx(two_lesions.lesions.area / 1e6, rel=0.002)
    assert (await PredictionShard.get()).status is ShardStatus.DONE
    layer = await Layer.get()
    assert (layer.id, layer.kind, layer.prediction_id) == (prediction.layer_id, LayerKind.PREDICTION, asked.id)
    assert (layer.name, layer.color) == ("redness 1.2.3", "#d62839")
    assert (await SlideSequence.get(slide_id=slide.id)).seq == 1
    objects = [item for chunk in await AnnotationChunk.all() for item in unpack_prediction(chunk.data)]
    assert [(item.class_index, item.mean) for item in objects] == [(2, round(LESION_PROBABILITY * 255))] * 2
    shapes = shapely.union_all([shapely.Polygon(*_rings(item.geometry.polygons[0])) for item in objects])
    assert shapely.hausdorff_distance(shapes, two_lesions.lesions_px) <= 2.0


async def test_the_heatmap_shows_each_probability_where_it_is(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client)

    await do_next(parts)

    tiles = {key: decode_png(data) for key, data in (await heatmap_bytes(parts.storage, prediction)).items()}
    assert sorted({key.level for key in tiles}) == [0, 1, 2]
    assert {key for key in tiles if key.level == 2} == {TileKey(2, 0, 0)}
    # Level 0 has one pixel a micrometre; a tile has 448 of them.
    lesion, tissue, glass = (300, 300), (1000, 250), (20, 20)
    # In the lesion 200 for red and 55 for background: the two best differ by 145.
    red = (200, 0, 255 - 145, 255)
    for (x, y), expected in ((lesion, red), (tissue, (0, 0, 0, 255)), (glass, (0, 0, 0, 255))):
        tile = tiles[TileKey(0, x // 448, y // 448)]
        assert tuple(tile[y % 448, x % 448].tolist()) == expected
        top = tiles[TileKey(2, 0, 0)]
        assert tuple(top[y // 4, x // 4].tolist()) == expected
    # The slide ends at 1600 x 1200 um: beyond it nothing was looked at.
    assert tiles[TileKey(0, 3, 2)][1200 - 2 * 448 :, :, 3].max() == 0
    assert tiles[TileKey(0, 3, 2)][: 1200 - 2 * 448, : 1600 - 3 * 448, 3].min() == 255


async def test_another_threshold_makes_a_layer_without_inference(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    source = await ask_for(slide, parts.client)
    await do_next(parts)
    inferred = await parts.client.inference_count("redness")

    same = await rethreshold(await Prediction.get(id=source.id), 0.4, requested_by=None)
    none = await rethreshold(await Prediction.get(id=source.id), 0.9, requested_by=None)
    await do_next(parts)
    await do_next(parts)

    assert await parts.client.inference_count("redness") == inferred
    source, same, none = [await Prediction.get(id=each.id) for each in (source, same, none)]
    assert {each.status for each in (same, none)} == {PredictionStatus.SUCCEEDED}
    assert same.figures["cancer_mm2"] == source.figures["cancer_mm2"] > 0
    assert (none.figures["polygons"], none.layer_id) == (0, None)
    names = {layer.id: layer.name for layer in await Layer.all()}
    assert names == {source.layer_id: "redness 1.2.3", same.layer_id: "redness 1.2.3 ≥ 0.4"}
    chunks = {layer_id: await AnnotationChunk.filter(layer_id=layer_id).order_by("row", "column") for layer_id in names}
    was, now = ([unpack_prediction(chunk.data) for chunk in chunks[each.layer_id]] for each in (source, same))
    assert was == now


async def test_what_people_look_at_while_it_runs_is_done_next(
    sqlite_database: object, parts: WorkerParts, tmp_path: Path
) -> None:
    painted = paint_slide(
        tmp_path / "wide.tiff", mpp=0.5, width_um=4480, height_um=1792, tissue=[shapely.box(0, 0, 4480, 1792)]
    )
    slide = await store(parts.storage, painted)
    prediction = await ask_for(slide, parts.client, "slow")
    far = TileKey(0, 9, 3)

    async with at_work(parts):
        await until_some_are_done(prediction)
        await tell_viewports(slide.id, [[9 * 896.0 + 10, 3 * 896.0 + 10, 800.0, 800.0]], [])
        async with asyncio.timeout(30):
            while not await HeatmapTile.exists(prediction_id=prediction.id, level=0, column=9, row=3):
                await asyncio.sleep(0.02)
        done = (await Prediction.get(id=prediction.id)).done

    assert far in await heatmap_bytes(parts.storage, prediction)
    assert done <= 24, "the last of 40 patches came among the first after somebody looked"


async def test_a_blank_slide_succeeds_with_nothing(sqlite_database: object, parts: WorkerParts, tmp_path: Path) -> None:
    slide = await store(parts.storage, paint_slide(tmp_path / "blank.tiff", mpp=0.5))
    prediction = await ask_for(slide, parts.client)

    await do_next(parts)

    await prediction.refresh_from_db()
    assert (prediction.status, prediction.done, prediction.total) == (PredictionStatus.SUCCEEDED, 0, 0)
    assert (prediction.figures["polygons"], prediction.figures["patches"]) == (0, 0)
    assert prediction.layer_id is None
    assert await Layer.all().count() == 0


async def test_a_failing_model_fails_with_its_reason(
    database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client, "faulty")

    for _ in range(jobs.MAX_ATTEMPTS):
        await do_next(parts)
        await PredictionShard.filter(not_before__isnull=False).update(not_before=datetime.now(UTC))

    await prediction.refresh_from_db()
    assert prediction.status is PredictionStatus.FAILED
    assert prediction.error is not None
    assert "The model faulty failed" in prediction.error
    assert "the weights are melted" in prediction.error
    assert await Layer.all().count() == 0


async def test_cancelling_frees_the_worker_within_a_second(
    database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client, "slow")
    async with at_work(parts) as task:
        await until_some_are_done(prediction)
        assert await jobs.cancel(prediction.id, by=None) is True

        await asyncio.wait_for(task, 1.0)

    await prediction.refresh_from_db()
    assert prediction.status is PredictionStatus.CANCELLED
    assert prediction.done < 12
    assert not (parts.storage.prediction_path(prediction.id) / "patches").exists()
    assert await Layer.all().count() == 0


async def test_a_slide_deleted_meanwhile_ends_it_cleanly(
    database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client, "slow")
    async with at_work(parts) as task:
        await until_some_are_done(prediction)
        await Slide.filter(id=slide.id).update(deleted_at=datetime.now(UTC))

        await asyncio.wait_for(task, 2.0)

    await prediction.refresh_from_db()
    assert prediction.status is PredictionStatus.CANCELLED
    assert (await PredictionShard.get()).error == "The slide was deleted."
    assert await jobs.claim(15) is None


async def test_a_worker_asked_to_stop_gives_its_work_back_with_what_is_done(
    database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client, "slow")
    async with at_work(parts) as task:
        await until_some_are_done(prediction, 2)
        task.cancel()
        await asyncio.wait({task})

    shard = await PredictionShard.get()
    assert (shard.status, shard.attempts, shard.worker) == (ShardStatus.QUEUED, 0, None)
    await do_next(parts)
    await prediction.refresh_from_db()
    assert (prediction.status, prediction.done) == (PredictionStatus.SUCCEEDED, 12)


async def test_checkpoints_that_nobody_needs_are_removed(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    kept, cancelled = await ask_for(slide, parts.client), await ask_for(slide, parts.client, "slow")
    for prediction in (kept, cancelled):
        PatchStore(parts.storage.prediction_path(prediction.id), planes=3, patch_px=512).close()
    await jobs.cancel(cancelled.id, by=None)

    await discard_checkpoints(parts.storage)

    left = [path.parent.name for path in parts.storage.root.glob("predictions/*/patches")]
    assert left == [str(kept.id)]


async def test_a_slide_whose_file_is_gone_fails_with_what_to_do(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client)
    parts.storage.slide_path(slide.sha256).unlink()

    await do_next(parts)

    await prediction.refresh_from_db()
    assert (prediction.status, prediction.error) == (
        PredictionStatus.FAILED,
        "The slide's file is missing from storage. Restore it from a backup, or upload it again.",
    )


async def test_a_new_version_of_the_model_is_not_passed_off_as_the_old_one(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client)
    await Prediction.filter(id=prediction.id).update(model_version="1.0.0")

    await do_next(parts)

    await prediction.refresh_from_db()
    assert prediction.status is PredictionStatus.FAILED
    assert prediction.error == (
        "The prediction wants redness 1.0.0, but the model server has 1.2.3. Ask for a new prediction."
    )


async def test_what_is_looked_at_comes_first(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide
) -> None:
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, parts.client, "slow", focus=[2200.0, 1300.0, 200.0, 200.0])
    async with at_work(parts):
        await until_some_are_done(prediction)
        first = await HeatmapTile.filter(prediction_id=prediction.id, level=0).order_by("version").first()

    assert first is not None
    # 2200 / 2 / 448 and 1300 / 2 / 448
    assert (first.column, first.row) == (2, 1)


def _rings(rings: tuple[np.ndarray, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    return rings[0], list(rings[1:])

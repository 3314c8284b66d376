"""Asking for predictions: what is queued, what is given back from before, what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from api.errors import Conflict, InvalidInput, NotFound
from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardKind, ShardStatus
from api.models.slide import Slide
from api.predictions.requests import rethreshold
from tests.factories import make_slide_row
from tests.predictions.made import REDNESS, ask


async def test_a_request_queues_one_shard_over_the_slide(database: object) -> None:
    slide = await make_slide_row(width=4096, height=2048)

    prediction = await ask(slide, focus=[10.0, 20.0, 300.0, 200.0])

    (row,) = await Prediction.all()
    assert (row.id, row.status, row.model, row.model_version) == (
        prediction.id,
        PredictionStatus.QUEUED,
        "redness",
        "1.2.3",
    )
    assert row.focus == [10.0, 20.0, 300.0, 200.0]
    assert row.figures == {
        "mpp": 0.5,
        "sha256": slide.sha256,
        "downsample": 2.0,
        "tile_px": 448,
        "patch_px": 512,
    }
    (shard,) = await PredictionShard.all()
    assert (shard.region, shard.status, shard.attempts) == ([0.0, 0.0, 4096.0, 2048.0], ShardStatus.QUEUED, 0)


@pytest.mark.parametrize("status", ["QUEUED", "RUNNING", "SUCCEEDED"])
async def test_the_same_work_is_given_back(sqlite_database: object, status: str) -> None:
    slide = await make_slide_row()
    first = await ask(slide, region=[0.0, 0.0, 100.0, 100.0])
    await Prediction.filter(id=first.id).update(status=status)

    again = await ask(slide, region=[0.2, -5.0, 99.9, 105.0], requested_by=None)

    assert again.id == first.id
    assert await PredictionShard.all().count() == 1


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
async def test_what_did_not_succeed_is_done_again(sqlite_database: object, status: str) -> None:
    slide = await make_slide_row()
    first = await ask(slide)
    await Prediction.filter(id=first.id).update(status=status)

    assert (await ask(slide)).id != first.id


async def test_other_work_is_other_work(sqlite_database: object) -> None:
    slide = await make_slide_row()
    first = await ask(slide)
    others = [
        await ask(slide, region=[0.0, 0.0, 100.0, 100.0]),
        await ask(slide, replace(REDNESS, version="1.2.4")),
        await ask(slide, replace(REDNESS, name="blueness")),
        await ask(),
    ]
    slide.mpp_x = slide.mpp_y = 0.25
    await slide.save()
    others.append(await ask(slide))

    assert len({first.id, *(other.id for other in others)}) == 6


async def test_two_who_ask_at_once_get_one(database: object) -> None:
    slide = await make_slide_row()

    first, second = await asyncio.gather(ask(slide), ask(slide))

    assert first.id == second.id
    assert await Prediction.all().count() == 1


async def test_what_cannot_be_done_is_refused(sqlite_database: object) -> None:
    slide = await make_slide_row(width=1000, height=500)
    with pytest.raises(InvalidInput, match=r"lies outside the slide of 1000 x 500 pixels") as outside:
        await ask(slide, region=[1000.0, 0.0, 10.0, 10.0])
    assert (outside.value.code, outside.value.field) == ("REGION_OUTSIDE", "region")
    with pytest.raises(InvalidInput, match=r"does not say how many micrometres") as unknown:
        await ask(await make_slide_row(mpp_x=None))
    assert unknown.value.code == "NO_MPP"
    with pytest.raises(InvalidInput, match=r"has 8 um a pixel; redness works at 1 um"):
        await ask(await make_slide_row(mpp_x=8.0, mpp_y=8.0))
    slide.id = uuid4()
    with pytest.raises(NotFound):
        await ask(slide)
    assert await Prediction.all().count() == 0


async def finished(**fields: object) -> Prediction:
    prediction = await ask()
    figures = prediction.figures | {"tissue_mm2": 3.5, "patches": 9, "cancer_mm2": 1.0, "polygons": 4}
    await Prediction.filter(id=prediction.id).update(**{"status": "SUCCEEDED", "figures": figures} | fields)
    return await Prediction.get(id=prediction.id)


async def test_another_threshold_is_a_prediction_of_its_own_without_inference(database: object) -> None:
    source = await finished()

    made = await rethreshold(source, 0.25, requested_by=None)

    assert (made.source_id, made.threshold, made.status) == (source.id, 0.25, PredictionStatus.QUEUED)
    assert (made.model, made.model_version, made.slide_id) == ("redness", "1.2.3", source.slide_id)
    assert "polygons" not in made.figures
    assert made.figures["tissue_mm2"] == 3.5
    shard = await PredictionShard.get(prediction_id=made.id)
    assert shard.kind is ShardKind.RETRACE
    assert (await rethreshold(source, 0.25, requested_by=None)).id == made.id
    await Prediction.filter(id=made.id).update(status="SUCCEEDED")
    assert (await rethreshold(await Prediction.get(id=made.id), 0.5, requested_by=None)).id == source.id
    slide = await Slide.get(id=source.slide_id)
    assert (await ask(slide)).id == source.id, "a new threshold must not pass for the model's own result"


@pytest.mark.parametrize("threshold", [0.0, 1.0, -2.0, float("nan")])
async def test_a_threshold_out_of_bounds_is_refused(sqlite_database: object, threshold: float) -> None:
    source = await finished()
    with pytest.raises(InvalidInput, match="Choose one between 0 and 1"):
        await rethreshold(source, threshold, requested_by=None)
    assert await Prediction.all().count() == 1


async def test_another_threshold_waits_for_the_end(sqlite_database: object) -> None:
    with pytest.raises(Conflict) as refused:
        await rethreshold(await ask(), 0.3, requested_by=None)
    assert refused.value.message == (
        "The prediction is QUEUED; another threshold needs one that has succeeded. Wait for its end."
    )

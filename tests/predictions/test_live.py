"""News of predictions for those who follow a slide."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from api.collaboration.channel import MemoryChannel
from api.models.prediction import HeatmapTile, Prediction, PredictionStatus
from api.predictions import jobs
from api.predictions.heatmap import TileKey
from api.predictions.live import Mark, PredictionNews, PredictionSource, changed_predictions
from api.predictions.progress import report
from api.predictions.requests import announce_slide
from tests.predictions.made import ask

LEASE_S = 30.0


async def test_what_changed_since_a_mark_and_which_tiles(database: object) -> None:
    prediction = await ask()
    (first,) = await changed_predictions(prediction.slide_id, {})
    assert (first.prediction.id, first.prediction.status, first.tiles) == (prediction.id, PredictionStatus.QUEUED, {})
    marks = {prediction.id: Mark.of(first.prediction)}
    assert await changed_predictions(prediction.slide_id, marks) == []

    claim = await jobs.claim(LEASE_S)
    assert claim is not None
    a, b, top = TileKey(0, 3, 4), TileKey(0, 4, 4), TileKey(1, 1, 2)
    progress = {"total": 9, "figures": prediction.figures}
    assert await report(claim, LEASE_S, done=1, version=1, tiles=[a, top], **progress)  # type: ignore[arg-type]
    assert await report(claim, LEASE_S, done=2, version=2, tiles=[b, top], **progress)  # type: ignore[arg-type]

    (second,) = await changed_predictions(prediction.slide_id, marks)
    assert (second.prediction.done, second.prediction.total, second.prediction.heatmap_version) == (2, 9, 2)
    assert second.tiles == {a: 1, top: 2, b: 2}
    assert await HeatmapTile.all().count() == 3
    after_first = {prediction.id: Mark(PredictionStatus.RUNNING, 1, 9, 1)}
    (third,) = await changed_predictions(prediction.slide_id, after_first)
    assert third.tiles == {b: 2, top: 2}


async def test_a_worker_without_the_claim_writes_no_progress(database: object) -> None:
    prediction = await ask()
    claim = await jobs.claim(LEASE_S)
    assert claim is not None
    await jobs.cancel(prediction.id, by=None)

    held = await report(claim, LEASE_S, done=5, total=9, version=1, figures={}, tiles=[TileKey(0, 0, 0)])

    assert held is False
    await prediction.refresh_from_db()
    assert (prediction.done, prediction.total, prediction.heatmap_version) == (0, None, 0)
    assert await HeatmapTile.all().count() == 0


async def test_the_end_is_told_and_forgotten_later(database: object) -> None:
    prediction = await ask()
    marks = {prediction.id: Mark.of(prediction)}
    await jobs.cancel(prediction.id, by=None)
    (news,) = await changed_predictions(prediction.slide_id, marks)
    assert news.prediction.status is PredictionStatus.CANCELLED

    long_ago = datetime.now(UTC) - timedelta(hours=1)
    await Prediction.filter(id=prediction.id).update(finished_at=long_ago)

    assert len(await changed_predictions(prediction.slide_id, marks)) == 1
    assert await changed_predictions(prediction.slide_id, {}) == []


async def test_news_merge_without_losing_tiles(sqlite_database: object) -> None:
    prediction = await ask()
    old = PredictionNews(prediction, {TileKey(0, 0, 0): 1, TileKey(0, 1, 0): 1})
    new = PredictionNews(prediction, {TileKey(0, 1, 0): 2})

    assert old.key == new.key == f"prediction:{prediction.id}"
    assert new.after(old).tiles == {TileKey(0, 0, 0): 1, TileKey(0, 1, 0): 2}


async def test_followers_hear_by_hint_and_by_polling(sqlite_database: object) -> None:
    prediction = await ask()
    channel = MemoryChannel()
    heard: asyncio.Queue[PredictionNews] = asyncio.Queue()
    following = asyncio.create_task(PredictionSource(channel).run(prediction.slide_id, heard.put_nowait))
    first = await asyncio.wait_for(heard.get(), 2)
    assert first.prediction.status is PredictionStatus.QUEUED

    claim = await jobs.claim(LEASE_S)
    assert claim is not None
    assert (await asyncio.wait_for(heard.get(), 2)).prediction.status is PredictionStatus.RUNNING
    await jobs.complete(claim, figures=prediction.figures, layer_id=None)
    await announce_slide(channel, prediction)
    assert (await asyncio.wait_for(heard.get(), 2)).prediction.status is PredictionStatus.SUCCEEDED

    following.cancel()
    await asyncio.wait({following})
    snapshot = await PredictionSource(channel).snapshot(prediction.slide_id)
    assert [news.prediction.status for news in snapshot] == [PredictionStatus.SUCCEEDED]

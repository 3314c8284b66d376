"""What a prediction depends on is killed, taken away or replaced while it runs; it goes on, or ends with the reason."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException

from api.auth import sessions
from api.collaboration.channel import MemoryChannel
from api.models.database import tortoise_config
from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardStatus
from api.models.slide import Slide
from api.predictions import jobs
from api.predictions.heatmap import TileKey
from api.predictions.triton import TritonClient
from api.settings import Settings
from api.slides.services import open_storage
from api.slides.storage import Storage
from tests.factories import make_project, make_user
from tests.faults.test_every_step import PATCHES, result_of
from tests.servers.coslide import ApiServer, WorkerServer
from tests.servers.mariadb import MariadbServer, running_mariadb
from tests.servers.s3 import S3Server
from tests.servers.triton import TritonProcess
from tests.workers.painted import PaintedSlide
from tests.workers.stored import ask_for, heatmap_bytes, store
from workers.pipeline import IN_FLIGHT
from workers.prediction import work_on
from workers.worker import WorkerParts

pytestmark = pytest.mark.triton


async def until(prediction: Prediction, *, done: int | None = None, patience_s: float = 90) -> None:
    """Until so many patches are done, or the prediction has ended; a database that is away is asked again."""
    async with asyncio.timeout(patience_s):
        while True:
            try:
                await prediction.refresh_from_db()
                if prediction.finished_at is not None or (done is not None and prediction.done >= done):
                    return
            except (BaseORMException, OSError):
                pass
            await asyncio.sleep(0.05)


def parts_of(data: Path, client: TritonClient, storage: Storage | None = None) -> WorkerParts:
    return WorkerParts(
        Settings(data=data, triton_url=client.address), storage or Storage(data), client, MemoryChannel()
    )


async def undisturbed(slide: Slide, parts: WorkerParts) -> object:
    """The result of a prediction by `redness`, which answers as `slow` does."""
    prediction = await ask_for(slide, parts.client)
    claim = await jobs.claim(15)
    assert claim is not None
    await work_on(claim, parts)
    await prediction.refresh_from_db()
    return await result_of(parts, prediction)


async def test_the_api_killed_meanwhile_costs_nothing(
    sqlite_database: object, triton: TritonProcess, client: TritonClient, two_lesions: PaintedSlide, tmp_path: Path
) -> None:
    url = f"sqlite://{tmp_path / 'coslide.sqlite3'}"
    parts = parts_of(tmp_path, client)
    owner = await make_user()
    slide = await store(parts.storage, two_lesions)
    await Slide.filter(id=slide.id).update(project_id=(await make_project(owner)).id)
    expected = await undisturbed(slide, parts)
    settings = Settings(data=tmp_path, database_url=url)
    cookie = f"coslide={await sessions.create(owner.id, settings)}"
    api = ApiServer(tmp_path, database_url=url, triton_url=triton.address)
    worker = WorkerServer(tmp_path, database_url=url, triton_url=triton.address)
    api.start()
    worker.start()
    inferred = await client.inference_count("slow")
    prediction = await ask_for(slide, client, "slow", requested_by=owner.id)
    await until(prediction, done=2)

    api.kill()
    await until(prediction, done=6)
    api.start()
    await until(prediction)

    headers = {"cookie": cookie, "origin": api.url}
    async with httpx.AsyncClient(base_url=api.url, headers=headers) as http:
        asked = {"query": "query ($id: ID!) { predictions(slideId: $id) { nodes { id status done } } }"}
        answer = await http.post("/graphql", json={**asked, "variables": {"id": str(slide.id)}})
        key = TileKey(0, 1, 1)
        tile = await http.get(f"/predictions/{prediction.id}/heatmap/{key.level}/{key.column}_{key.row}.png")
    worker.stop()
    api.stop()
    assert {"id": str(prediction.id), "status": "SUCCEEDED", "done": PATCHES} in answer.json()["data"]["predictions"][
        "nodes"
    ], json.dumps(answer.json())
    assert tile.content == (await heatmap_bytes(parts.storage, prediction))[key]
    assert await client.inference_count("slow") - inferred == PATCHES
    assert (await PredictionShard.get(prediction_id=prediction.id)).attempts == 1
    assert await result_of(parts, prediction) == expected


@pytest.fixture
def own_mariadb() -> Iterator[MariadbServer]:
    """A server that may be killed: what it said is committed is in the system's hands."""
    with running_mariadb(keeps_commits=True) as server:
        yield server


@pytest.mark.mariadb
async def test_the_database_killed_meanwhile_is_waited_for(
    own_mariadb: MariadbServer,
    triton: TritonProcess,
    client: TritonClient,
    two_lesions: PaintedSlide,
    tmp_path: Path,
) -> None:
    url = own_mariadb.url(own_mariadb.create_database())
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(Settings(database_url=url)))
        await context.generate_schemas(safe=False)
        parts = parts_of(tmp_path, client)
        slide = await store(parts.storage, two_lesions)
        expected = await undisturbed(slide, parts)
        inferred = await client.inference_count("slow")
        prediction = await ask_for(slide, client, "slow")
        worker = WorkerServer(tmp_path, database_url=url, triton_url=triton.address)
        worker.start()
        await until(prediction, done=3)

        own_mariadb.kill()
        await asyncio.to_thread(own_mariadb.start)
        await until(prediction)
        worker.stop()

        assert (prediction.status, prediction.done) == (PredictionStatus.SUCCEEDED, PATCHES), prediction.error
        assert await client.inference_count("slow") - inferred <= PATCHES + IN_FLIGHT
        assert await result_of(parts, prediction) == expected


async def test_a_slide_replaced_meanwhile_ends_it_with_the_reason_and_its_result_is_not_passed_on(
    database: object, client: TritonClient, two_lesions: PaintedSlide, tmp_path: Path
) -> None:
    parts = parts_of(tmp_path, client)
    slide = await store(parts.storage, two_lesions)
    prediction = await ask_for(slide, client, "slow")
    claim = await jobs.claim(15)
    assert claim is not None
    working = asyncio.create_task(work_on(claim, parts))
    await until(prediction, done=1)

    await Slide.filter(id=slide.id).update(sha256="f" * 64)
    await asyncio.wait_for(working, 2.0)

    await prediction.refresh_from_db()
    assert (prediction.status, prediction.error) == (
        PredictionStatus.FAILED,
        "The slide's file was replaced meanwhile. Ask for a new prediction.",
    )
    assert prediction.done < PATCHES
    assert prediction.layer_id is None
    again = await ask_for(slide, client, "slow")
    assert again.id != prediction.id
    assert again.figures["sha256"] == "f" * 64


async def test_a_bucket_that_is_away_at_the_start_is_waited_for_with_growing_pauses(
    sqlite_database: object, client: TritonClient, two_lesions: PaintedSlide, tmp_path: Path
) -> None:
    s3 = S3Server(tmp_path)
    s3.start()
    settings = Settings(data=tmp_path, **s3.new_bucket())
    storage = open_storage(settings)
    parts = parts_of(tmp_path, client, storage)
    slide = await store(storage, two_lesions)
    storage.index_path(slide.sha256).write_bytes(b"")
    prediction = await ask_for(slide, client)
    here = storage.slide_path(slide.sha256).parent
    here.rename(tmp_path / "elsewhere")
    s3.stop()

    for number in range(jobs.MAX_ATTEMPTS + 1):
        pause = await paused(parts, prediction)
        assert pause == pytest.approx(min(jobs.LONGEST_PAUSE_S, jobs.PAUSE_S * 2**number), abs=1)

    s3.start()
    httpx.put(f"{s3.url}/{settings.s3_bucket}").raise_for_status()
    (tmp_path / "elsewhere").rename(here)
    await storage.publish_slide(slide.sha256)
    shutil.rmtree(here)
    claim = await jobs.claim(15)
    assert claim is not None
    await work_on(claim, parts)
    s3.stop()
    await prediction.refresh_from_db()
    assert (prediction.status, prediction.done) == (PredictionStatus.SUCCEEDED, PATCHES)
    assert not {"notice", "pauses"} & set(prediction.figures)


async def paused(parts: WorkerParts, prediction: Prediction) -> float:
    """Try once while the storage is away: how many seconds it is to wait. The pause is skipped."""
    claim = await jobs.claim(15)
    assert claim is not None
    assert claim.attempt == 1
    await work_on(claim, parts)
    shard = await PredictionShard.get()
    await prediction.refresh_from_db()
    assert (shard.status, shard.attempts, prediction.finished_at) == (ShardStatus.QUEUED, 0, None)
    assert prediction.figures["notice"].startswith("The storage of the slides does not answer or refuses.")
    assert shard.not_before is not None
    pause = (shard.not_before - datetime.now(UTC)).total_seconds()
    await PredictionShard.all().update(not_before=None)
    return pause

"""kill -9 in the middle: what was finished is not done again, and the result is the same to the bit."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from api.models.prediction import Prediction, PredictionShard, PredictionStatus
from api.models.slide import Slide
from api.predictions.triton import TritonClient
from api.slides.storage import Storage
from tests.servers.coslide import WorkerServer
from tests.servers.triton import TritonProcess
from tests.workers.painted import PaintedSlide
from tests.workers.stored import ask_for, ended, heatmap_bytes, predicted_objects, store, until_done
from workers.pipeline import IN_FLIGHT

pytestmark = pytest.mark.triton

Result = tuple[dict[object, bytes], list[object]]


async def result_of(storage: Storage, prediction: Prediction) -> Result:
    """Heatmap and polygons: all that a prediction leaves."""
    assert not (storage.prediction_path(prediction.id) / "patches").exists()
    return dict(await heatmap_bytes(storage, prediction)), list(await predicted_objects(prediction))


async def undisturbed(data: Path, slide: Slide, client: TritonClient, url: str, address: str) -> Result:
    prediction = await ask_for(slide, client, "slow")
    worker = WorkerServer(data, database_url=url, triton_url=address)
    worker.start()
    assert (await ended(prediction)).status is PredictionStatus.SUCCEEDED
    worker.stop()
    result = await result_of(Storage(data), prediction)
    await Prediction.filter(id=prediction.id).update(model_version="earlier")
    return result


async def test_a_killed_worker_loses_at_most_what_was_in_flight(
    database: object,
    db_url: str,
    triton: TritonProcess,
    client: TritonClient,
    two_lesions: PaintedSlide,
    tmp_path: Path,
) -> None:
    slide = await store(Storage(tmp_path), two_lesions)
    expected = await undisturbed(tmp_path, slide, client, db_url, triton.address)
    inferred_before = await client.inference_count("slow")
    prediction = await ask_for(slide, client, "slow")
    first = WorkerServer(tmp_path, database_url=db_url, triton_url=triton.address, lease_s="2")
    first.start()
    await until_done(prediction, 3)

    first.kill()
    second = WorkerServer(tmp_path, database_url=db_url, triton_url=triton.address, lease_s="2")
    second.start()
    await ended(prediction)
    second.stop()

    assert (prediction.status, prediction.done, prediction.total) == (PredictionStatus.SUCCEEDED, 12, 12)
    assert await client.inference_count("slow") - inferred_before <= 12 + IN_FLIGHT
    assert await result_of(Storage(tmp_path), prediction) == expected


async def test_a_killed_model_server_is_waited_for(
    sqlite_database: object,
    model_venv: Path,
    standin_repository: Path,
    two_lesions: PaintedSlide,
    triton: TritonProcess,
    client: TritonClient,
    tmp_path: Path,
) -> None:
    url = f"sqlite://{tmp_path / 'coslide.sqlite3'}"
    slide = await store(Storage(tmp_path), two_lesions)
    expected = await undisturbed(tmp_path, slide, client, url, triton.address)
    prediction = await ask_for(slide, client, "slow")
    own = TritonProcess(tmp_path, standin_repository)
    own.start()
    worker = WorkerServer(tmp_path, database_url=url, triton_url=own.address)
    worker.start()
    await until_done(prediction, 3)

    os.kill(own.server_pid, signal.SIGKILL)
    await ended(prediction)
    worker.stop()
    starts = own.starts
    own.stop()

    assert (prediction.status, prediction.done) == (PredictionStatus.SUCCEEDED, 12)
    assert starts == 2
    assert (await PredictionShard.get(prediction_id=prediction.id)).attempts == 1
    assert await result_of(Storage(tmp_path), prediction) == expected


async def test_sigterm_ends_the_worker_cleanly(
    sqlite_database: object, triton: TritonProcess, client: TritonClient, two_lesions: PaintedSlide, tmp_path: Path
) -> None:
    slide = await store(Storage(tmp_path), two_lesions)
    prediction = await ask_for(slide, client, "slow")
    worker = WorkerServer(tmp_path, database_url=f"sqlite://{tmp_path / 'coslide.sqlite3'}", triton_url=triton.address)
    worker.start()
    await until_done(prediction, 1)

    worker.stop(timeout_s=5)

    shard = await PredictionShard.get(prediction_id=prediction.id)
    assert (shard.status, shard.worker) == ("QUEUED", None)
    assert "Traceback" not in worker.log.read_text()

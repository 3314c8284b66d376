"""A failure at the n-th read, batch, stitch, write and hint, for every n of a small slide: the result is the same.

Each kind of step is counted in an undisturbed run first; then, for every n, a prediction of the same slide fails there
once, is claimed again, and must end with the same heatmap and polygons, without inferring a kept patch again.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from api.collaboration.channel import MemoryChannel
from api.models.annotation import AnnotationChunk, Layer
from api.models.prediction import Prediction, PredictionShard, PredictionStatus
from api.models.slide import Slide
from api.predictions import jobs
from api.predictions.heatmap import HeatmapStore
from api.predictions.patch_store import PatchStore
from api.predictions.triton import ModelServerDown, TritonClient
from api.settings import Settings
from api.slides.patch_source import PatchSource
from api.slides.storage import Storage
from tests.servers.triton import TritonProcess
from tests.workers.painted import PaintedSlide
from tests.workers.stored import ask_for, heatmap_bytes, predicted_objects, store
from workers import prediction as prediction_module
from workers.pipeline import IN_FLIGHT
from workers.prediction import work_on
from workers.stitching import Stitcher
from workers.worker import WorkerParts

pytestmark = pytest.mark.triton

PATCHES = 12


class Boom(OSError):
    """What is injected: as a disk or a socket would fail."""


class Fault:
    """Counts the calls of one function and fails at one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self.fails_at = 0

    def arm(self, number: int) -> None:
        self.calls, self.fails_at = 0, number

    def pass_through(self) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            raise Boom(f"injected at call {self.calls}")


def wrapped(function: Callable[..., Any], fault: Fault, *, after: bool) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        if not after:
            fault.pass_through()
        found = function(*arguments, **named)
        if after:
            fault.pass_through()
        return found

    return call


def wrapped_async(function: Callable[..., Any], fault: Fault, *, after: bool) -> Callable[..., Any]:
    async def call(*arguments: Any, **named: Any) -> Any:
        if not after:
            fault.pass_through()
        found = await function(*arguments, **named)
        if after:
            fault.pass_through()
        return found

    return call


STEPS: dict[str, tuple[object, str, bool]] = {
    "read": (PatchSource, "read", False),
    "batch": (TritonClient, "infer", True),
    "keep": (PatchStore, "write", True),
    "stitch": (Stitcher, "blend", False),
    "tile write": (HeatmapStore, "write", False),
    "progress commit": (prediction_module, "report", True),
    "chunk write": (AnnotationChunk, "bulk_create", False),
    "layer commit": (prediction_module, "publish_prediction_layer", True),
    "final commit": (jobs, "complete", True),
    "hint": (MemoryChannel, "publish", False),
}
ASYNC = {"batch", "progress commit", "chunk write", "layer commit", "final commit", "hint"}


@pytest.fixture
async def parts(triton: TritonProcess, tmp_path: Path) -> AsyncIterator[WorkerParts]:
    settings = Settings(data=tmp_path, triton_url=triton.address)
    async with TritonClient(triton.address, timeout_s=30) as client:
        yield WorkerParts(settings, Storage(tmp_path), client, MemoryChannel())


async def run(parts: WorkerParts, slide: Slide) -> Prediction:
    """A prediction, claimed again until it has ended; the pauses between attempts are skipped."""
    prediction = await ask_for(slide, parts.client)
    for _ in range(jobs.MAX_ATTEMPTS):
        await PredictionShard.all().update(not_before=None)
        claim = await jobs.claim(15)
        if claim is None:
            break
        await work_on(claim, parts)
        await prediction.refresh_from_db()
        if prediction.finished_at is not None:
            break
    await Prediction.filter(id=prediction.id).update(model_version="earlier")
    return prediction


async def result_of(parts: WorkerParts, prediction: Prediction) -> tuple[dict[Any, bytes], list[Any], Any]:
    objects = await predicted_objects(prediction)
    figures = {name: prediction.figures[name] for name in ("patches", "polygons", "cancer_mm2", "tissue_mm2")}
    return await heatmap_bytes(parts.storage, prediction), objects, (figures, prediction.done, prediction.total)


@pytest.mark.parametrize("step", STEPS)
async def test_a_failure_at_every_call_changes_nothing(
    sqlite_database: object,
    parts: WorkerParts,
    two_lesions: PaintedSlide,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    owner, name, after = STEPS[step]
    fault = Fault()
    wrap = wrapped_async if step in ASYNC else wrapped
    monkeypatch.setattr(owner, name, wrap(getattr(owner, name), fault, after=after))
    slide = await store(parts.storage, two_lesions)
    expected = await result_of(parts, await run(parts, slide))
    calls = fault.calls
    assert calls > 0
    layers = 1

    for number in range(1, calls + 1):
        inferred = await parts.client.inference_count("redness")
        fault.arm(number)
        prediction = await run(parts, slide)
        layers += 1

        what = f"failed at call {number} of {calls}: {prediction.error}"
        assert prediction.status is PredictionStatus.SUCCEEDED, what
        assert await result_of(parts, prediction) == expected, what
        assert await parts.client.inference_count("redness") - inferred <= PATCHES + IN_FLIGHT, what
        assert await Layer.all().count() == layers, what
        assert not (parts.storage.prediction_path(prediction.id) / "patches").exists(), what


async def test_a_model_server_that_is_away_for_a_moment_costs_no_attempt(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    infer, calls = TritonClient.infer, 0

    async def away_at_third(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ModelServerDown("away")
        return await infer(*arguments, **named)

    monkeypatch.setattr(TritonClient, "infer", away_at_third)
    prediction = await run(parts, await store(parts.storage, two_lesions))

    assert prediction.status is PredictionStatus.SUCCEEDED
    assert (await PredictionShard.get()).attempts == 1


async def test_a_full_disk_pauses_with_a_message_and_goes_on(
    sqlite_database: object, parts: WorkerParts, two_lesions: PaintedSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = await store(parts.storage, two_lesions)
    expected = await result_of(parts, await run(parts, slide))
    inferred = await parts.client.inference_count("redness")
    write, writes, full = PatchStore.write, 0, True

    def write_while_there_is_room(*arguments: Any) -> None:
        nonlocal writes
        writes += 1
        if full and writes > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*arguments)

    monkeypatch.setattr(PatchStore, "write", write_while_there_is_room)
    prediction = await ask_for(slide, parts.client)
    for _ in range(jobs.MAX_ATTEMPTS + 2):
        await PredictionShard.all().update(not_before=None)
        claim = await jobs.claim(15)
        assert claim is not None
        await work_on(claim, parts)
        await prediction.refresh_from_db()
        assert prediction.finished_at is None
        assert prediction.figures["notice"] == (
            f"The disk of {parts.storage.root} is full. Make room: the prediction then goes on."
        )
    assert await parts.client.inference_count("redness") - inferred <= PATCHES + (jobs.MAX_ATTEMPTS + 2) * IN_FLIGHT

    full = False
    await PredictionShard.all().update(not_before=None)
    claim = await jobs.claim(15)
    assert claim is not None
    await work_on(claim, parts)
    await prediction.refresh_from_db()

    assert await result_of(parts, prediction) == expected
    assert "notice" not in prediction.figures

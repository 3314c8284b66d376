"""Several workers on one large slide, as real processes with real Triton: the same result, whatever happens to them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import shapely
import tifffile

from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardKind, ShardStatus
from api.models.slide import Slide
from api.predictions import jobs
from api.predictions.requests import rethreshold
from api.predictions.triton import TritonClient
from api.slides.storage import Storage
from tests.servers.coslide import ROOT, WorkerServer, environment
from tests.servers.triton import TritonProcess
from tests.workers.painted import PaintedSlide, paint_slide
from tests.workers.stored import ask_for, ended, heatmap_bytes, predicted_objects, store, until_done
from workers.parts import parts_of
from workers.pipeline import IN_FLIGHT
from workers.plan import Plan

pytestmark = pytest.mark.triton

CELLS = 9
PATCHES = CELLS * CELLS
PARTS = 9
Result = tuple[dict[object, bytes], list[object], dict[str, object]]


@pytest.fixture(scope="module")
def wide_slide(tmp_path_factory: pytest.TempPathFactory) -> PaintedSlide:
    """1 um/px, 9 x 9 cells of tissue, with lesions that cross the borders of parts."""
    side = CELLS * 448
    cross = shapely.union_all([shapely.box(300, 1700, 3800, 1900), shapely.box(1700, 300, 1900, 3800)])
    ring = shapely.Point(2688, 2688).buffer(500).difference(shapely.Point(2688, 2688).buffer(300))
    return paint_slide(
        tmp_path_factory.mktemp("slides") / "wide.tiff",
        mpp=1.0,
        width_um=side,
        height_um=side,
        tissue=[shapely.box(0, 0, side, side)],
        lesions=[cross, ring],
        levels=3,
    )


Started = Callable[[str], WorkerServer]


@pytest.fixture
def start(triton: TritonProcess, tmp_path: Path) -> Iterator[Started]:
    """Starts a worker on a database; those that still run in the end are stopped."""
    with ExitStack() as stack:

        def started(url: str) -> WorkerServer:
            worker = WorkerServer(tmp_path, database_url=url, triton_url=triton.address, lease_s="2")
            worker.start()
            stack.callback(worker.stop)
            return worker

        yield started


async def until_two_work_on(prediction: Prediction) -> None:
    """Until two workers hold parts, and some patches are done."""
    async with asyncio.timeout(60):
        while True:
            running = PredictionShard.filter(prediction_id=prediction.id, kind=ShardKind.PART, worker__isnull=False)
            if len(set(await running.values_list("worker", flat=True))) >= 2:
                return
            await asyncio.sleep(0.02)


async def result_of(storage: Storage, prediction: Prediction) -> Result:
    """Heatmap, polygons and figures: all that a prediction leaves."""
    objects: list[object] = list(await predicted_objects(prediction))
    figures = {name: prediction.figures[name] for name in ("patches", "polygons", "cancer_mm2", "tissue_mm2")}
    return dict(await heatmap_bytes(storage, prediction)), objects, figures


async def by_one_worker(data: Path, slide: Slide, client: TritonClient, url: str, start: Started) -> Result:
    prediction = await ask_for(slide, client)
    worker = start(url)
    await ended(prediction, patience_s=120)
    worker.stop()
    assert (prediction.status, prediction.done, prediction.total) == (PredictionStatus.SUCCEEDED, PATCHES, PATCHES)
    assert await PredictionShard.filter(kind=ShardKind.PART, status=ShardStatus.DONE).count() == PARTS
    assert (await PredictionShard.filter(kind=ShardKind.PART).values_list("attempts", flat=True)) == [1] * PARTS
    await Prediction.filter(id=prediction.id).update(model_version="earlier")
    return await result_of(Storage(data), prediction)


async def test_two_workers_do_one_slide_together_with_the_same_result(
    database: object, db_url: str, start: Started, client: TritonClient, wide_slide: PaintedSlide, tmp_path: Path
) -> None:
    slide = await store(Storage(tmp_path), wide_slide)
    expected = await by_one_worker(tmp_path, slide, client, db_url, start)
    assert (expected[2]["polygons"], expected[2]["patches"]) == (2, PATCHES)
    inferred_before = await client.inference_count("redness")
    workers = [start(db_url) for _ in range(2)]
    prediction = await ask_for(slide, client)

    await ended(prediction, patience_s=120)
    for worker in workers:
        worker.stop()

    assert (prediction.status, prediction.done) == (PredictionStatus.SUCCEEDED, PATCHES)
    assert await client.inference_count("redness") - inferred_before == PATCHES
    parts = PredictionShard.filter(prediction_id=prediction.id, kind=ShardKind.PART)
    assert len(set(await parts.values_list("worker", flat=True))) == 2
    assert await result_of(Storage(tmp_path), prediction) == expected
    assert "set_aside" not in prediction.figures
    assert not (Storage(tmp_path).prediction_path(prediction.id) / "patches").exists()


@pytest.mark.parametrize("victim", ["lead", "helper"])
async def test_killing_one_of_two_workers_costs_what_it_had_in_flight(
    sqlite_database: object, start: Started, client: TritonClient, wide_slide: PaintedSlide, tmp_path: Path, victim: str
) -> None:
    url = f"sqlite://{tmp_path / 'coslide.sqlite3'}"
    slide = await store(Storage(tmp_path), wide_slide)
    inferred_before = await client.inference_count("slow")
    prediction = await ask_for(slide, client, "slow")
    lead = start(url)
    await until_done(prediction, 1)
    helper = start(url)
    await until_two_work_on(prediction)

    (lead if victim == "lead" else helper).kill()
    await ended(prediction, patience_s=120)
    (helper if victim == "lead" else lead).stop()

    assert (prediction.status, prediction.done) == (PredictionStatus.SUCCEEDED, PATCHES)
    assert await client.inference_count("slow") - inferred_before <= PATCHES + IN_FLIGHT
    found = await result_of(Storage(tmp_path), prediction)
    await PredictionShard.filter(kind=ShardKind.PART).delete()
    # `redness` answers as `slow` does.
    assert await by_one_worker(tmp_path, slide, client, url, start) == found


def damaged(painted: PaintedSlide, folder: Path, cell: tuple[int, int]) -> PaintedSlide:
    """A copy of the slide of which the tile in the middle of a cell can't be decoded."""
    path = folder / "damaged.tiff"
    data = bytearray(painted.path.read_bytes())
    with tifffile.TiffFile(painted.path) as tiff:
        page = tiff.pages[0]
        columns = -(-page.imagewidth // page.tilewidth)
        x, y = ((place * 448 + 224) // page.tilewidth for place in cell)
        start = page.dataoffsets[y * columns + x]
        length = page.databytecounts[y * columns + x]
    data[start : start + length] = b"\xff" * length
    path.write_bytes(data)
    return PaintedSlide(path, *[getattr(painted, name) for name in list(PaintedSlide.__dataclass_fields__)[1:]])


async def test_what_cannot_be_read_is_set_aside_with_its_reason_and_the_rest_completes(
    sqlite_database: object, start: Started, client: TritonClient, wide_slide: PaintedSlide, tmp_path: Path
) -> None:
    url = f"sqlite://{tmp_path / 'coslide.sqlite3'}"
    storage = Storage(tmp_path)
    slide = await store(storage, damaged(wide_slide, tmp_path, (5, 5)))
    prediction = await ask_for(slide, client)
    worker = start(url)

    await ended(prediction, patience_s=120)

    assert (prediction.status, prediction.error) == (PredictionStatus.SUCCEEDED, None)
    (aside,) = prediction.figures["set_aside"]
    assert aside["region"] == [4 * 448.0, 4 * 448.0, 4 * 448.0, 4 * 448.0]
    assert aside["message"].startswith("The file looks like a slide but can't be read"), aside
    plan = Plan.load(storage.prediction_path(prediction.id) / "plan.json")
    lost = next(part for part in parts_of(plan) if part.region.as_list() == aside["region"])
    assert prediction.total == PATCHES
    assert PATCHES - len(lost.slots) <= prediction.done < PATCHES
    assert prediction.figures["polygons"] == 2
    tiles = {key: data for key, data in (await heatmap_bytes(storage, prediction)).items() if key.level == 0}
    assert len(tiles) == prediction.done

    again = await rethreshold(prediction, 0.4, requested_by=None)
    await ended(again, patience_s=120)
    assert again.figures["set_aside"] == [aside]
    assert again.figures["cancer_mm2"] == prediction.figures["cancer_mm2"]
    worker.stop()
    assert (await ask_for(slide, client)).id != prediction.id, (
        "a result with gaps is not given back as if it were whole"
    )


_DEADLY = """
import os, signal
from api.slides.patch_source import PatchSource
from workers import main

read = PatchSource.read

def deadly(self, x, y, width, height, downsample):
    if width == height == 512 and x <= {x} < x + width and y <= {y} < y + height:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(self, x, y, width, height, downsample)

PatchSource.read = deadly
main.main()
"""


async def test_a_part_that_kills_every_worker_is_set_aside_alone(
    sqlite_database: object,
    triton: TritonProcess,
    client: TritonClient,
    wide_slide: PaintedSlide,
    tmp_path: Path,
) -> None:
    url = f"sqlite://{tmp_path / 'coslide.sqlite3'}"
    slide = await store(Storage(tmp_path), wide_slide)
    prediction = await ask_for(slide, client)
    script = _DEADLY.format(x=5 * 448 + 224, y=5 * 448 + 224)  # in the middle of the part in the middle
    settings = environment(tmp_path, database_url=url, triton_url=triton.address, lease_s="1.2")

    deaths = 0
    while (await Prediction.get(id=prediction.id)).finished_at is None:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=ROOT, env=settings)
        dying, ending = asyncio.create_task(process.wait()), asyncio.create_task(ended(prediction, patience_s=120))
        await asyncio.wait({dying, ending}, return_when=asyncio.FIRST_COMPLETED)
        if dying.done():
            deaths += 1
            ending.cancel()
        else:
            process.terminate()
            await dying

    await prediction.refresh_from_db()
    assert (prediction.status, prediction.error) == (PredictionStatus.SUCCEEDED, None)
    (aside,) = prediction.figures["set_aside"]
    assert aside["region"] == [4 * 448.0, 4 * 448.0, 4 * 448.0, 4 * 448.0]
    assert aside["message"].startswith("The worker stopped without a word 4 times while working on this part")
    assert deaths == jobs.MAX_ATTEMPTS
    assert PATCHES - 16 <= prediction.done < PATCHES
    parts = PredictionShard.filter(prediction_id=prediction.id, kind=ShardKind.PART)
    assert await parts.filter(status=ShardStatus.DONE).count() == PARTS - 1

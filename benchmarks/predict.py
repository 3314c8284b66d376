"""ENTRY: predictions from the mutation to polygons in the database, on the real model server (`make bench-predict`).

CPU figures are the worker's and the model server's, from /proc, beside OpenVINO alone on the same patches in the same
run: they hold on a busy machine. Seconds are wall time; `load` is the machine's load average while they were taken.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from api.annotations.chunks import unpack_prediction
from api.models.annotation import AnnotationChunk
from api.models.prediction import HeatmapTile, Prediction
from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.triton import TritonClient
from api.slides.patch_source import PatchSource, read_at
from api.slides.storage import Storage
from benchmarks._giga import giga_slide
from benchmarks._prediction_site import ROOT, Person, Progress, Site, site
from benchmarks._processes import cpu_seconds, peak_mb
from tests.servers.triton import triton_venv
from workers.plan import Plan

SHARED = ROOT.parent / "shared" / "data" / "slides" / "aperio_cmu"
CACHE = Path(os.environ.get("COSLIDE_BENCH_CACHE", ROOT / "data" / "bench"))
COMPARED_PATCHES = 192
"""OpenVINO's cost a patch hardly depends on the patch: so many of the run's, evenly spaced, stand for all."""
USERS = 10


async def newest(slide_id: Any) -> Prediction:
    return await Prediction.filter(slide_id=slide_id).order_by("-created_at").first()  # type: ignore[return-value]


def plan_of(place: Site, prediction: Prediction) -> Plan:
    return Plan.load(Storage(place.settings.data).prediction_path(prediction.id) / "plan.json")


def openvino_ms(path: Path, plan: Plan, folder: Path) -> float:
    """CPU milliseconds a patch of OpenVINO fed from memory with patches of the plan."""
    source = PatchSource(path)
    step = max(1, len(plan.cells) // COMPARED_PATCHES)
    side = plan.grid.patch_px
    patches = np.empty((len(plan.cells[::step]), side, side, 3), np.uint8)
    for number, cell in enumerate(plan.cells[::step]):
        x, y, length = plan.grid.l0_patch(cell)
        patches[number] = read_at(source, x, y, length, length, plan.grid.downsample)
    source.close()
    np.save(folder / "patches.npy", patches)
    answer = subprocess.run(
        [
            triton_venv() / "bin" / "python",
            ROOT / "benchmarks" / "_openvino_alone.py",
            ROOT / "model_repository" / "tumor_fast" / "1" / "model.xml",
            folder / "patches.npy",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(answer.stdout.splitlines()[-1])["cpu_ms"])


async def measure_slide(place: Site, slide: Any, focus: list[float] | None = None) -> tuple[Progress, float]:
    """One whole slide; how it went, and CPU seconds of worker and model server."""
    cookie = await place.cookie(place.owner)
    tile_l0 = 448 * 2.0
    x0, y0, width, height = focus or [0, 0, slide.width, slide.height]

    def shows(tile: dict[str, int]) -> bool:
        side = tile_l0 * 2 ** tile["level"]
        x, y = tile["column"] * side, tile["row"] * side
        return tile["level"] == 0 and x < x0 + width and x0 < x + side and y < y0 + height and y0 < y + side

    async with Person.on(place.api, cookie, str(slide.id)) as person:
        before = cpu_seconds(place.worker.pid) + cpu_seconds(place.triton.pid)
        progress = await person.predict(str(slide.id), focus=focus, shows=shows)
        spent = cpu_seconds(place.worker.pid) + cpu_seconds(place.triton.pid) - before
    if progress.status != "SUCCEEDED":
        raise SystemExit(f"the prediction ended {progress.status}: {(await newest(slide.id)).error}")
    return progress, spent


async def result_of(place: Site, prediction: Prediction) -> tuple[dict[TileKey, bytes | None], list[str]]:
    """All that a prediction leaves: heatmap and polygons."""
    store = HeatmapStore(Storage(place.settings.data).prediction_path(prediction.id))
    tiles = {}
    for row in await HeatmapTile.filter(prediction_id=prediction.id):
        key = TileKey(row.level, row.column, row.row)
        tiles[key] = store.read(key, row.version)
    chunks = await AnnotationChunk.filter(layer_id=prediction.layer_id).order_by("row", "column")
    return tiles, [repr(item) for chunk in chunks for item in unpack_prediction(chunk.data)]


async def measure_kill(place: Site, slide: Any) -> tuple[int, bool]:
    """A region predicted twice, the second time with kill -9 of the worker halfway: (patches done again, identical)."""
    region = [0.0, 0.0, 14_336.0, 14_336.0]
    async with (
        TritonClient(place.settings.triton_url or "", timeout_s=30) as client,
        Person.on(place.api, await place.cookie(place.owner), str(slide.id)) as person,
    ):
        await person.predict(str(slide.id), region)
        first = await newest(slide.id)
        expected = await result_of(place, first)
        await Prediction.filter(id=first.id).update(model_version="earlier")
        before = await client.inference_count("tumor_fast")
        following = asyncio.create_task(person.predict(str(slide.id), region))
        while (again := await newest(slide.id)).id == first.id or again.done < (again.total or 1e9) // 2:
            if following.done():
                raise SystemExit("the prediction was over before its worker could be killed")
            await asyncio.sleep(0.02)
        place.worker.kill()
        place.worker.start()
        await following
        again = await newest(slide.id)
        inferred = await client.inference_count("tumor_fast") - before
        return inferred - (again.total or 0), await result_of(place, again) == expected


async def measure_here(place: Site, slide: Any) -> dict[str, float]:
    """A screen of 1,500 x 1,000 pixels at full resolution, asked for at places that nobody has looked at."""
    asked = [
        [36_000.0 + column * 2_000, 9_000.0 + row * 1_500, 1_500.0, 1_000.0] for row in (0, 1) for column in range(6)
    ]
    async with Person.on(place.api, await place.cookie(place.owner), str(slide.id)) as person:
        seconds = [await person.predict_here(str(slide.id), region) for region in asked]
    first, *later = seconds
    return {
        "here_first_s": round(first, 3),
        "here_s": round(statistics.median(later), 3),
        "here_worst_s": round(max(later), 3),
    }


async def measure_crowd(place: Site, slide: Any) -> dict[str, float]:
    """Ten people ask at once for regions of their own: when the last of them saw progress, and when all had ended."""
    people = [await place.member() for _ in range(USERS)]
    cookies = [await place.cookie(user) for user in people]

    async def one(number: int, cookie: str) -> Progress:
        column, row = number % 2, number // 2
        region = [34_000.0 + column * 4_000, 4_500.0 + row * 2_800, 2_800.0, 2_800.0]
        async with Person.on(place.api, cookie, str(slide.id)) as person:
            return await person.predict(str(slide.id), region)

    found = await asyncio.gather(*(one(number, cookie) for number, cookie in enumerate(cookies)))
    return {
        "crowd_first_s": round(max([*one.told_s, one.ended_s or 0.0][0] for one in found), 2),
        "crowd_first_end_s": round(min(one.ended_s or 0 for one in found), 2),
        "crowd_seconds": round(max(one.ended_s or 0 for one in found), 2),
    }


async def measure(folder: Path) -> dict[str, Any]:
    giga = await asyncio.to_thread(giga_slide, CACHE / "giga.tiff", next(SHARED.glob("*.svs")))
    async with site(folder) as place:
        small, large = await place.take_in(next(SHARED.glob("*.svs"))), await place.take_in(giga)
        cmu, cmu_cpu = await measure_slide(place, small)
        cmu_prediction = await newest(small.id)
        focus = [40_000.0, 12_000.0, 3_000.0, 2_000.0]
        began = time.time()
        run, run_cpu = await measure_slide(place, large, focus)
        load = os.getloadavg()[0]
        prediction = await newest(large.id)
        peak = peak_mb(place.worker.pid)
        plan = plan_of(place, prediction)
        alone_ms = await asyncio.to_thread(openvino_ms, giga, plan, folder)
        say(f"giga: {time.time() - began:.0f} s, {len(plan.cells)} patches, OpenVINO alone {alone_ms:.1f} ms a patch")
        say(f"CPU {run_cpu * 1000 / len(plan.cells):.1f} ms a patch; {json.dumps(prediction.figures)}")
        here = await measure_here(place, large)
        redone, identical = await measure_kill(place, large)
        crowd = await measure_crowd(place, large)
    patches = len(plan.cells)
    megapixels = large.width * large.height / 1e6
    return {
        "first_overlay_s": round(run.first_tile_s or -1, 2),
        "cmu_first_overlay_s": round(cmu.first_tile_s or -1, 2),
        "cmu_seconds": round(cmu.ended_s or -1, 2),
        "cmu_cpu_s": round(cmu_cpu, 2),
        "giga_mp": round(megapixels),
        "giga_seconds": round(run.ended_s or -1, 2),
        "giga_mp_per_s": round(megapixels / (run.ended_s or 1), 1),
        "giga_cpu_s": round(run_cpu, 2),
        "patches": patches,
        "cpu_ms_per_patch": round(run_cpu * 1000 / patches, 2),
        "openvino_cpu_ms_per_patch": round(alone_ms, 2),
        "share_of_inprocess": round(alone_ms * patches / 1000 / run_cpu, 3),
        "peak_mb": round(peak),
        "polygons": prediction.figures["polygons"],
        "cmu_polygons": cmu_prediction.figures["polygons"],
        "kill_redone_patches": redone,
        "kill_identical": identical,
        **here,
        **crowd,
        "load": round(load, 1),
    }


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    if not SHARED.is_dir():
        raise SystemExit(f"{SHARED} is missing: put the shared data beside the project.")
    with tempfile.TemporaryDirectory(prefix="coslide-bench-") as folder:
        print(json.dumps(asyncio.run(measure(Path(folder)))))


if __name__ == "__main__":
    main()

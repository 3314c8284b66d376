"""A prediction of one file, without server, database or account: `coslide predict`."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from api.errors import InvalidInput
from api.predictions.model_info import ModelInfo
from api.predictions.patch_store import PatchStore
from api.predictions.resolution import slide_mpp
from api.predictions.triton import TritonClient
from api.settings import Settings
from api.slides.patch_source import PatchSource
from workers.agenda import Agenda
from workers.patches import Region
from workers.pipeline import Pipeline, Whole, first_failure
from workers.plan import Plan, make_plan
from workers.qupath import feature_collection
from workers.result import Blended, evidence_of_patches, figures_of, trace
from workers.triton_server import TritonServer


async def predict_file(
    settings: Settings,
    slide: Path,
    out: Path,
    *,
    model: str = "tumor_fast",
    region: tuple[float, float, float, float] | None = None,
    mpp: float | None = None,
) -> dict[str, Any]:
    """Predict on a slide's file, write the polygons to `out` as GeoJSON, and return the figures.

    Starts a model server of its own unless `settings.triton_url` names one. Progress goes to standard error.

    Args:
        region: x, y, width, height in level-0 pixels; the whole slide for None.
        mpp: micrometres per level-0 pixel, instead of what the file says.

    Raises:
        PlatformError: the slide can't be read or has no mpp, or the model or its server is missing.
    """
    _check(out, mpp)
    l0_size, file_mpp = await asyncio.to_thread(_facts, slide)
    resolution = mpp if mpp is not None else slide_mpp(*file_mpp)
    area = Region.from_list(region) if region else None
    with _progress() as progress:
        bar = progress.add_task("Starting the model server", total=None)
        async with _client(settings) as client:
            info = await client.model(model)
            version = await client.version()
            started = time.monotonic()
            progress.update(bar, description="Looking for tissue")
            plan = await asyncio.to_thread(_plan, slide, info, l0_size, resolution, area)
            progress.update(bar, description="Predicting", total=len(plan.cells), completed=0)
            with _checkpoint(out, info) as store:
                pipeline = Pipeline(
                    plan, info, client, store, lambda: PatchSource(slide), lambda _: progress.advance(bar)
                )
                try:
                    await pipeline.run(Whole(Agenda(plan)))
                except BaseExceptionGroup as failures:
                    raise first_failure(failures) from failures
                progress.update(bar, description="Tracing polygons")
                outlines = await asyncio.to_thread(
                    trace, plan, info, evidence_of_patches(info, Blended(plan, store)), info.threshold
                )
            progress.update(bar, description="Done")
    figures = figures_of(plan, info, outlines, time.monotonic() - started, inferred=len(plan.cells))
    await asyncio.to_thread(_write, out, feature_collection(outlines, info, resolution))
    return {"slide": slide.name, "model": f"{info.name} {info.version}", "triton": version, **asdict(figures)}


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[TritonClient]:
    """A connection to the configured model server, or to one started for this run."""
    if settings.triton_url:
        async with TritonClient(settings.triton_url, timeout_s=settings.model_timeout_s) as client:
            yield client
        return
    async with (
        TritonServer(settings.triton_venv, settings.model_repository, settings.data / "logs") as server,
        TritonClient(server.grpc_address, timeout_s=settings.model_timeout_s) as client,
    ):
        yield client


def _check(out: Path, mpp: float | None) -> None:
    if not out.absolute().parent.is_dir():
        raise InvalidInput(f"The folder of {out} does not exist. Make it, or choose another --out.", field="out")
    if mpp is not None and not 0.01 <= mpp <= 100:
        raise InvalidInput(f"--mpp is {mpp:g}; give micrometres per pixel, such as 0.25.", field="mpp")


def _facts(slide: Path) -> tuple[tuple[int, int], tuple[float | None, float | None]]:
    """(width, height) in level-0 pixels, and (mpp_x, mpp_y) as the file says."""
    source = PatchSource(slide)
    source.close()
    return (source.facts.width, source.facts.height), (source.facts.mpp_x, source.facts.mpp_y)


@contextmanager
def _checkpoint(out: Path, model: ModelInfo) -> Iterator[PatchStore]:
    """Room for the patches beside the result, where the user has space; removed afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix=".coslide-", dir=out.absolute().parent) as folder,
        PatchStore(Path(folder), planes=model.kept_planes, patch_px=model.patch_px) as store,
    ):
        yield store


def _progress() -> Progress:
    """A progress bar on standard error, so that standard output stays for the figures."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _plan(slide: Path, model: ModelInfo, l0_size: tuple[int, int], mpp: float, region: Region | None) -> Plan:
    source = PatchSource(slide)
    try:
        return make_plan(source, model, l0_size=l0_size, mpp=mpp, region=region)
    finally:
        source.close()


def _write(path: Path, content: dict[str, Any]) -> None:
    """The file whole or not at all."""
    half_written = path.with_name(f".{path.name}.{os.getpid()}")
    half_written.write_text(json.dumps(content), encoding="utf-8")
    half_written.replace(path)

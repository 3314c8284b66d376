"""Painted slides in storage and database, and predictions of them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from typing import Any

from api.annotations.chunks import unpack_prediction
from api.annotations.codec import PackedObject
from api.models.annotation import AnnotationChunk
from api.models.prediction import HeatmapTile, Prediction
from api.models.slide import Slide
from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.requests import request
from api.predictions.triton import TritonClient
from api.slides.storage import Storage
from tests.factories import make_slide_row
from tests.workers.painted import PaintedSlide


async def store(storage: Storage, painted: PaintedSlide) -> Slide:
    """The slide in storage, and its row."""
    sha256 = hashlib.sha256(painted.path.read_bytes()).hexdigest()
    target = storage.slide_path(sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(painted.path, target)
    return await make_slide_row(
        sha256=sha256,
        width=round(painted.width_um / painted.mpp),
        height=round(painted.height_um / painted.mpp),
        mpp_x=painted.mpp,
        mpp_y=painted.mpp,
    )


async def ask_for(slide: Slide, client: TritonClient, model: str = "redness", **fields: Any) -> Prediction:
    """A queued prediction by a model of the server."""
    wanted: dict[str, Any] = {"region": None, "focus": None, "requested_by": None} | fields
    return await request(slide.id, await client.model(model), **wanted)


async def heatmap_bytes(storage: Storage, prediction: Prediction) -> dict[TileKey, bytes]:
    """Every heatmap tile as the database says it is now."""
    files = HeatmapStore(storage.prediction_path(prediction.id))
    found: dict[TileKey, bytes] = {}
    for row in await HeatmapTile.filter(prediction_id=prediction.id):
        key = TileKey(row.level, row.column, row.row)
        data = files.read(key, row.version)
        assert data is not None, f"{key} version {row.version} is in the database but not on disk"
        found[key] = data
    return found


async def predicted_objects(prediction: Prediction) -> list[PackedObject]:
    """The outlines that it left, chunk by chunk."""
    chunks = await AnnotationChunk.filter(layer_id=prediction.layer_id).order_by("row", "column")
    return [item for chunk in chunks for item in unpack_prediction(chunk.data)]


async def ended(prediction: Prediction, patience_s: float = 90) -> Prediction:
    """The prediction, once it is over."""
    async with asyncio.timeout(patience_s):
        while True:
            await prediction.refresh_from_db()
            if prediction.finished_at is not None:
                return prediction
            await asyncio.sleep(0.05)


async def until_done(prediction: Prediction, count: int) -> None:
    """Until so many of its patches are done."""
    async with asyncio.timeout(60):
        while (await Prediction.get(id=prediction.id)).done < count:
            await asyncio.sleep(0.02)

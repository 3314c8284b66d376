"""Painted slides in storage and database, and predictions of them."""

from __future__ import annotations

import hashlib
import shutil
from typing import Any

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

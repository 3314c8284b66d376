"""A result with a gap, as people see it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import numpy as np
import pytest

from api.models.database import connected
from api.models.prediction import HeatmapTile, Prediction, PredictionStatus
from api.models.user import User
from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.png import encode_png
from api.settings import Settings
from api.slides.services import slide_services
from api.slides.storage import Storage
from tests.e2e.stories import tell
from tests.factories import make_project
from tests.servers.coslide import ApiServer

REASON = "The slide is damaged: a tile is broken. Copy it from the scanner again and upload it anew."

GAP = {"region": [896.0, 896.0, 896.0, 896.0], "message": REASON, "code": "SLIDE_DAMAGED", "params": None}


async def _predicted(data: Path, path: Path, email: str) -> UUID:
    """A slide with a finished prediction that lacks a part; the slide's id."""
    settings = Settings(data=data)
    async with connected(settings), slide_services(settings) as services:
        owner = await User.get(email=email)
        project = await make_project(owner)
        slide = await services.ingest.import_file(path, project.id, owner.id)
        figures = {"mpp": 0.499, "downsample": 2.0, "tile_px": 448, "patch_px": 512, "polygons": 0}
        areas = {"tissue_mm2": 0.9, "cancer_mm2": 0.1, "unsure_mm2": 0.0, "seconds": 2.0}
        prediction = await Prediction.create(
            slide_id=slide.id,
            model="tumor_fast",
            model_version="0.4.0",
            status=PredictionStatus.SUCCEEDED,
            threshold=0.7,
            done=8,
            total=9,
            heatmap_version=1,
            requested_by_id=owner.id,
            started_at=datetime.now(UTC),
            finished_at=datetime.now(UTC),
            figures={**figures, **areas, "set_aside": [GAP]},
        )
        tile = np.zeros((448, 448, 4), np.uint8)
        tile[..., 0], tile[..., 3] = 200, 255
        store = HeatmapStore(Storage(data).prediction_path(prediction.id))
        for level in range(3):
            store.write(TileKey(level, 0, 0), 1, encode_png(tile))
            await HeatmapTile.create(prediction_id=prediction.id, level=level, column=0, row=0, version=1)
        return UUID(str(slide.id))


@pytest.mark.browser
@pytest.mark.shared_data
@pytest.mark.timeout(300)
def test_what_is_missing_is_said_and_crossed_out(
    platform: ApiServer, tmp_path: Path, chromium_path: Path, shared_data: Path
) -> None:
    email = f"{b'Ann'.hex()}@example.org"
    account = {"email": email, "name": "Ann", "password": "three brown foxes jump"}
    origin = {"origin": platform.url}
    httpx.post(f"{platform.url}/auth/register", json=account, headers=origin).raise_for_status()
    path = shared_data / "slides" / "aperio_cmu" / "CMU-1-Small-Region.svs"
    slide_id = asyncio.run(_predicted(tmp_path / "data", path, email))

    seen = tell("gaps", platform.url, chromium_path, slideId=str(slide_id))

    # In the reader's language, by its code.
    assert seen["reason"] == (
        "The file is damaged and can't be read. Copy it from the scanner again and upload it anew."
    )
    assert seen["crossed"] is True

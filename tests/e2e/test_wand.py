"""The magic wand by colour, and by the probabilities of the prediction on show."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from api.auth import sessions
from api.models.database import connected, migrate
from api.models.prediction import Prediction, PredictionStatus
from api.models.project import Role
from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.png import encode_png
from api.settings import Settings
from api.slides.convert import convert_to_pyramid
from api.slides.services import slide_services
from api.slides.storage import Storage
from tests.e2e.stories import Story, shape_of, tell
from tests.factories import make_project, make_user
from tests.servers.coslide import ApiServer

MIDDLE, RADIUS, LUMEN = (512.0, 512.0), 200, 50


@pytest.fixture
def tissue_slide(tmp_path: Path) -> str:
    """A ring of noisy pink on glass."""
    y, x = np.mgrid[0:1024, 0:1024]
    away = np.hypot(x + 0.5 - MIDDLE[0], y + 0.5 - MIDDLE[1])
    noise = np.random.default_rng(7).normal(0, 8, (1024, 1024, 1))
    picture = np.where(((away < RADIUS) & (away >= LUMEN))[..., None], (205, 110, 160), (238, 238, 240)) + noise
    flat, slide = tmp_path / "ring.png", tmp_path / "ring.tiff"
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(flat)
    convert_to_pyramid(flat, slide, mpp=0.5)
    return str(slide)


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_wand_takes_what_is_alike(story: Story, tissue_slide: str) -> None:
    seen = story("wand", slide=tissue_slide)

    disc, lumen = shapely.Point(MIDDLE).buffer(RADIUS, 64), shapely.Point(MIDDLE).buffer(LUMEN, 64)
    ring = disc - lumen
    for name, wanted in [("clicked", ring), ("joined", disc), ("taken", ring)]:
        assert shape_of(seen[name]).symmetric_difference(wanted).area < 0.02 * disc.area, name
    assert len(shape_of(seen["clicked"]).interiors) == 1
    assert shape_of(seen["all"]).area > 0.9 * 760 * 760


TUMOUR, TUMOUR_RADIUS, STEEPNESS = (260.0, 760.0), 80, 2.0
"""Where the model is sure of cancer, on bare glass: it falls to a half at the radius."""
DOWNSAMPLE = 2


async def predicted(settings: Settings, picture: Path) -> dict[str, str]:
    """An annotator, and a slide with a finished prediction whose heatmap shows one round tumour."""
    await migrate(settings)
    async with connected(settings), slide_services(settings) as services:
        owner, ann = await make_user("Owner"), await make_user("Ann")
        project = await make_project(owner, members={Role.ANNOTATOR: ann})
        slide = await services.ingest.import_file(picture, project.id, owner.id, "ring")
        prediction = await Prediction.create(
            slide_id=slide.id,
            model="made",
            model_version="1",
            status=PredictionStatus.SUCCEEDED,
            threshold=0.5,
            heatmap_version=1,
            figures={"downsample": DOWNSAMPLE, "tile_px": 512, "polygons": 0},
        )
        y, x = (np.mgrid[0:512, 0:512] + 0.5) * DOWNSAMPLE
        away = np.hypot(x - TUMOUR[0], y - TUMOUR[1])
        tile = np.zeros((512, 512, 4), np.uint8)
        tile[..., 0] = np.clip(128 + STEEPNESS * (TUMOUR_RADIUS - away), 0, 250)
        tile[..., 3] = 255
        folder = Storage(settings.data).prediction_path(prediction.id)
        HeatmapStore(folder).write(TileKey(0, 0, 0), 1, encode_png(tile))
        return {"slide": str(slide.id), "cookie": await sessions.create(ann.id, settings)}


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_wand_goes_by_what_the_model_sees(
    node: str, chromium_path: Path, tissue_slide: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    facts = asyncio.run(predicted(settings, Path(tissue_slide)))
    api = ApiServer(settings.data)
    try:
        api.start()
        seen = tell("wandmodel", api.url, chromium_path, **facts)
    finally:
        api.stop()

    tumour = shapely.Point(TUMOUR).buffer(TUMOUR_RADIUS, 64)
    assert shape_of(seen["tumour"]).symmetric_difference(tumour).area < 0.06 * tumour.area
    # Where the model sees nothing it is the colour again.
    ring = shapely.Point(MIDDLE).buffer(RADIUS, 64) - shapely.Point(MIDDLE).buffer(LUMEN, 64)
    assert shape_of(seen["ring"]).symmetric_difference(ring).area < 0.02 * ring.area

"""Brush and eraser in a real browser: what the server holds after each stroke."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api.auth import sessions
from api.models.database import connected, migrate
from api.models.project import Role
from api.settings import Settings
from api.slides.convert import convert_to_pyramid
from api.slides.services import slide_services
from tests.e2e.stories import tell
from tests.factories import make_project, make_user
from tests.servers.coslide import ApiServer


async def prepare(settings: Settings, picture: Path) -> dict[str, str]:
    """An annotator and a slide; gives its id and the annotator's cookie."""
    await migrate(settings)
    async with connected(settings), slide_services(settings) as services:
        owner, ann = await make_user("Owner"), await make_user("Ann")
        project = await make_project(owner, members={Role.ANNOTATOR: ann})
        slide = await services.ingest.import_file(picture, project.id, owner.id, "brushed")
        return {"slide": str(slide.id), "cookie": await sessions.create(ann.id, settings)}


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_brush_and_eraser(node: str, chromium_path: Path, tmp_path: Path) -> None:
    flat, picture = tmp_path / "flat.png", tmp_path / "slide.tiff"
    Image.fromarray(np.full((1024, 1024, 3), 230, dtype=np.uint8)).save(flat)
    convert_to_pyramid(flat, picture, mpp=0.5)
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    facts = asyncio.run(prepare(settings, picture))
    api = ApiServer(settings.data)
    try:
        api.start()
        seen = tell("brush", api.url, chromium_path, **facts)
    finally:
        api.stop()

    radius = 19
    way_px = 200
    brushed = 2 * radius * way_px + np.pi * radius**2
    assert seen["brushed"]["areaPx"] == pytest.approx(brushed, rel=0.02)
    # The second stroke crosses the first at a right angle and is as long: they share a square.
    assert seen["added"]["areaPx"] == pytest.approx(2 * brushed - (2 * radius) ** 2, rel=0.02)
    # The eraser follows the second stroke and splits the first in two.
    assert seen["erased"]["areaPx"] == pytest.approx(brushed - (2 * radius) ** 2, rel=0.03)
    assert seen["erased"]["kind"] == "MULTIPOLYGON"
    assert seen["undone"]["areaPx"] == seen["added"]["areaPx"]
    # A narrower tip, by its key, and nothing erased where there is nothing.
    assert seen["narrow"]["areaPx"] == pytest.approx(2 * 13 * way_px + np.pi * 13**2, rel=0.02)
    assert {each["id"] for each in seen["inTheEnd"]} == {seen["brushed"]["id"], seen["narrow"]["id"]}

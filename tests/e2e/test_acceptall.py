"""More outlines than one call takes are accepted at once, and taken back at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.auth import sessions
from api.models.database import connected, migrate
from api.models.project import Role
from api.settings import Settings
from api.slides.services import slide_services
from benchmarks._web_slides import add_outlines, write_picture
from tests.e2e.stories import tell
from tests.factories import make_project, make_user
from tests.servers.coslide import ApiServer

COUNT = 10_500
"""One call takes 10,000."""


async def prepare(settings: Settings, picture: Path) -> dict[str, str]:
    await migrate(settings)
    write_picture(picture)
    async with connected(settings), slide_services(settings) as services:
        owner, ann = await make_user("Owner"), await make_user("Ann")
        project = await make_project(owner, members={Role.ANNOTATOR: ann})
        slide = await services.ingest.import_file(picture, project.id, owner.id, "nuclei")
        await add_outlines(slide.id, COUNT)
        return {"slide": str(slide.id), "cookie": await sessions.create(ann.id, settings)}


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_all_are_accepted_with_progress_and_undone_as_one(node: str, chromium_path: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    facts = asyncio.run(prepare(settings, tmp_path / "picture.tiff"))
    api = ApiServer(settings.data)
    try:
        api.start()
        seen = tell("acceptall", api.url, chromium_path, count=COUNT, **facts)
    finally:
        api.stop()

    assert seen["accepted"] - seen["before"] == COUNT
    assert any(0 < share < 100 for share in seen["shares"]), seen["shares"]
    assert {one["attributes"]["predictionPolygon"] < COUNT for one in seen["some"]} == {True}
    assert seen["undone"] == seen["before"]
    within, _, whole, *_ = seen["shown"].replace(",", "").split()
    assert int(whole) == COUNT
    assert 0 < int(within) < COUNT

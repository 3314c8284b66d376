"""The slide's file, whole and in ranges, under its true name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api.models.project import Role
from api.models.slide import Slide
from api.slides.services import SlideServices
from tests.routes.conftest import Browse, Team
from tests.slides.made import make_slide


@pytest.fixture
async def slide(services: SlideServices, team: Team, tmp_path: Path) -> Slide:
    made = make_slide(tmp_path / "암 조직.tiff")
    return await services.ingest.import_file(made.path, team.project.id, None)


async def test_the_whole_file(browse: Browse, team: Team, slide: Slide, tmp_path: Path) -> None:
    browser = await browse(team.people[Role.VIEWER])
    answer = await browser.get(f"/slides/{slide.id}/file")
    assert answer.status_code == 200
    assert answer.content == (tmp_path / "암 조직.tiff").read_bytes()
    assert answer.headers["etag"] == f'"{slide.sha256}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"_ __.tiff\"; filename*=UTF-8''%EC%95%94%20%EC%A1%B0%EC%A7%81.tiff"
    )
    again = await browser.get(f"/slides/{slide.id}/file", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await browser.head(f"/slides/{slide.id}/file")
    assert (head.status_code, head.content, int(head.headers["content-length"])) == (200, b"", slide.size_bytes)


async def test_ranges(browse: Browse, team: Team, slide: Slide, tmp_path: Path) -> None:
    browser = await browse(team.people[Role.VIEWER])
    whole = (tmp_path / "암 조직.tiff").read_bytes()
    for header, start, end in (("bytes=0-99", 0, 100), ("bytes=500-", 500, len(whole)), ("bytes=-7", -7, len(whole))):
        part = await browser.get(f"/slides/{slide.id}/file", headers={"range": header})
        assert (part.status_code, part.content) == (206, whole[start:end])
    beyond = await browser.get(f"/slides/{slide.id}/file", headers={"range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


async def test_a_file_with_a_label_inside_is_for_managers(
    browse: Browse, team: Team, services: SlideServices, shared_data: Path
) -> None:
    file = shared_data / "slides/aperio_cmu/CMU-1-Small-Region.svs"
    slide = await services.ingest.import_file(file, team.project.id, None)
    for role, user in team.people.items():
        answer = await (await browse(user)).get(f"/slides/{slide.id}/file")
        if role in (Role.OWNER, Role.MANAGER):
            assert answer.content == file.read_bytes()
        else:
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FILE_HAS_LABEL")


async def test_strangers_get_nothing(browse: Browse, team: Team, slide: Slide) -> None:
    assert (await (await browse(None)).get(f"/slides/{slide.id}/file")).status_code == 401
    assert (await (await browse(team.stranger)).get(f"/slides/{slide.id}/file")).status_code == 404


async def test_a_picture_that_became_a_pyramid_is_given_back_as_it_came(
    browse: Browse, team: Team, services: SlideServices, tmp_path: Path
) -> None:
    path = tmp_path / "field.png"
    Image.fromarray(np.zeros((300, 400, 3), np.uint8)).save(path)
    slide = await services.ingest.import_file(path, team.project.id, None)
    answer = await (await browse(team.people[Role.VIEWER])).get(f"/slides/{slide.id}/file")
    assert answer.content == path.read_bytes()


async def test_a_file_that_is_gone(browse: Browse, team: Team, slide: Slide, services: SlideServices) -> None:
    services.storage.slide_path(slide.sha256).unlink()
    answer = await (await browse(team.people[Role.VIEWER])).get(f"/slides/{slide.id}/file")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SLIDE_FILE_MISSING")

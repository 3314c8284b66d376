"""Tiles, thumbnails and associated images over HTTP: who may see them, and how browsers keep them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest
import simplejpeg
from tortoise.context import TortoiseContext

from api.auth import tile_grants
from api.auth.tile_grants import sign_tile_grant
from api.auth.tokens import create_token
from api.auth.viewer import Scope, Viewer
from api.models.project import Membership, Role
from api.models.slide import Slide
from api.routes import tile_access
from api.routes.tile_lane import TileLane
from api.routes.tiles import gate
from api.settings import Settings
from api.slides import catalog
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.services import SlideServices
from api.slides.slide_source import SlideSource
from tests.factories import make_user
from tests.routes.conftest import Browse, Team
from tests.slides.made import MadeSlide, make_slide


@pytest.fixture
def made(tmp_path: Path) -> MadeSlide:
    return make_slide(tmp_path / "a.tiff")


@pytest.fixture
async def slide(services: SlideServices, team: Team, made: MadeSlide) -> Slide:
    return await services.ingest.import_file(made.path, team.project.id, team.people[Role.OWNER].id)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_tile_comes_as_it_is_stored_and_may_be_kept(
    browse: Browse, team: Team, slide: Slide, made: MadeSlide
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    answer = await browser.get(f"/slides/{slide.id}/tiles/0/2_1.jpg")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{slide.sha256[:20]}-2-0-2-1"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.content in made.path.read_bytes()
    pixels = simplejpeg.decode_jpeg(answer.content)
    assert np.abs(pixels - made.expected(512, 256, 256, 256)).mean() < 1


@pytest.mark.parametrize("path", ["tiles/0/3_2.jpg", "tiles/2/0_0.jpg", "thumbnail.jpg"])
async def test_head_and_conditional_requests(browse: Browse, team: Team, slide: Slide, path: str) -> None:
    browser = await browse(team.people[Role.VIEWER])
    whole = await browser.get(f"/slides/{slide.id}/{path}")
    head = await browser.head(f"/slides/{slide.id}/{path}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-length", "content-type", "cache-control"):
        assert head.headers[name] == whole.headers[name]
    for known in (whole.headers["etag"], f'"other", W/{whole.headers["etag"]}'):
        again = await browser.get(f"/slides/{slide.id}/{path}", headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == whole.headers["etag"]
    other = await browser.get(f"/slides/{slide.id}/{path}", headers={"if-none-match": '"other"'})
    assert other.status_code == 200
    refused = await browser.post(f"/slides/{slide.id}/{path}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_what_does_not_exist(browse: Browse, team: Team, slide: Slide) -> None:
    browser = await browse(team.people[Role.OWNER])
    for path in ("tiles/0/4_0.jpg", "tiles/9/0_0.jpg"):
        assert code_of(await browser.get(f"/slides/{slide.id}/{path}")) == (404, "NO_SUCH_TILE")
    for path in ("associated/nothing.jpg", "associated/label.jpg"):
        assert code_of(await browser.get(f"/slides/{slide.id}/{path}")) == (404, "NO_SUCH_IMAGE")
    assert code_of(await browser.get(f"/slides/{uuid4()}/tiles/0/0_0.jpg")) == (404, "NOT_FOUND")
    for path in ("tiles/0/-1_0.jpg", "tiles/x/0_0.jpg", "tiles/0/0_0.png"):
        assert (await browser.get(f"/slides/{slide.id}/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["tiles/0/0_0.jpg", "tiles/2/0_0.jpg", "thumbnail.jpg", "associated/thumbnail.jpg"])
async def test_strangers_see_nothing(browse: Browse, team: Team, slide: Slide, path: str) -> None:
    assert code_of(await (await browse(None)).get(f"/slides/{slide.id}/{path}")) == (401, "NOT_SIGNED_IN")
    stranger = await browse(team.stranger)
    refused = await stranger.get(f"/slides/{slide.id}/{path}")
    missing = await stranger.get(f"/slides/{uuid4()}/{path}")
    assert code_of(refused) == code_of(missing) == (404, "NOT_FOUND")
    etag = f'"{slide.sha256[:20]}-2-0-0-0"'
    known = await stranger.get(f"/slides/{slide.id}/tiles/0/0_0.jpg", headers={"if-none-match": etag})
    assert known.status_code == 404


async def test_label_and_macro_are_for_managers(
    browse: Browse, team: Team, services: SlideServices, shared_data: Path
) -> None:
    slide = await services.ingest.import_file(
        shared_data / "slides/aperio_cmu/CMU-1-Small-Region.svs", team.project.id, None
    )
    for role, user in team.people.items():
        browser = await browse(user)
        statuses = {
            name: (await browser.get(f"/slides/{slide.id}/associated/{name}.jpg")).status_code
            for name in ("label", "macro", "thumbnail")
        }
        private = 200 if role in (Role.OWNER, Role.MANAGER) else 404
        assert statuses == {"label": private, "macro": private, "thumbnail": 200}
    managed = await browse(team.people[Role.MANAGER])
    label = await managed.get(f"/slides/{slide.id}/associated/LABEL.jpg")
    assert simplejpeg.decode_jpeg_header(label.content)[:2] == (463, 387)
    # Knowing its ETag does not tell a viewer that it exists.
    viewing = await browse(team.people[Role.VIEWER])
    known = {"if-none-match": label.headers["etag"]}
    assert (await viewing.get(f"/slides/{slide.id}/associated/label.jpg", headers=known)).status_code == 404


async def test_every_role_sees_tiles(browse: Browse, team: Team, slide: Slide) -> None:
    for user in team.people.values():
        browser = await browse(user)
        assert (await browser.get(f"/slides/{slide.id}/tiles/1/0_0.jpg")).status_code == 200


async def test_slides_in_the_bin_are_for_managers(browse: Browse, team: Team, slide: Slide) -> None:
    await catalog.delete_slide(slide.id)
    for role, user in team.people.items():
        answer = await (await browse(user)).get(f"/slides/{slide.id}/thumbnail.jpg")
        assert answer.status_code == (200 if role in (Role.OWNER, Role.MANAGER) else 404)
    assert code_of(await (await browse(team.stranger)).get(f"/slides/{slide.id}/thumbnail.jpg")) == (404, "NOT_FOUND")


async def test_a_warm_tile_asks_no_database(
    browse: Browse, team: Team, slide: Slide, sqlite_database: TortoiseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    first = await browser.get(f"/slides/{slide.id}/tiles/0/0_0.jpg")

    async def no_database(*_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(tile_access, "require_visible_slide", no_database)
    monkeypatch.setattr(tile_access, "viewer_of", no_database)
    assert (await browser.get(f"/slides/{slide.id}/tiles/0/0_0.jpg")).content == first.content
    assert (await browser.get(f"/slides/{slide.id}/tiles/0/1_0.jpg")).status_code == 200


async def test_the_lane_and_the_ordinary_way_answer_alike(
    browse: Browse, team: Team, slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    asked = [
        (method, path, headers)
        for method in ("GET", "HEAD")
        for path in ("tiles/0/0_0.jpg", "tiles/00/00_0.jpg", "tiles/0/3_0.jpg", "tiles/0/4_0.jpg", "tiles/7/0_0.jpg")
        for headers in ({}, {"if-none-match": f'"{slide.sha256[:20]}-2-0-0-0"'})
    ]

    async def ask_all() -> list[tuple[int, bytes, dict[str, str]]]:
        answers = []
        for method, path, headers in asked:
            answer = await browser.request(method, f"/slides/{slide.id}/{path}", headers=headers)
            told = {name: value for name, value in answer.headers.items() if name != "date"}
            answers.append((answer.status_code, answer.content, told))
        return answers

    await ask_all()
    by_lane = await ask_all()

    async def closed(*_: object) -> bool:
        return False

    monkeypatch.setattr(TileLane, "_answered", closed)
    assert await ask_all() == by_lane
    assert {status for status, _, _ in by_lane} == {200, 304, 404}


async def test_a_removed_member_loses_tiles_when_the_memory_ends(
    browse: Browse, team: Team, slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    path = f"/slides/{slide.id}/tiles/0/0_0.jpg"
    assert (await browser.get(path)).status_code == 200
    await Membership.filter(user_id=team.people[Role.VIEWER].id).delete()
    later = time.monotonic() + tile_access.CACHE_S + 0.1
    monkeypatch.setattr(gate, "_clock", lambda: later)
    assert code_of(await browser.get(path)) == (404, "NOT_FOUND")
    assert tile_access.CACHE_S <= 30


async def test_a_grant_opens_one_slide_for_one_member(
    browse: Browse,
    team: Team,
    slide: Slide,
    slide_settings: Settings,
    services: SlideServices,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody = await browse(None)
    path = f"/slides/{slide.id}/tiles/0/0_0.jpg"

    def grant_for(user_id: UUID, slide_id: UUID) -> str:
        viewer = Viewer(user_id=user_id, name="", credential="")
        return sign_tile_grant(slide_settings, viewer, Role.VIEWER, slide_id)[0]

    member = team.people[Role.VIEWER].id
    grant = grant_for(member, slide.id)
    assert (await nobody.get(path, params={"grant": grant})).status_code == 200
    other = await services.ingest.import_file(make_slide(tmp_path / "b.tiff", number=7).path, team.project.id, None)
    refused = await nobody.get(f"/slides/{other.id}/tiles/0/0_0.jpg", params={"grant": grant})
    assert code_of(refused) == (404, "NOT_FOUND")
    forged = await nobody.get(path, params={"grant": grant[:-2] + "xx"})
    assert code_of(forged) == (403, "SIGNATURE_INVALID")
    # A grant is no membership: an old one, and one of somebody who never was a member, open nothing by themselves.
    with monkeypatch.context() as later:
        later.setattr(tile_grants, "FRESH", timedelta(0))
        stranger = await nobody.get(path, params={"grant": grant_for(team.stranger.id, slide.id)})
        assert code_of(stranger) == (404, "NOT_FOUND")
        await Membership.filter(user_id=member).delete()
        gate.clear()
        assert code_of(await nobody.get(path, params={"grant": grant})) == (404, "NOT_FOUND")


async def test_a_fresh_grant_needs_no_database(
    browse: Browse, team: Team, slide: Slide, slide_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a process that has never heard of its owner; where the pixels are is known for all askers."""
    nobody = await browse(None)
    path = f"/slides/{slide.id}/tiles/0/0_0.jpg"
    viewer = Viewer(user_id=team.people[Role.VIEWER].id, name="", credential="")
    first, second = (
        sign_tile_grant(slide_settings, viewer, role, slide.id)[0] for role in (Role.VIEWER, Role.ANNOTATOR)
    )
    assert (await nobody.get(path, params={"grant": first})).status_code == 200

    async def no_database(*_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(tile_access, "require_visible_slide", no_database)
    monkeypatch.setattr(tile_access, "viewer_of", no_database)
    monkeypatch.setattr(Slide, "get", no_database)
    assert (await nobody.get(path, params={"grant": second})).status_code == 200
    assert tile_grants.FRESH.total_seconds() + tile_access.CACHE_S <= 60


async def test_a_tile_nobody_waits_for_any_more_is_not_made(
    browse: Browse, team: Team, slide: Slide, services: SlideServices
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    await browser.get(f"/slides/{slide.id}/tiles/0/0_0.jpg")
    turns = services.reader._turns
    held = await turns.take()
    host, port = str(browser.base_url.host), int(browser.base_url.port or 0)
    _, writer = await asyncio.open_connection(host, port)
    cookie = f"coslide={browser.cookies['coslide']}"
    writer.write(f"GET /slides/{slide.id}/tiles/0/3_2.jpg HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n".encode())

    async def until_waiting(expected: int) -> None:
        async with asyncio.timeout(30):
            while turns.waiting != expected:
                await asyncio.sleep(0.005)

    await until_waiting(1)
    writer.close()
    await until_waiting(0)
    turns.put_back(held)
    assert services.tiles.ready_tile(source_of(slide), TileAddress(0, 3, 2)) is None
    assert (await browser.get(f"/slides/{slide.id}/tiles/0/3_2.jpg")).status_code == 200


def source_of(slide: Slide) -> SlideSource:
    return SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size))


async def test_a_broken_tile_says_so_to_a_viewer_who_is_known(
    browse: Browse, team: Team, slide: Slide, services: SlideServices
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    await browser.get(f"/slides/{slide.id}/tiles/0/0_0.jpg")
    with services.storage.slide_path(slide.sha256).open("r+b") as file:
        _, index = await services.reader.describe(services.storage.slide_path(slide.sha256))
        level = index.levels[0]
        broken = level.tile_number(3, 0)
        file.seek(int(level.offsets[broken]))
        file.write(b"\xff\xd8" + b"\xa5" * (int(level.counts[broken]) - 2))
    answer = await browser.get(f"/slides/{slide.id}/tiles/0/3_0.jpg")
    assert code_of(answer) == (422, "SLIDE_DAMAGED")
    assert answer.headers["cache-control"] == "no-store"


async def test_an_api_token_needs_the_scope_to_read(browse: Browse, team: Team, slide: Slide) -> None:
    user_id = team.people[Role.VIEWER].id
    program = await browse(None)
    statuses = []
    for scope in (Scope.READ, Scope.PREDICT):
        token, _ = await create_token(user_id, name=scope.value, scopes=[scope.value])
        headers = {"authorization": f"Bearer {token}"}
        statuses.append((await program.get(f"/slides/{slide.id}/tiles/0/0_0.jpg", headers=headers)).status_code)
    assert statuses == [200, 403]


async def test_sixty_four_clients_on_two_slides_get_their_own_tiles(
    browse: Browse, team: Team, services: SlideServices, tmp_path: Path
) -> None:
    made = [make_slide(tmp_path / f"{number}.tiff", number=number) for number in (40, 200)]
    slides = [await services.ingest.import_file(one.path, team.project.id, None) for one in made]
    user = await make_user()
    await Membership.create(project=team.project, user=user, role=Role.VIEWER)
    browser = await browse(user)
    gate_64 = asyncio.Semaphore(64)

    async def check(which: int, level: int, column: int, row: int) -> None:
        async with gate_64:
            answer = await browser.get(f"/slides/{slides[which].id}/tiles/{level}/{column}_{row}.jpg")
        pixels = simplejpeg.decode_jpeg(answer.content)
        height, width = pixels.shape[:2]
        expected = made[which].expected(256 * column, 256 * row, width, height, 2**level)
        assert np.abs(pixels - expected).mean() <= 2

    places = [(0, column, row) for column in range(4) for row in range(3)] + [(1, 0, 0), (1, 1, 1), (2, 0, 0)]
    await asyncio.gather(*(check(which, *place) for place in places * 4 for which in (0, 1)))

"""Slides in a bucket over HTTP: a tus upload that ends there, and a bucket that is away when somebody looks."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from api.models.project import Role
from api.models.slide import Slide
from api.routes.tiles import gate
from api.settings import Settings
from api.slides import bucket_storage
from api.slides.bucket import Bucket
from api.slides.bucket_storage import BucketStorage
from api.slides.services import SlideServices, slide_services
from tests.routes.conftest import Team
from tests.routes.slide_app import make_app, serving, signed_in
from tests.servers.s3 import S3Server
from tests.slides.made import make_slide

TUS = {"tus-resumable": "1.0.0"}
PIECE = 100_000


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[S3Server]:
    """A server that this test may stop."""
    server = S3Server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket_settings(tmp_path: Path, own_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(bucket_storage, "KEEP_S", -1.0)
    limits = {"reader_processes": 1, "upload_max_gb": 0.1}
    return Settings(data=tmp_path / "data", public_url="http://coslide.test", **limits, **own_s3.new_bucket())


@pytest.fixture
async def stored(bucket_settings: Settings) -> AsyncIterator[SlideServices]:
    async with slide_services(bucket_settings) as opened:
        yield opened


@pytest.fixture
async def browser(bucket_settings: Settings, stored: SlideServices, team: Team) -> AsyncIterator[httpx.AsyncClient]:
    """A manager's, on a running server."""
    gate.clear()
    async with (
        serving(make_app(bucket_settings, stored)) as url,
        await signed_in(url, team.people[Role.MANAGER], bucket_settings) as opened,
    ):
        yield opened


def evict_all(services: SlideServices) -> None:
    assert isinstance(services.storage, BucketStorage)
    assert services.storage.make_room(10**18) == 0


async def upload(browser: httpx.AsyncClient, project_id: UUID, data: bytes) -> Slide:
    """Send a file by tus, in pieces; the slide that it became."""
    pairs = {"filename": "case.tiff", "projectId": str(project_id)}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    begun = await browser.post(
        "/uploads", headers={**TUS, "upload-length": str(len(data)), "upload-metadata": metadata}
    )
    assert begun.status_code == 201, begun.text
    for offset in range(0, len(data), PIECE):
        headers = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": str(offset)}
        piece = data[offset : offset + PIECE]
        sent = await browser.patch(begun.headers["location"], headers=headers, content=piece)
        assert sent.status_code == 204, sent.text
    return await Slide.get(id=sent.headers["coslide-slide"])


async def test_an_upload_in_pieces_ends_in_the_bucket(
    browser: httpx.AsyncClient, stored: SlideServices, bucket_settings: Settings, team: Team, tmp_path: Path
) -> None:
    content = make_slide(tmp_path / "a.tiff").path.read_bytes()
    assert len(content) > 2 * PIECE
    slide = await upload(browser, team.project.id, content)
    folder = f"slides/{slide.sha256[:2]}/{slide.sha256}"
    bucket = Bucket(bucket_settings)
    assert sorted(await bucket.keys("")) == [f"{folder}/{name}" for name in ("index", "manifest.json", "slide")]
    assert await bucket.get(f"{folder}/slide") == content
    assert list(stored.storage.uploads_root.iterdir()) == []
    evict_all(stored)
    tile = await browser.get(f"/slides/{slide.id}/tiles/0/1_1.jpg")
    assert (tile.status_code, tile.content in content) == (200, True)
    assert not stored.storage.has_slide(slide.sha256)
    assert (await browser.get(f"/slides/{slide.id}/file")).content == content


async def test_a_bucket_that_is_away_at_the_first_look_is_told_and_asked_again(
    browser: httpx.AsyncClient,
    stored: SlideServices,
    bucket_settings: Settings,
    own_s3: S3Server,
    team: Team,
    tmp_path: Path,
) -> None:
    made = make_slide(tmp_path / "a.tiff", downsamples=(1,))
    slide = await upload(browser, team.project.id, made.path.read_bytes())
    bucket = Bucket(bucket_settings)
    objects = {key: await bucket.get(key) for key in await bucket.keys("")}
    evict_all(stored)
    stored.tiles.forget(slide.sha256)
    own_s3.stop()
    # A tile that is stored as it is needed, one that must be made, and the file.
    for path in ("tiles/0/1_1.jpg", "tiles/1/0_0.jpg", "thumbnail.jpg", "file"):
        answer = await browser.get(f"/slides/{slide.id}/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "STORAGE_AWAY")
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["cache-control"] == "no-store"
    own_s3.start()
    own_s3.make_bucket(str(bucket_settings.s3_bucket))
    for key, data in objects.items():
        assert data is not None
        await bucket.put(key, data)
    for path in ("tiles/0/1_1.jpg", "tiles/1/0_0.jpg", "thumbnail.jpg", "file"):
        assert (await browser.get(f"/slides/{slide.id}/{path}")).status_code == 200

"""What a model sees in a small part of a slide, at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from api.annotations.index import Region
from api.auth import tokens
from api.errors import PlatformError, TooLarge
from api.models.project import Membership, Project, Role
from api.models.user import User
from api.predictions.at_once import MAX_PATCHES, AtOnce, Windows
from api.predictions.catalog import ModelCatalog
from api.predictions.png import decode_png
from api.routes.errors import platform_error
from api.routes.probability import routes
from api.settings import Settings
from api.slides.reader import ReaderPool
from api.slides.storage import Storage
from tests.factories import make_project, make_user
from tests.servers.triton import TritonProcess
from tests.workers.painted import PaintedSlide
from tests.workers.stored import store


@given(
    x=st.floats(-5000, 5000),
    y=st.floats(-5000, 5000),
    width=st.floats(0.1, 1700),
    height=st.floats(0.1, 1700),
    downsample=st.sampled_from([0.5, 1.0, 2.0, 3.7]),
)
def test_the_windows_answer_for_every_pixel_of_the_region_once(
    x: float, y: float, width: float, height: float, downsample: float
) -> None:
    windows = Windows.over(Region(x, y, x + width * downsample, y + height * downsample), downsample, 512)
    # Each window answers with the coordinates of its pixels: merged, every pixel must know where it is.
    answers = np.zeros((len(windows.m_corners), 2, 512, 512), np.int32)
    for answer, (m_x, m_y) in zip(answers, windows.m_corners, strict=True):
        answer[0], answer[1] = np.arange(m_x, m_x + 512)[None, :], np.arange(m_y, m_y + 512)[:, None]
    low, high = (
        windows.merged((answers & 0xFF).astype(np.uint8)),
        windows.merged((answers >> 8 & 0xFF).astype(np.uint8)),
    )
    found = (high.astype(np.uint16) << 8 | low).astype(np.int16)
    assert np.array_equal(found[0], np.tile(np.arange(windows.m_width) + windows.m_left, (windows.m_height, 1)))
    assert np.array_equal(found[1][:, 0], np.arange(windows.m_height) + windows.m_top)
    assert windows.m_left * downsample <= x
    assert (windows.m_left + windows.m_width) * downsample >= x + width * downsample - 1e-6


def test_a_region_that_takes_too_long_is_refused() -> None:
    side = 448 * 2.0 * 5
    with pytest.raises(TooLarge) as refused:
        Windows.over(Region(0, 0, side, side), 2.0, 512)
    assert refused.value.message == (
        f"The region takes 25 windows of the model; at most {MAX_PATCHES} are answered at once. "
        "Zoom in, or ask for a prediction of the region."
    )


async def token_of(user: User) -> str:
    token, _ = await tokens.create_token(user.id, name="t", scopes=["read", "predict"], expires_in_days=None)
    return token


@pytest.fixture
async def client(
    sqlite_database: object,
    standin_triton: TritonProcess,
    standin_repository: Path,
    two_lesions: PaintedSlide,
    tmp_path: Path,
) -> AsyncIterator[httpx.AsyncClient]:
    """Someone who may predict on a painted slide; `client.base_url` is the slide's."""
    settings = Settings(data=tmp_path, triton_url=standin_triton.address, model_repository=standin_repository)
    slide = await store(Storage(tmp_path), two_lesions)
    user = await make_user()
    await slide.fetch_related("project")
    project = await make_project(members={Role.ANNOTATOR: user})
    slide.project = project
    await slide.save()
    app = Starlette(routes=routes, exception_handlers={PlatformError: platform_error})
    app.state.settings, app.state.storage = settings, Storage(tmp_path)
    async with (
        ReaderPool(processes=1, memory_mb=2048, timeout_s=20) as reader,
        AtOnce(settings, reader) as app.state.at_once,
        ModelCatalog(settings) as app.state.predictions,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=f"http://coslide.test/slides/{slide.id}",
            headers={"authorization": f"Bearer {await token_of(user)}"},
        ) as client,
    ):
        yield client


async def test_the_picture_shows_each_probability_where_it_is(client: httpx.AsyncClient) -> None:
    # The lesion's ring lies from 200 to 800 um in x and 200 to 700 um in y, its hole from 400 to 600 and 350 to 500.
    answer = await client.get("/probability.png", params={"region": "300,300,1400,1000", "model": "redness"})

    assert answer.status_code == 200, answer.text
    assert answer.headers["coslide-origin"] == "300,300"
    assert answer.headers["coslide-downsample"] == "2"
    assert answer.headers["coslide-model"] == "redness 1.2.3"
    tile = decode_png(answer.content)
    assert tile.shape == (500, 700, 4)
    assert tile[300 - 150, 300 - 150].tolist() == [200, 0, 255 - 145, 255]
    assert tile[425 - 150, 500 - 150].tolist() == [0, 0, 0, 255]
    red = tile[..., 0] == 200
    assert red[50:, 50:650].sum() == red.sum() == 600 * 450 - 200 * 150


async def test_too_large_a_region_says_what_to_do(client: httpx.AsyncClient) -> None:
    answer = await client.get("/probability.png", params={"region": "0,0,9000,9000", "model": "redness"})

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "REGION_TOO_LARGE"


async def test_an_unknown_model_and_a_missing_region_are_named(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/probability.png", params={"region": "0,0,90,90", "model": "magic"})
    missing = await client.get("/probability.png")

    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "MODEL_NOT_FOUND")
    assert (
        missing.json()["error"]["message"] == "The region is missing. Send region=x,y,width,height in level-0 pixels."
    )


async def test_strangers_outsiders_and_viewers_are_refused(client: httpx.AsyncClient) -> None:
    viewer = await make_user()
    await Membership.create(project=await Project.get(memberships__role=Role.ANNOTATOR), user=viewer, role=Role.VIEWER)
    expected = {"nobody": 401, await token_of(await make_user()): 404, await token_of(viewer): 403}

    for token, status in expected.items():
        headers = {"authorization": f"Bearer {token}"}
        answer = await client.get("/probability.png", params={"region": "0,0,90,90"}, headers=headers)
        assert answer.status_code == status, answer.text

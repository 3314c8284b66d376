"""Heatmap tiles over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from api.auth import tokens
from api.errors import PlatformError
from api.models.prediction import Prediction
from api.models.project import Role
from api.predictions.heatmap import HeatmapStore, TileKey
from api.routes.errors import platform_error
from api.routes.heatmaps import routes
from api.settings import Settings
from api.slides.storage import Storage
from tests.factories import make_project, make_slide_row, make_user
from tests.predictions.made import ask


@dataclass
class Heatmaps:
    """A prediction with tiles 1 and 2 of one key, and who asks."""

    client: httpx.AsyncClient
    prediction: Prediction
    member: dict[str, str]
    stranger: dict[str, str]

    def get(self, place: str, headers: dict[str, str] | None = None, **query: object) -> object:
        address = f"/predictions/{self.prediction.id}/heatmap/{place}.png"
        return self.client.get(address, params=query, headers=self.member if headers is None else headers)


@pytest.fixture
async def heatmaps(sqlite_database: object, tmp_path: Path) -> AsyncIterator[Heatmaps]:
    viewer, stranger = await make_user(), await make_user()
    slide = await make_slide_row(await make_project(members={Role.VIEWER: viewer}))
    prediction = await ask(slide)
    store = HeatmapStore(Storage(tmp_path).prediction_path(prediction.id))
    store.write(TileKey(1, 20, 3), 1, b"first")
    store.write(TileKey(1, 20, 3), 2, b"second")
    app = Starlette(routes=routes, exception_handlers={PlatformError: platform_error})
    app.state.settings, app.state.storage = Settings(data=tmp_path), Storage(tmp_path)
    headers = []
    for user in (viewer, stranger):
        token, _ = await tokens.create_token(user.id, name="t", scopes=["read"], expires_in_days=None)
        headers.append({"authorization": f"Bearer {token}"})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://coslide.test") as client:
        yield Heatmaps(client, prediction, *headers)


async def test_a_version_is_fresh_for_ever(heatmaps: Heatmaps) -> None:
    answer = await heatmaps.get("1/20_3", v=1)
    assert (answer.status_code, answer.content) == (200, b"first")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    again = await heatmaps.get("1/20_3", heatmaps.member | {"if-none-match": answer.headers["etag"]}, v=1)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("query", [{}, {"v": "7"}, {"v": "x"}, {"v": "99999999999999999999"}])
async def test_without_that_version_the_newest_is_shown_and_not_kept(heatmaps: Heatmaps, query: dict[str, str]) -> None:
    answer = await heatmaps.get("1/20_3", **query)
    assert (answer.status_code, answer.content) == (200, b"second")
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_a_tile_that_is_not_there_yet(heatmaps: Heatmaps) -> None:
    for place in ("1/21_3", "0/20_3", "99/0_0"):
        answer = await heatmaps.get(place, v=1)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NO_SUCH_TILE")


async def test_others_see_nothing(heatmaps: Heatmaps) -> None:
    assert (await heatmaps.get("1/20_3", heatmaps.stranger)).status_code == 404
    assert (await heatmaps.get("1/20_3", {})).status_code == 401
    heatmaps.prediction.id = uuid4()
    missing = await heatmaps.get("1/20_3")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NOT_FOUND")

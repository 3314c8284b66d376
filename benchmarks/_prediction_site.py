"""A whole Coslide for measuring predictions: database, API, worker and the real model server, and people's clients."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from api.auth import sessions
from api.models.database import connected, migrate
from api.models.project import Membership, Project, Role
from api.models.user import User
from api.settings import Settings
from api.slides.services import slide_services
from tests.factories import make_project, make_user
from tests.servers.coslide import ApiServer, WorkerServer
from tests.servers.triton import TritonProcess

ROOT = Path(__file__).resolve().parents[1]
_EVENTS = """subscription ($slideId: ID!) { slideEvents(slideId: $slideId) { __typename ... on PredictionProgressed {
  prediction { id status done total error } heatmapTiles { level column row version } } } }"""
_REQUEST = """mutation ($input: RequestPredictionInput!) { requestPrediction(input: $input) {
  __typename ... on Prediction { id } ... on Failure { message } } }"""


@dataclass
class Progress:
    """What a subscriber heard of one prediction, in seconds since it was asked for."""

    first_tile_s: float | None = None
    told_s: list[float] = field(default_factory=list)
    done: int = 0
    ended_s: float | None = None
    status: str = ""


class Person:
    """Someone signed in, with the slide's events open."""

    def __init__(self, api: ApiServer, cookie: str, socket: ClientConnection) -> None:
        self._socket = socket
        self._http = httpx.AsyncClient(base_url=api.url, headers={"cookie": cookie, "origin": api.url}, timeout=30)

    @classmethod
    @asynccontextmanager
    async def on(cls, api: ApiServer, cookie: str, slide_id: str) -> AsyncIterator[Person]:
        """The person, once the events flow."""
        address = api.url.replace("http", "ws") + "/graphql"
        async with connect(
            address, subprotocols=["graphql-transport-ws"], additional_headers={"cookie": cookie}, origin=api.url
        ) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            await socket.recv()
            payload = {"query": _EVENTS, "variables": {"slideId": slide_id}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            person = cls(api, cookie, socket)
            await asyncio.sleep(1.2)  # joined, and the feed at rest
            try:
                yield person
            finally:
                await person._http.aclose()

    async def predict(
        self,
        slide_id: str,
        region: list[float] | None = None,
        focus: list[float] | None = None,
        shows: Callable[[dict[str, int]], bool] = lambda tile: tile["level"] == 0,
    ) -> Progress:
        """Ask, and follow to the end. `shows` says of a heatmap tile whether it is in the viewport."""
        began = time.perf_counter()
        asked = {"slideId": slide_id, "region": _region(region), "focus": _region(focus)}
        answer = await self._http.post("/graphql", json={"query": _REQUEST, "variables": {"input": asked}})
        found = answer.json()
        if (found.get("data") or {}).get("requestPrediction", {}).get("__typename") != "Prediction":
            raise SystemExit(f"the prediction was refused: {found}")
        wanted, progress = found["data"]["requestPrediction"]["id"], Progress()
        while progress.ended_s is None:
            message = json.loads(await self._socket.recv())
            event = ((message.get("payload") or {}).get("data") or {}).get("slideEvents") or {}
            if event.get("__typename") != "PredictionProgressed" or event["prediction"]["id"] != wanted:
                continue
            now = time.perf_counter() - began
            prediction = event["prediction"]
            if prediction["done"] > progress.done:
                progress.done = prediction["done"]
                progress.told_s.append(now)
            for tile in event["heatmapTiles"]:
                if progress.first_tile_s is None and shows(tile):
                    place = f"{tile['level']}/{tile['column']}_{tile['row']}.png?v={tile['version']}"
                    picture = await self._http.get(f"/predictions/{wanted}/heatmap/{place}")
                    if picture.status_code == 200:
                        progress.first_tile_s = time.perf_counter() - began
            if prediction["status"] not in ("QUEUED", "RUNNING"):
                progress.ended_s, progress.status = now, prediction["status"]
        return progress

    async def predict_here(self, slide_id: str, region: list[float]) -> float:
        """Ask what the model sees in a part of the slide; the seconds until the picture was here."""
        began = time.perf_counter()
        place = ",".join(str(round(value)) for value in region)
        answer = await self._http.get(f"/slides/{slide_id}/probability.png", params={"region": place})
        if answer.status_code != 200 or not answer.content.startswith(b"\x89PNG"):
            raise SystemExit(f"predict here was refused: {answer.status_code} {answer.text[:200]}")
        return time.perf_counter() - began


def _region(values: list[float] | None) -> dict[str, float] | None:
    return dict(zip(("x", "y", "width", "height"), values, strict=True)) if values else None


@dataclass
class Site:
    """The running pieces. The database is open in this process."""

    settings: Settings
    triton: TritonProcess
    api: ApiServer
    worker: WorkerServer
    project: Project
    owner: User

    async def cookie(self, user: User) -> str:
        return f"coslide={await sessions.create(user.id, self.settings)}"

    async def member(self) -> User:
        """Somebody else in the project."""
        user = await make_user()
        await Membership.create(project=self.project, user=user, role=Role.ANNOTATOR)
        return user

    async def take_in(self, path: Path) -> Any:
        """A slide's row, once its file is in storage."""
        async with slide_services(self.settings) as services:
            return await services.ingest.import_file(path, self.project.id, self.owner.id)

    def new_worker(self) -> WorkerServer:
        """A worker as this site's, not started."""
        return WorkerServer(
            self.settings.data, database_url=self.settings.database, triton_url=self.triton.address, lease_s="3"
        )


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    """Everything started, the model warm."""
    async with AsyncExitStack() as stack:
        data = folder / "data"
        data.mkdir()
        triton = TritonProcess(folder, ROOT / "model_repository")
        triton.start()
        stack.callback(triton.stop)
        settings = Settings(data=data, triton_url=triton.address)
        await migrate(settings)
        await stack.enter_async_context(connected(settings))
        owner = await make_user()
        project = await make_project(owner)
        api = ApiServer(data, database_url=settings.database, triton_url=triton.address)
        made = Site(settings, triton, api, WorkerServer(data), project, owner)
        made.worker = made.new_worker()
        for server in (api, made.worker):
            server.start()
            stack.callback(server.stop)
        yield made

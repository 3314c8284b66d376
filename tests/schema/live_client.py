"""A person's client: GraphQL over HTTP, and the graphql-transport-ws protocol over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from api.auth import sessions
from api.models.user import User
from api.settings import Settings

EVENTS = """
subscription($slide: ID!, $since: Int) {
  slideEvents(slideId: $slide, sinceSeq: $since) {
    __typename
    ... on AnnotationsChanged {
      seq clientId mutationId actor { name }
      annotations { id version note geometry deletedAt createdBy { name } } layers { id kind name owner { name } }
    }
    ... on PresenceChanged { people { clientId user { name } cursor tool } left }
    ... on ResyncRequired { seq reason }
    ... on SlideChanged { seq deleted slide { name } }
  }
}"""

APPLY = """
mutation($input: ApplyAnnotationOpsInput!) {
  applyAnnotationOps(input: $input) {
    __typename
    ... on AppliedOps { seq annotations { id version note kind geometry areaMm2 lengthUm layerId } }
    ... on AnnotationConflict { message conflicts { id expectedVersion sentGeometry current { version geometry } } }
    ... on Failure { code message field }
  }
}"""


class StreamEnded(Exception):
    """The server ended the stream; `errors` says why, None when it just completed."""

    def __init__(self, errors: list[dict[str, Any]] | None) -> None:
        super().__init__(errors)
        self.errors = errors


class Stream:
    """One subscription's results, in order."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def put(self, message: dict[str, Any]) -> None:
        self._messages.put_nowait(message)

    async def message(self) -> dict[str, Any]:
        """The next message of the protocol."""
        async with asyncio.timeout(15):
            return await self._messages.get()

    async def next(self) -> dict[str, Any]:
        """The next event.

        Raises:
            StreamEnded: there is none any more.
        """
        message = await self.message()
        match message["type"]:
            case "next" if not message["payload"].get("errors"):
                event: dict[str, Any] = message["payload"]["data"]["slideEvents"]
                return event
            case "next":
                raise StreamEnded(message["payload"]["errors"])
            case "error":
                raise StreamEnded(message["payload"])
            case _:
                raise StreamEnded(None)

    async def next_changed(self) -> dict[str, Any]:
        """The next event about annotations; others are passed over."""
        while (event := await self.next())["__typename"] != "AnnotationsChanged":
            pass
        return event

    async def seqs(self, count: int) -> list[int]:
        return [(await self.next_changed())["seq"] for _ in range(count)]


class Socket:
    """An open graphql-transport-ws connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._streams: dict[str, Stream] = {}
        self.frames: list[str | bytes] = []

    @property
    def connection(self) -> ClientConnection:
        return self._connection

    async def subscribe(self, query: str, **variables: Any) -> Stream:
        id_, stream = uuid4().hex, Stream()
        self._streams[id_] = stream
        payload = {"query": query, "variables": variables}
        await self._connection.send(json.dumps({"id": id_, "type": "subscribe", "payload": payload}))
        return stream

    async def pump(self) -> None:
        async for frame in self._connection:
            self.frames.append(frame)
            message = json.loads(frame)
            if message["type"] in ("next", "error", "complete"):
                self._streams[message["id"]].put(message)


class Client:
    """One browser of one person at one API process."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self.id = f"client-{uuid4()}"
        self.cookies = {"coslide": token} if token else {}
        self.http = httpx.AsyncClient(base_url=url, cookies=self.cookies, headers={"origin": url}, timeout=30)

    async def execute(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `data` of an operation that must not fail."""
        answer = await self.raw(query, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def raw(self, query: str, **variables: Any) -> dict[str, Any]:
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    async def apply(self, slide_id: UUID, *ops: dict[str, Any], mutation_id: str | None = None) -> dict[str, Any]:
        """The result of `applyAnnotationOps`."""
        given = {
            "slideId": str(slide_id),
            "clientId": self.id,
            "mutationId": mutation_id or str(uuid4()),
            "ops": list(ops),
        }
        result: dict[str, Any] = (await self.execute(APPLY, input=given))["applyAnnotationOps"]
        return result

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        address = self.url.replace("http", "ws") + "/graphql"
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        async with connect(
            address,
            subprotocols=[Subprotocol("graphql-transport-ws")],
            origin=Origin(self.url),
            additional_headers=headers,
        ) as connection:
            await connection.send('{"type":"connection_init"}')
            assert json.loads(await connection.recv())["type"] == "connection_ack"
            socket = Socket(connection)
            pump = asyncio.create_task(socket.pump())
            try:
                yield socket
            finally:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)

    @asynccontextmanager
    async def follow(self, slide_id: UUID, since: int | None = None) -> AsyncIterator[Stream]:
        """A socket with one stream of the slide's events."""
        async with self.socket() as socket:
            yield await socket.subscribe(EVENTS, slide=str(slide_id), since=since)


@asynccontextmanager
async def client_of(url: str, user: User | None, settings: Settings) -> AsyncIterator[Client]:
    """A signed-in person's client, or a stranger's."""
    token = await sessions.create(user.id, settings) if user else None
    client = Client(url, token)
    async with client.http:
        yield client


def square(x: float, y: float, side: float) -> dict[str, Any]:
    corners = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [corners]}


def create(id_: UUID | None = None, *, x: float = 0, **facts: Any) -> dict[str, Any]:
    """An op that draws a square of 10 px."""
    return {"create": {"id": str(id_ or uuid4()), "kind": "POLYGON", "geometry": square(x, 0, 10), **facts}}

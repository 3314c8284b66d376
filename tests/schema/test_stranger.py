"""What a stranger may throw at the socket: it is closed with the protocol's code, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from api.collaboration import feed
from api.models.user import Session
from tests.schema.live_app import LiveServer
from tests.schema.live_client import EVENTS, client_of, create
from tests.schema.test_live import Room


@asynccontextmanager
async def socket_at(url: str, *, cookie: str = "", origin: str | None = None) -> AsyncIterator[ClientConnection]:
    headers = {"cookie": cookie} if cookie else {}
    async with connect(
        url.replace("http", "ws") + "/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        origin=Origin(origin or url),
        additional_headers=headers,
        max_size=None,
    ) as socket:
        yield socket


async def close_code(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(10):
        await socket.wait_closed()
    return socket.close_code


INIT = '{"type":"connection_init"}'
MALFORMED = [
    "{",
    "[]",
    "null",
    "7",
    '"connection_init"',
    "{}",
    '{"type":1}',
    '{"type":"nonsense"}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","id":"1"}',
    '{"type":"subscribe","id":1,"payload":{"query":"{server{version}}"}}',
    '{"type":"subscribe","id":{"a":1},"payload":{"query":"{server{version}}"}}',
    '{"type":"subscribe","id":"1","payload":null}',
    '{"type":"subscribe","id":"1","payload":{"query":5}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{server{version}}","variables":[]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{server{version}}","operationName":{}}}',
    '{"type":"complete"}',
    '{"type":"ping","payload":"x"}',
    b"\x00\x01",
]


@pytest.mark.parametrize("frame", MALFORMED, ids=str)
async def test_a_malformed_message_closes_with_4400(room: Room, frame: str | bytes) -> None:
    async with socket_at(room.url) as socket:
        await socket.send(INIT)
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(frame)
        assert await close_code(socket) == 4400


async def test_a_message_over_the_limit_closes_with_1009(room: Room) -> None:
    async with socket_at(room.url) as socket:
        await socket.send(INIT)
        await socket.recv()
        with pytest.raises(ConnectionClosed):
            await socket.send('{"type":"ping","payload":{"x":"' + "x" * 10_000_000 + '"}}')
            while True:
                await socket.recv()
        assert socket.close_code == 1009


async def test_subscribing_before_the_first_message_closes_with_4401(room: Room) -> None:
    async with socket_at(room.url) as socket:
        await socket.send('{"type":"subscribe","id":"1","payload":{"query":"{server{version}}"}}')
        assert await close_code(socket) == 4401


async def test_a_second_first_message_closes_with_4429(room: Room) -> None:
    async with socket_at(room.url) as socket:
        await socket.send(INIT)
        await socket.send(INIT)
        assert await close_code(socket) == 4429


@pytest.mark.parametrize("protocols", [[], ["graphql-ws"], ["made-up", "soap"]])
async def test_another_protocol_closes_with_4406(room: Room, protocols: list[str]) -> None:
    address = room.url.replace("http", "ws") + "/graphql"
    offered = [Subprotocol(protocol) for protocol in protocols] or None
    async with connect(address, subprotocols=offered, origin=Origin(room.url)) as socket:
        assert socket.subprotocol is None
        assert await close_code(socket) == 4406


async def test_the_same_id_twice_closes_with_4409(room: Room) -> None:
    async with room.ben.socket() as mine:
        payload = {"query": EVENTS, "variables": {"slide": str(room.slide_id)}}
        for _ in range(2):
            await mine.connection.send(json.dumps({"type": "subscribe", "id": "same", "payload": payload}))
        assert await close_code(mine.connection) == 4409


async def test_an_expired_cookie_is_refused_with_4403_and_none_is_a_stranger(room: Room) -> None:
    cookie = f"coslide={room.ben.cookies['coslide']}"
    await Session.filter(user_id=room.users["Ben"].id).update(expires_at=datetime.now(UTC))
    for expired in (cookie, "coslide=made-up"):
        async with socket_at(room.url, cookie=expired) as socket:
            await socket.send(INIT)
            assert await close_code(socket) == 4403
    async with socket_at(room.url) as socket:
        await socket.send('{"type":"connection_init","payload":{"authorization":"Bearer coslide_made_up"}}')
        assert await close_code(socket) == 4403
    async with socket_at(room.url) as socket:
        await socket.send(INIT)
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}


async def test_a_foreign_origin_gets_no_socket(room: Room) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with socket_at(room.url, cookie=f"coslide={room.ben.cookies['coslide']}", origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


async def test_a_flood_leaves_memory_flat_and_others_unaffected(room: Room, tmp_path: Path) -> None:
    database = f"sqlite://{tmp_path / 'coslide.sqlite3'}"
    server = LiveServer(tmp_path, "flooded", database, None)
    await asyncio.to_thread(server.start)
    try:
        async with (
            client_of(server.url, room.users["Ada"], room.settings) as ada,
            ada.follow(room.slide_id, 0) as stream,
        ):
            await ada.apply(room.slide_id, create())
            assert await stream.seqs(1) == [1]
            await _flood(server.url, 2_000)  # what the first flood loads stays loaded
            before = resident_mb(server.pid)
            await _flood(server.url, 10_000)
            await ada.apply(room.slide_id, create(x=50))
            assert await stream.seqs(1) == [2]
            assert resident_mb(server.pid) - before < 30
    finally:
        server.stop()


async def _flood(url: str, count: int) -> None:
    """So many subscribe messages of a stranger on one socket, all answered."""
    query = f'subscription {{ slideEvents(slideId: "{uuid4()}") {{ __typename }} }}'
    answered: set[str] = set()
    async with socket_at(url) as socket, asyncio.timeout(100):
        await socket.send(INIT)
        await socket.recv()

        async def ask() -> None:
            for number in range(count):
                message = {"type": "subscribe", "id": str(number), "payload": {"query": query}}
                await socket.send(json.dumps(message))

        asking = asyncio.create_task(ask())
        while len(answered) < count:
            message = json.loads(await socket.recv())
            assert message["type"] == "error"
            answered.add(message["id"])
        await asking


async def test_a_reader_that_reads_nothing_keeps_a_bounded_mailbox(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "QUEUE_SIZE", 20)
    sizes: list[int] = []
    put = feed.Member.put

    def noted(self: feed.Member, event: feed.LoggedEvent) -> None:
        put(self, event)
        sizes.append(len(self._events))

    monkeypatch.setattr(feed.Member, "put", noted)
    payload = {"query": EVENTS, "variables": {"slide": str(room.slide_id), "since": 0}}
    async with (
        socket_at(room.url, cookie=f"coslide={room.ben.cookies['coslide']}") as slow,
        room.ada.follow(room.slide_id, 0) as stream,
    ):
        await slow.send(INIT)
        await slow.recv()
        slow.transport.pause_reading()
        await slow.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        for number in range(60):
            await room.ada.apply(room.slide_id, create(note="x" * 9_000 + str(number)), create(note="y" * 9_000))
        assert await stream.seqs(60) == list(range(1, 61))
        assert max(sizes) <= 20
        slow.transport.resume_reading()
        seen: list[int] = []
        async with asyncio.timeout(20):
            while len(seen) < 60:
                event = json.loads(await slow.recv())["payload"]["data"]["slideEvents"]
                seen += [event["seq"]] if event["__typename"] == "AnnotationsChanged" else []
        assert seen == list(range(1, 61))

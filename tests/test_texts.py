"""Texts that are written together: the frames are those of the protocol, with and without the extension."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from api.texts import EXTENSION, TEXTS, TextsProtocol, frames_of
from tests.servers import in_process

PARTS = st.text(max_size=300).map(str.encode)
LENGTHS = (0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537)


@given(st.lists(st.tuples(PARTS, PARTS), max_size=5))
def test_frames_are_what_another_implementation_makes(texts: list[tuple[bytes, bytes]]) -> None:
    expected = b"".join(Frame(Opcode.TEXT, head + rest).serialize(mask=False) for head, rest in texts)
    assert b"".join(frames_of(texts)) == expected


@pytest.mark.parametrize("length", LENGTHS)
def test_every_form_of_length(length: int) -> None:
    whole = b"x" * length
    expected = Frame(Opcode.TEXT, whole).serialize(mask=False)
    for cut in {0, length // 2, length}:
        assert b"".join(frames_of([(whole[:cut], whole[cut:])])) == expected


def test_what_is_shared_is_not_copied() -> None:
    rest = b"y" * 1000
    parts = frames_of([(b"a", rest), (b"b", rest)])
    assert parts[1] is rest
    assert parts[3] is rest


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Tells whether the extension is there, and uses it where it is."""
    await receive()
    await send({"type": "websocket.accept"})
    has = EXTENSION in scope["extensions"]
    await send({"type": "websocket.send", "text": str(has)})
    if has:
        texts = [(b"1", "번째".encode()), (b"2", b"x" * 70_000), (b"", b"")]
        await send({"type": "websocket.send", TEXTS: texts})
    while (await receive())["type"] != "websocket.disconnect":
        pass
    if has:
        with pytest.raises(OSError):
            await send({"type": "websocket.send", TEXTS: [(b"", b"late")]})


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[str]:
    config = uvicorn.Config(application, port=0, log_level="error", lifespan="off", **settings)
    async with in_process.serving(uvicorn.Server(config)) as url:
        yield url.replace("http", "ws")


async def test_a_client_receives_them_as_messages_in_order() -> None:
    async with served(ws=TextsProtocol, ws_per_message_deflate=False) as url, connect(url) as socket:
        assert await socket.recv() == "True"
        assert [await socket.recv() for _ in range(3)] == ["1번째", "2" + "x" * 70_000, ""]


@pytest.mark.parametrize(
    "settings", [{"ws": TextsProtocol, "ws_per_message_deflate": True}, {"ws": "auto"}], ids=["compressed", "elsewhere"]
)
async def test_there_is_none_where_frames_are_compressed_or_the_server_is_another(settings: dict[str, Any]) -> None:
    async with served(**settings) as url, connect(url) as socket:
        assert await socket.recv() == "False"

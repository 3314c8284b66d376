"""ENTRY: the GraphQL socket with all that it needs, and a raw Starlette broadcast beside it.

`GET /raw/go?rate=60&seconds=10&size=1100` broadcasts to all sockets at `/raw`. Settings come from the environment;
the process serves until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import orjson
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth.standing import standing
from api.collaboration.feed import Feeds
from api.collaboration.presence import Presence
from api.collaboration.redis_channel import open_channel
from api.models.database import connected
from api.predictions.live import PredictionSource
from api.settings import Settings
from schema.app import graphql_routes

mailboxes: set[asyncio.Queue[str]] = set()


async def raw(websocket: WebSocket) -> None:
    """The broadcast as Starlette's documentation would have it: a queue a client, a text a message."""
    await websocket.accept(subprotocol="graphql-transport-ws")
    mailbox: asyncio.Queue[str] = asyncio.Queue()
    mailboxes.add(mailbox)

    async def hear() -> None:
        with suppress(WebSocketDisconnect):
            while True:
                await websocket.receive_text()

    hearing = asyncio.create_task(hear())
    try:
        while not hearing.done():
            await websocket.send_text(await mailbox.get())
    except WebSocketDisconnect:
        return
    finally:
        mailboxes.discard(mailbox)
        hearing.cancel()


async def go(request: Request) -> JSONResponse:
    """Broadcast so many messages a second."""
    rate, seconds, size = (float(request.query_params[name]) for name in ("rate", "seconds", "size"))
    began, count = time.perf_counter(), int(rate * seconds)
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        event = {"seq": number + 1, "note": f"t={time.time_ns()};", "padding": "x" * int(size)}
        text = orjson.dumps(event).decode()
        for mailbox in mailboxes:
            mailbox.put_nowait(text)
    return JSONResponse({"count": count})


def make_app(settings: Settings) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            state = app.state
            state.settings = settings
            await stack.enter_async_context(connected(settings))
            state.channel = await stack.enter_async_context(open_channel(settings.redis_url))
            state.presence = await stack.enter_async_context(Presence(state.channel))
            sources = (state.presence, PredictionSource(state.channel))
            state.feeds = await stack.enter_async_context(Feeds(state.channel, sources, standing))
            yield

    return Starlette(routes=[*graphql_routes(), WebSocketRoute("/raw", raw), Route("/raw/go", go)], lifespan=lifespan)


def main(port: int) -> None:
    config = uvicorn.Config(
        make_app(Settings()),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        ws="api.texts:TextsProtocol",
        ws_per_message_deflate=False,
        loop="none",
    )
    uvloop.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]))

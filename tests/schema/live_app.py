"""GraphQL and the annotation routes behind real HTTP: in the test's process, or in one that can be killed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from api.auth.standing import standing
from api.collaboration.feed import Feeds
from api.collaboration.presence import Presence
from api.collaboration.redis_channel import open_channel
from api.errors import PlatformError
from api.models.database import connected
from api.predictions.live import PredictionSource
from api.routes import exchange, geometry
from api.routes.errors import platform_error
from api.settings import Settings
from api.supervisor import MAX_SOCKET_MESSAGE_BYTES
from schema.app import GraphQLApp
from tests.servers import in_process
from tests.servers.process import ServerProcess, accepts, free_port


@asynccontextmanager
async def live_parts(app: Starlette, settings: Settings) -> AsyncIterator[None]:
    """The application's parts that collaboration needs, on an open database."""
    async with AsyncExitStack() as stack:
        state = app.state
        state.settings = settings
        state.channel = await stack.enter_async_context(open_channel(settings.redis_url))
        state.presence = await stack.enter_async_context(Presence(state.channel))
        sources = (state.presence, PredictionSource(state.channel))
        state.feeds = await stack.enter_async_context(Feeds(state.channel, sources, standing))
        yield


def make_app() -> Starlette:
    graphql = GraphQLApp()
    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["POST"]),
            WebSocketRoute("/graphql", graphql),
            *exchange.routes,
            *geometry.routes,
        ],
        exception_handlers={PlatformError: platform_error},
    )


def server_of(app: Starlette, port: int, ws: str = "api.texts:TextsProtocol") -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            port=port,
            log_level="warning",
            lifespan="off",
            ws=ws,
            ws_per_message_deflate=False,
            ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        )
    )


@asynccontextmanager
async def serving(settings: Settings, ws: str = "api.texts:TextsProtocol") -> AsyncIterator[str]:
    """Serve on a free loopback port, on the test's own database; gives the address.

    Args:
        ws: the WebSocket protocol; "auto" for uvicorn's own.
    """
    app = make_app()
    async with live_parts(app, settings), in_process.serving(server_of(app, 0, ws)) as url:
        yield url


class LiveServer(ServerProcess):
    """An API process of its own on a database that has its tables."""

    def __init__(self, folder: Path, name: str, database_url: str, redis_url: str | None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**os.environ, "COSLIDE_DATA": str(folder), "COSLIDE_DATABASE_URL": database_url}
        if redis_url is not None:
            environment["COSLIDE_REDIS_URL"] = redis_url
        super().__init__(
            [sys.executable, "-m", "tests.schema.live_app", str(self.port)],
            log=folder / f"{name}.log",
            is_ready=lambda: accepts(self.port),
            environment=environment,
        )


async def _main(port: int) -> None:
    settings, app = Settings(), make_app()
    async with connected(settings), live_parts(app, settings):
        await server_of(app, port).serve()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))

"""The slide routes behind real HTTP: in the test's process, or in one of their own that can be killed."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.types import Lifespan
from tortoise import Tortoise

from api.auth import sessions
from api.errors import PlatformError
from api.models.database import connected
from api.models.user import User
from api.routes import downloads, foreign, tiles, uploads
from api.routes.errors import platform_error
from api.routes.tile_lane import TileLane
from api.settings import Settings
from api.slides.services import SlideServices, slide_services
from tests.servers import in_process
from tests.servers.process import ServerProcess, accepts, free_port


def make_app(
    settings: Settings, services: SlideServices | None = None, lifespan: Lifespan[Starlette] | None = None
) -> Starlette:
    app = TileLane(
        routes=[*tiles.routes, *foreign.routes, *uploads.routes, *downloads.routes],
        exception_handlers={PlatformError: platform_error},
        lifespan=lifespan,
    )
    app.state.settings = settings
    if services is not None:
        put_services(app, services)
    return app


def put_services(app: Starlette, services: SlideServices) -> None:
    app.state.storage, app.state.tiles, app.state.uploads = services.storage, services.tiles, services.uploads


def serving(app: Starlette) -> AbstractAsyncContextManager[str]:
    """Serve the app on a free loopback port; gives its address."""
    return in_process.serving(uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off")))


async def signed_in(url: str, user: User | None, settings: Settings) -> httpx.AsyncClient:
    """A browser on our own page: with the user's session cookie, or a stranger's."""
    browser = httpx.AsyncClient(base_url=url, headers={"origin": url}, timeout=60)
    if user is not None:
        browser.cookies.set("coslide", await sessions.create(user.id, settings))
    return browser


class SlideServer(ServerProcess):
    """The slide routes in a process of their own, on a database file with its tables."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(
            [sys.executable, "-m", "tests.routes.slide_app", str(data), str(self.port)],
            log=data / "slide-app.log",
            is_ready=lambda: accepts(self.port),
        )


def main() -> None:
    settings = Settings(data=Path(sys.argv[1]), reader_processes=1, upload_max_gb=0.1)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with connected(settings), slide_services(settings) as services:
            await Tortoise.generate_schemas(safe=True)
            put_services(app, services)
            yield

    uvicorn.run(make_app(settings, lifespan=lifespan), port=int(sys.argv[2]), log_level="warning")


if __name__ == "__main__":
    main()

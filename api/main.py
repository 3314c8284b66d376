"""The ASGI application: wires settings, lifespan, routes and GraphQL; decides nothing.

`uvicorn api.main:app`, or `coslide serve`, which also starts workers and the model server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from api.auth.audit import KnowAddress
from api.auth.cleanup import remove_expired_forever
from api.auth.oauth import OAuth
from api.auth.standing import standing
from api.collaboration.feed import Feeds
from api.collaboration.presence import Presence
from api.collaboration.pruning import prune_forever
from api.collaboration.redis_channel import open_channel
from api.errors import PlatformError
from api.models.database import connected
from api.predictions.at_once import AtOnce
from api.predictions.catalog import ModelCatalog
from api.predictions.live import PredictionSource
from api.rewriting.runner import JobRunner
from api.routes import auth, downloads, exchange, foreign, geometry, health, heatmaps, probability, tiles, uploads
from api.routes.errors import platform_error
from api.routes.tile_lane import TileLane
from api.routes.web import web_routes
from api.settings import Settings, get_settings
from api.slides.services import slide_services
from schema.app import graphql_routes


def create_app(settings: Settings) -> Starlette:
    """The application for these settings; its parts are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            state = app.state
            state.settings = settings
            await stack.enter_async_context(connected(settings))
            slides = await stack.enter_async_context(slide_services(settings))
            state.storage, state.reader, state.tiles = slides.storage, slides.reader, slides.tiles
            state.ingest, state.uploads, state.rewriter = slides.ingest, slides.uploads, slides.rewriter
            state.channel = await stack.enter_async_context(open_channel(settings.redis_url))
            state.slide_jobs = JobRunner(slides.rewriter, slides.storage, state.channel)
            state.presence = await stack.enter_async_context(Presence(state.channel))
            sources = (state.presence, PredictionSource(state.channel, state.presence))
            state.feeds = await stack.enter_async_context(Feeds(state.channel, sources, standing))
            state.predictions = await stack.enter_async_context(ModelCatalog(settings))
            state.at_once = await stack.enter_async_context(AtOnce(settings, slides.reader))
            state.oauth = OAuth(settings)
            chores = (
                slides.uploads.sweep_forever(),
                slides.warmer.run_forever(),
                state.slide_jobs.run_forever(),
                remove_expired_forever(),
                prune_forever(settings.history_days),
            )
            for chore in chores:
                stack.callback(asyncio.create_task(chore).cancel)
            yield

    routes: list[BaseRoute] = [
        *graphql_routes(),
        *auth.routes,
        *tiles.routes,
        *foreign.routes,
        *heatmaps.routes,
        *probability.routes,
        *geometry.routes,
        *exchange.routes,
        *uploads.routes,
        *downloads.routes,
        *health.routes,
        *web_routes(),
    ]
    return TileLane(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(KnowAddress)],
        exception_handlers={PlatformError: platform_error},
    )


logging.basicConfig(level=get_settings().log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
app = create_app(get_settings())

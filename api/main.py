"""The ASGI application: wires settings, lifespan, routes and GraphQL; decides nothing.

`uvicorn api.main:app`, or `coslide serve`, which also starts workers and the model server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.errors import PlatformError
from api.models.database import connected
from api.routes import auth, downloads, exchange, geometry, health, heatmaps, tiles, uploads
from api.routes.errors import platform_error
from api.routes.web import web_routes
from api.settings import get_settings
from schema.app import GraphQLApp

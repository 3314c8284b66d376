"""The ASGI application: wires settings, lifespan, routes and GraphQL; decides nothing.

`uvicorn api.main:app`, or `coslide serve`, which also starts workers and the model server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from api.errors import PlatformError
from api.models.database import connected

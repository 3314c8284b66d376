"""Is the process alive, can it serve, and how busy is it: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
import os

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tortoise import connections

READY_TIMEOUT_S = 3


async def healthz(request: Request) -> Response:
    """Answers while the process can answer at all."""
    return PlainTextResponse("ok\n")


async def readyz(request: Request) -> Response:
    """200 when database and storage work, else 503 with what does not. The model server is told but not required."""
    settings = request.app.state.settings
    checks: dict[str, str] = {}
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await connections.get("default").execute_query("SELECT 1")
        checks["database"] = "ok"
    except Exception as error:  # whatever the driver raises, the answer is "not ready"
        checks["database"] = f"{type(error).__name__}: {error}"
    checks["storage"] = "ok" if os.access(settings.data, os.W_OK) else f"{settings.data} can't be written"
    ready = all(value == "ok" for value in checks.values())
    return JSONResponse({"ready": ready, "checks": checks}, status_code=200 if ready else 503)


async def metrics(request: Request) -> Response:
    """Counters of this process in Prometheus' text format."""
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]

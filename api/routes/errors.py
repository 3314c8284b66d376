"""Expected failures as HTTP answers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.errors import PlatformError, TooManyRequests

RETRY_AFTER_S = 5
"""When to ask again for what is away: a reader, the storage, the database."""


async def platform_error(request: Request, exc: Exception) -> Response:
    """The answer to a `PlatformError`; register it as `exception_handlers={PlatformError: platform_error}`."""
    if not isinstance(exc, PlatformError):
        raise exc
    headers = {"cache-control": "no-store"}
    if isinstance(exc, TooManyRequests):
        headers["retry-after"] = str(exc.retry_after_s)
    elif exc.status == 503:
        headers["retry-after"] = str(RETRY_AFTER_S)
    if exc.status == 401:
        headers["www-authenticate"] = 'Bearer realm="coslide"'
    return JSONResponse(exc.as_json(), status_code=exc.status, headers=headers)

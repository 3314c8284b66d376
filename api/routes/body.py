"""Reading small JSON bodies: bounded in size and time, with errors that name the field."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import Request

from api.errors import InvalidInput, TooLarge

MAX_BODY = 16 * 1024
TIMEOUT_S = 15


async def read_json_object(request: Request, *, limit: int = MAX_BODY) -> dict[str, Any]:
    """The request's body, a JSON object of at most `limit` bytes.

    Raises:
        InvalidInput: code `BODY_TYPE`, `BODY_INVALID` or `BODY_SLOW`.
        TooLarge: more than `limit` bytes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidInput(f"The body's type is '{kind}'. Send JSON as application/json.", code="BODY_TYPE")
    body = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise TooLarge(
                        f"The body is over {limit} bytes. Send less.", code="BODY_TOO_LARGE", params={"limit": limit}
                    )
    except TimeoutError as error:
        raise InvalidInput(f"The body did not arrive within {TIMEOUT_S} s. Send it again.", code="BODY_SLOW") from error
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body is not valid JSON. Send one JSON object.", code="BODY_INVALID") from error
    if not isinstance(value, dict):
        raise InvalidInput("The body is JSON but not an object. Send one JSON object.", code="BODY_INVALID")
    return value


def required_text(body: dict[str, Any], field: str) -> str:
    """The text under `field`, or `InvalidInput` that names it."""
    value = body.get(field)
    if not isinstance(value, str):
        raise InvalidInput(
            f"'{field}' is missing or not a text. Send it as a string.", code="FIELD_MISSING", field=field
        )
    return value

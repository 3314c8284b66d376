"""Requests that change something must come from our own pages, or from a program that sends no cookie.

Browsers put `Origin` on every POST and every WebSocket handshake; another site can make a browser send our cookie but
can't forge that header.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from api.auth.cookies import session_token
from api.errors import NotPermitted
from api.settings import Settings

_WEB_SCHEME = {"ws": "http", "wss": "https"}
_DEFAULT_PORT = {"http": 80, "https": 443}


def check_origin(connection: HTTPConnection) -> None:
    """Refuse a request from another site's page.

    Raises:
        NotPermitted: code `ORIGIN_REFUSED`.
    """
    settings: Settings = connection.app.state.settings
    origin = connection.headers.get("origin")
    if origin is None:
        if session_token(connection, settings) is None:
            return
        raise NotPermitted(
            "The request has a session cookie but no Origin header. Programs should send an API token, not a cookie.",
            code="ORIGIN_REFUSED",
        )
    asked = _place(origin)
    scheme = _WEB_SCHEME.get(connection.url.scheme, connection.url.scheme)
    own = _place(f"{scheme}://{connection.headers.get('host', '')}")
    if asked is None or asked not in {own, _place(settings.origin)}:
        raise NotPermitted(
            f"The request came from {origin[:200]}, which is not this server. If it is the address people type, set "
            "COSLIDE_PUBLIC_URL to it.",
            code="ORIGIN_REFUSED",
        )


def _place(address: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of an address; None for what has none, such as `null`."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORT[parts.scheme]

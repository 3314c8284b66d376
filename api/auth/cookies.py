"""The cookies: one for the session, one that ties an OAuth attempt to the browser that began it.

Over https the names begin with `__Host-`, which a browser accepts only with Secure, Path=/ and no Domain, so no other
host can plant them. Over plain http (one's own machine) browsers refuse that prefix, hence the bare names.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.settings import Settings

OAUTH_MINUTES = 10


def session_cookie_name(settings: Settings) -> str:
    return "__Host-coslide" if settings.secure_cookies else "coslide"


def oauth_cookie_name(settings: Settings) -> str:
    return "__Host-coslide-oauth" if settings.secure_cookies else "coslide-oauth"


def session_token(connection: HTTPConnection, settings: Settings) -> str | None:
    """The session token the browser sent, if any."""
    return connection.cookies.get(session_cookie_name(settings)) or None


def set_session(response: Response, settings: Settings, token: str) -> None:
    """Put a session token on the answer."""
    _set(response, settings, session_cookie_name(settings), token, max_age_s=settings.session_days * 86_400)


def clear_session(response: Response, settings: Settings) -> None:
    """Take the session token from the browser."""
    _set(response, settings, session_cookie_name(settings), "", max_age_s=0)


def oauth_binding(connection: HTTPConnection, settings: Settings) -> str | None:
    """The value that ties this browser to the OAuth attempts it began, if any."""
    return connection.cookies.get(oauth_cookie_name(settings)) or None


def set_oauth_binding(response: Response, settings: Settings, value: str) -> None:
    _set(response, settings, oauth_cookie_name(settings), value, max_age_s=OAUTH_MINUTES * 60)


def clear_oauth_binding(response: Response, settings: Settings) -> None:
    _set(response, settings, oauth_cookie_name(settings), "", max_age_s=0)


def _set(response: Response, settings: Settings, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        name, value, max_age=max_age_s, path="/", secure=settings.secure_cookies, httponly=True, samesite="lax"
    )

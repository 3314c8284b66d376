"""Who is behind a request: sessions of browsers and API tokens of programs, each found by the hash of a random token.

A viewer found in the database is remembered for a few seconds, so that tiles and edits need no query each. Revocation
is immediate in this process and takes at most `CACHE_S` in others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from starlette.requests import HTTPConnection

from api.auth import tokens
from api.auth.cookies import session_token
from api.auth.secrets import hash_token, new_token
from api.auth.viewer import Viewer
from api.errors import NotFound
from api.models.user import Session
from api.settings import Settings

logger = logging.getLogger("coslide.auth")

CACHE_S = 10.0
CACHE_SIZE = 10_000


class ViewerCache:
    """Viewers by credential, the most recently found ones, each for `CACHE_S` seconds at most."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[Viewer, float]] = OrderedDict()
        self._waiting: set[asyncio.Event] = set()

    def get(self, credential: str) -> Viewer | None:
        viewer, until_s = self._entries.get(credential, (None, 0.0))
        if viewer is None or until_s <= time.monotonic() or has_expired(viewer):
            self._entries.pop(credential, None)
            return None
        return viewer

    def put(self, viewer: Viewer) -> None:
        self._entries[viewer.credential] = (viewer, time.monotonic() + CACHE_S)
        self._entries.move_to_end(viewer.credential)
        while len(self._entries) > CACHE_SIZE:
            self._entries.popitem(last=False)

    def forget(self, credential: str) -> None:
        """Ask the database again for this credential, and wake all who wait for an end."""
        self._entries.pop(credential, None)
        self._wake()

    def forget_user(self, user_id: UUID) -> None:
        """The same for all credentials of one person."""
        for credential in [key for key, (viewer, _) in self._entries.items() if viewer.user_id == user_id]:
            del self._entries[credential]
        self._wake()

    async def changed(self, timeout_s: float) -> None:
        """Wait until something is forgotten, at most `timeout_s`."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._waiting.discard(event)

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()


cache = ViewerCache()


def has_expired(viewer: Viewer) -> bool:
    """Whether the viewer's credential has come to its own end."""
    return viewer.expires_at is not None and viewer.expires_at <= datetime.now(UTC)


async def create(user_id: UUID, settings: Settings, *, user_agent: str = "", address: str = "") -> str:
    """Begin a session; gives the token for the cookie, which is nowhere else."""
    token = new_token()
    await Session.create(
        token_hash=hash_token(token),
        user_id=user_id,
        expires_at=datetime.now(UTC) + timedelta(days=settings.session_days),
        user_agent=user_agent[:255],
        address=address[:64],
    )
    logger.info("session begun: user %s", user_id)
    return token


async def revoke(credential: str) -> None:
    """End the session with this hash, here at once and elsewhere within `CACHE_S`. Ending it twice is no error."""
    await Session.filter(token_hash=credential).delete()
    cache.forget(credential)


async def revoke_own(user_id: UUID, credential: str) -> None:
    """End one of a person's own sessions; another's is `NotFound`."""
    if not await Session.filter(token_hash=credential, user_id=user_id).delete():
        raise NotFound("There is no such session among yours; it may have ended already.")
    cache.forget(credential)
    logger.info("session revoked: user %s", user_id)


async def revoke_all(user_id: UUID, *, keep: str | None = None) -> None:
    """End a person's sessions, all but the one with the hash `keep`."""
    sessions = Session.filter(user_id=user_id)
    await (sessions.exclude(token_hash=keep) if keep else sessions).delete()
    cache.forget_user(user_id)


async def list_sessions(user_id: UUID) -> Sequence[Session]:
    """A person's sessions that still run, newest first."""
    return await Session.filter(user_id=user_id, expires_at__gt=datetime.now(UTC)).order_by("-created_at").limit(100)


async def viewer_of(connection: HTTPConnection) -> Viewer | None:
    """Who sent a request or opened a socket: by `Authorization: Bearer` if given, else by the session cookie."""
    authorization = connection.headers.get("authorization")
    if authorization is not None:
        return await viewer_of_token(authorization)
    token = session_token(connection, connection.app.state.settings)
    return await viewer_of_credential(hash_token(token)) if token else None


async def viewer_of_token(authorization: str) -> Viewer | None:
    """Who an `Authorization` value, `Bearer coslide_…`, belongs to; None for anything else."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return await viewer_of_credential(hash_token(token.strip()), via_token=True)


async def viewer_of_credential(credential: str, *, via_token: bool = False) -> Viewer | None:
    """Who the session (or API token) with this hash belongs to, while it stands and its account is enabled."""
    viewer = cache.get(credential)
    if viewer is None or viewer.via_token != via_token:
        viewer = await (tokens.find_viewer(credential) if via_token else _find_viewer(credential))
        if viewer is not None:
            cache.put(viewer)
    return viewer


async def _find_viewer(credential: str) -> Viewer | None:
    session = await Session.get_or_none(token_hash=credential).select_related("user")
    if session is None or session.expires_at <= datetime.now(UTC) or session.user.disabled_at is not None:
        return None
    return Viewer(
        user_id=session.user_id,
        name=session.user.name,
        credential=credential,
        is_admin=session.user.is_admin,
        expires_at=session.expires_at,
    )


async def until_ended(viewer: Viewer) -> None:
    """Return when the viewer's credential has expired or been revoked: the moment to close a socket opened with it."""
    while await viewer_of_credential(viewer.credential, via_token=viewer.via_token) is not None:
        left_s = CACHE_S
        if viewer.expires_at is not None:
            left_s = min(CACHE_S, (viewer.expires_at - datetime.now(UTC)).total_seconds())
        await cache.changed(max(0.0, left_s))

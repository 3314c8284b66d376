"""Who may see a slide's pixels, remembered for a moment or signed into a grant, so that a tile needs no query."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.types import Scope

from api.auth.permissions import require_visible_slide
from api.auth.sessions import viewer_of
from api.auth.tile_grants import read_tile_grant
from api.models.project import Role
from api.models.slide import Slide
from api.slides.single_flight import SingleFlight
from api.slides.slide_source import COLUMNS, SlideSource

K = TypeVar("K")
V = TypeVar("V")

CACHE_S = 15.0
"""After a grant's `FRESH` 40 s, or the seconds for which a session is remembered: a removed member loses tiles within
60 s, wherever the request lands."""
CACHE_SIZE = 20_000

Credentials = bytes
"""A digest of all that a request may prove its sender by, exactly as it was sent."""


@dataclass(frozen=True)
class TileAccess:
    """What a request may see: the viewer's role, and where the pixels come from."""

    role: Role
    source: SlideSource


class TileGate:
    """Finds access by slide and credentials, and remembers it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[str, Credentials], tuple[TileAccess, float]] = OrderedDict()
        self._sources: OrderedDict[UUID, tuple[SlideSource, float]] = OrderedDict()
        self._finding: SingleFlight[tuple[str, Credentials], TileAccess] = SingleFlight()

    def remembered(self, slide_id: str, credentials: Credentials) -> TileAccess | None:
        """The access found a moment ago, if any. `slide_id` in lower case with hyphens."""
        entry = self._entries.get((slide_id, credentials))
        return entry[0] if entry is not None and entry[1] > self._clock() else None

    async def find(self, connection: HTTPConnection, slide_id: UUID, credentials: Credentials) -> TileAccess:
        """The access by grant, else by the database: once for all who ask with the same credentials at a time.

        Raises:
            NotSignedIn, NotFound, NotPermitted: as `require_visible_slide`.
        """
        key = str(slide_id), credentials
        return await self._finding.run(key, lambda: self._find(connection, slide_id, key))

    def clear(self) -> None:
        """Ask the database again for everything."""
        self._entries.clear()
        self._sources.clear()

    async def _find(self, connection: HTTPConnection, slide_id: UUID, key: tuple[str, Credentials]) -> TileAccess:
        sent = connection.query_params.get("grant")
        grant = read_tile_grant(connection.app.state.settings, sent, slide_id) if sent else None
        if grant is not None and grant.is_fresh:
            access = TileAccess(grant.role, await self._source(slide_id))
        else:
            viewer = await viewer_of(connection) if grant is None else grant.viewer
            found = await require_visible_slide(viewer, slide_id)
            access = TileAccess(found.role, await self._source(slide_id))
        _remember(self._entries, key, (access, self._clock() + CACHE_S))
        return access

    async def _source(self, slide_id: UUID) -> SlideSource:
        """Where the pixels are; changes only when a slide's stored file is rewritten."""
        entry = self._sources.get(slide_id)
        if entry is not None and entry[1] > self._clock():
            return entry[0]
        slide = await Slide.get(id=slide_id).only(*COLUMNS)
        source = SlideSource.of(slide)
        _remember(self._sources, slide_id, (source, self._clock() + CACHE_S))
        return source


def read_credentials(scope: Scope) -> tuple[Credentials, bytes]:
    """The request's credentials, and the value of its If-None-Match."""
    cookie = authorization = wanted = b""
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookie = value
        elif name == b"authorization":
            authorization = value
        elif name == b"if-none-match":
            wanted = value
    sent = b"\0".join((cookie, authorization, scope["query_string"]))
    return hashlib.blake2b(sent, digest_size=20).digest(), wanted


def _remember(entries: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep `value` as the newest of at most `CACHE_SIZE`."""
    entries[key] = value
    entries.move_to_end(key)
    while len(entries) > CACHE_SIZE:
        entries.popitem(last=False)

"""Who may see a slide's pixels, remembered for a moment so that a tile needs no query."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import HTTPConnection

from api.auth.permissions import require_visible_slide
from api.auth.sessions import viewer_of
from api.auth.tile_grants import viewer_of_grant
from api.auth.viewer import Viewer
from api.models.project import Role
from api.models.slide import Slide
from api.slides.pyramid import Pyramid
from api.slides.tiles import SlideSource

CACHE_S = 15.0
"""With the few seconds for which a session is remembered, a removed member loses tiles within 30 s."""
CACHE_SIZE = 20_000


@dataclass(frozen=True)
class TileAccess:
    """What a request may see: the viewer's role, and where the pixels come from."""

    role: Role
    source: SlideSource


class TileGate:
    """Finds access by slide and a digest of the credentials as they were sent, and remembers it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[UUID, bytes], tuple[TileAccess, float]] = OrderedDict()

    def remembered(self, slide_id: UUID, credentials: bytes) -> TileAccess | None:
        """The access found a moment ago, if any."""
        access, until_s = self._entries.get((slide_id, credentials), (None, 0.0))
        return access if until_s > self._clock() else None

    async def find(self, connection: HTTPConnection, slide_id: UUID, credentials: bytes) -> TileAccess:
        """Ask the database.

        Raises:
            NotSignedIn, NotFound, NotPermitted: as `require_visible_slide`.
        """
        grant = connection.query_params.get("grant")
        if grant:
            viewer: Viewer | None = viewer_of_grant(connection.app.state.settings, grant, slide_id)
        else:
            viewer = await viewer_of(connection)
        access = await _find_access(viewer, slide_id)
        self._entries[slide_id, credentials] = (access, self._clock() + CACHE_S)
        self._entries.move_to_end((slide_id, credentials))
        while len(self._entries) > CACHE_SIZE:
            self._entries.popitem(last=False)
        return access

    def clear(self) -> None:
        """Ask the database again for everything."""
        self._entries.clear()


async def _find_access(viewer: Viewer | None, slide_id: UUID) -> TileAccess:
    found = await require_visible_slide(viewer, slide_id)
    slide = await Slide.get(id=slide_id).only("sha256", "levels", "tile_size")
    return TileAccess(found.role, SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size)))

"""Tiles for viewers who were let in a moment ago, answered before middleware and routing are asked.

Everything else (viewers not yet known, addresses that don't exist) takes the ordinary way through `api.routes.tiles`,
which says the same about the same request.
"""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api.errors import NotFound, PlatformError
from api.routes.errors import platform_error
from api.routes.tile_access import TileGate, read_credentials
from api.routes.tiles import EDITION, AskerGone, answer, gate, unless_gone
from api.slides.pyramid import TileAddress
from api.slides.tiles import TileService

_TILE = re.compile(
    r"/slides/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/tiles/([0-9]{1,2})/([0-9]{1,7})_([0-9]{1,7})\.jpg"
)
_METHODS = frozenset({"GET", "HEAD"})


class TileLane(Starlette):
    """An application with the lane in front; routes, state and lifespan are Starlette's own."""

    _gate: TileGate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/slides/"):
            found = _TILE.fullmatch(scope["path"])
            if found is not None and scope["method"] in _METHODS and await self._answered(found, scope, receive, send):
                return
        await super().__call__(scope, receive, send)

    async def _answered(self, found: re.Match[str], scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether the request comes from a viewer who is known, for a tile that exists; it has been answered then."""
        slide_id, level, column, row = found.groups()
        credentials, wanted = read_credentials(scope)
        access = self._gate.remembered(slide_id, credentials)
        if access is None:
            return False
        tiles: TileService = self.state.tiles
        address = TileAddress(int(level), int(column), int(row))
        try:
            data = tiles.ready_tile(access.source, address)
        except NotFound:
            return False
        tag = f'"{access.source.sha256[:20]}-{EDITION}-{address.level}-{address.column}-{address.row}"'.encode()
        if data is None and tag not in wanted:
            try:
                data = await unless_gone(receive, tiles.tile(access.source, address))
            except AskerGone:
                return True
            except PlatformError as error:
                await (await platform_error(Request(scope), error))(scope, receive, send)
                return True
        await answer(send, scope["method"], tag, wanted, data or b"")
        return True

"""`/slides/{id}/tiles/{level}/{column}_{row}.jpg`, `/thumbnail.jpg`, `/associated/{name}.jpg`.

Plain ASGI without request and response objects: a stored tile costs little more than the `pread`. Pixels of a slide
never change, so every answer may be kept for ever by the browser that got it; permission is still asked each time.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.auth.viewer import Action, allows
from api.errors import NotFound
from api.routes.tile_access import TileAccess, TileGate, read_credentials
from api.slides.facts import PRIVATE_IMAGES
from api.slides.pyramid import TileAddress
from api.slides.tiles import TileService

EDITION = "2"
"""Part of every ETag; raise it when made tiles come out differently."""

PATIENCE_S = 0.03
_CACHE_CONTROL = (b"cache-control", b"private, max-age=31536000, immutable")
_JPEG = (b"content-type", b"image/jpeg")
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")

Header = tuple[bytes, bytes]


class ImageEndpoint(ABC):
    """Serves one kind of image of a slide to those who may see it.

    Args:
        open_to_all: whether pages of other sites may read the answers, with credentials of their own.
    """

    def __init__(self, gate: TileGate, *, open_to_all: bool = False) -> None:
        self._gate = gate
        self._extra = [_ANY_ORIGIN] if open_to_all else []

    @abstractmethod
    def name(self, scope: Scope) -> str:
        """What distinguishes the image from others of the same slide, in its ETag."""

    def check(self, access: TileAccess, scope: Scope) -> None:  # noqa: B027 (most kinds are for every viewer)
        """Raise when this viewer may see the slide but not this image."""

    @abstractmethod
    async def image(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        """The JPEG."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _send(send, 405, [(b"allow", b"GET, HEAD")])
            return
        slide_id: UUID = scope["path_params"]["slide_id"]
        credentials, wanted = read_credentials(scope)
        access = self._gate.remembered(str(slide_id), credentials)
        if access is None:
            access = await self._gate.find(HTTPConnection(scope), slide_id, credentials)
        self.check(access, scope)
        tag = f'"{access.source.sha256[:20]}-{EDITION}-{self.name(scope)}"'.encode()
        if tag in wanted:
            await answer(send, scope["method"], tag, wanted, b"", self._extra)
            return
        try:
            data = await unless_gone(receive, self.image(scope["app"].state.tiles, access, scope))
        except AskerGone:
            return
        await answer(send, scope["method"], tag, wanted, data, self._extra)


class TileEndpoint(ImageEndpoint):
    """One tile of the client's pyramid."""

    def name(self, scope: Scope) -> str:
        place = scope["path_params"]
        return f"{place['level']}-{place['column']}-{place['row']}"

    async def image(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        place = scope["path_params"]
        address = TileAddress(place["level"], place["column"], place["row"])
        return tiles.ready_tile(access.source, address) or await tiles.tile(access.source, address)


class ThumbnailEndpoint(ImageEndpoint):
    """The whole slide in at most 512 x 512 pixels."""

    def name(self, scope: Scope) -> str:
        return "thumbnail"

    async def image(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        return await tiles.pictures.thumbnail(access.source)


class AssociatedEndpoint(ImageEndpoint):
    """THUMBNAIL for every member; LABEL and MACRO, which may show a patient's name, for managers."""

    def name(self, scope: Scope) -> str:
        return str(scope["path_params"]["name"]).upper()

    def check(self, access: TileAccess, scope: Scope) -> None:
        name = self.name(scope)
        is_known = name == "THUMBNAIL" or name in PRIVATE_IMAGES
        if not is_known or (name in PRIVATE_IMAGES and not allows(access.role, Action.MANAGE)):
            raise NotFound(f"The slide has no {name[:32]} image that you may see.", code="NO_SUCH_IMAGE")

    async def image(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        return await tiles.pictures.associated(access.source, self.name(scope))


class AskerGone(Exception):
    """The client has closed the connection before its answer was ready."""


async def unless_gone(receive: Receive, making: Coroutine[None, None, bytes]) -> bytes:
    """What `making` gives; it is dropped when the client goes away first, so that others' tiles are made sooner.

    Whether the client is still there is looked at only when it takes long: most tiles are there before that.

    Raises:
        AskerGone: nobody waits for it any more.
    """
    asker = asyncio.current_task()
    assert asker is not None, "an endpoint runs in a task"

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        asker.cancel()

    watchers: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    beginning = loop.call_later(PATIENCE_S, lambda: watchers.append(loop.create_task(watch())))
    try:
        return await making
    except asyncio.CancelledError:
        if any(watcher.done() and not watcher.cancelled() for watcher in watchers) and not asker.uncancel():
            raise AskerGone from None
        raise
    finally:
        beginning.cancel()
        for watcher in watchers:
            watcher.cancel()


async def answer(send: Send, method: str, tag: bytes, wanted: bytes, data: bytes, extra: Sequence[Header] = ()) -> None:
    """Send a JPEG that never changes, or 304 to who has it."""
    if tag in wanted:
        await _send(send, 304, [_CACHE_CONTROL, (b"etag", tag), *extra])
        return
    headers = [_CACHE_CONTROL, (b"etag", tag), *extra, _JPEG, (b"content-length", b"%d" % len(data))]
    await _send(send, 200, headers, b"" if method == "HEAD" else data)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


gate = TileGate()
routes = [
    Route("/slides/{slide_id:uuid}/tiles/{level:int}/{column:int}_{row:int}.jpg", TileEndpoint(gate), name="tile"),
    Route("/slides/{slide_id:uuid}/thumbnail.jpg", ThumbnailEndpoint(gate), name="thumbnail"),
    Route("/slides/{slide_id:uuid}/associated/{name}.jpg", AssociatedEndpoint(gate), name="associated"),
]

"""For other viewers: IIIF Image API 3 at `/iiif/{id}`, Deep Zoom at `/slides/{id}.dzi`, and the colour profile.

Permission is asked as for tiles: by cookie, `Authorization` or `?grant=`. Any page may read the answers that its own
credentials open: cookies are not sent from other sites. Other viewers know nothing of a profile beside the pictures,
so a small one is put into each: its bytes are copied in, no pixel is touched.
"""

from __future__ import annotations

from abc import abstractmethod

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from api.errors import InvalidInput
from api.routes.tile_access import TileAccess, read_credentials
from api.routes.tiles import ImageEndpoint, gate
from api.slides import dzi, iiif
from api.slides.jpeg import with_profile
from api.slides.pyramid import TileAddress
from api.slides.tiles import TileService

EMBEDDED_PROFILE_BYTES = 64_000
"""A larger profile would weigh more than the pictures; it is to be had at `/slides/{id}/icc`."""
_OPEN = {"access-control-allow-origin": "*"}


async def _access(request: Request) -> TileAccess:
    slide_id = request.path_params["slide_id"]
    credentials, _ = read_credentials(request.scope)
    found = gate.remembered(str(slide_id), credentials)
    return found or await gate.find(request, slide_id, credentials)


async def iiif_info(request: Request) -> Response:
    """`GET /iiif/{id}/info.json`."""
    access = await _access(request)
    address = f"{request.app.state.settings.origin}/iiif/{request.path_params['slide_id']}"
    media_type = 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
    headers = {**_OPEN, "cache-control": "private, no-cache"}
    return JSONResponse(iiif.info(access.source.pyramid, address), headers=headers, media_type=media_type)


async def dzi_descriptor(request: Request) -> Response:
    """`GET /slides/{id}.dzi`."""
    access = await _access(request)
    headers = {**_OPEN, "cache-control": "private, no-cache"}
    return Response(dzi.descriptor(access.source.pyramid), headers=headers, media_type="application/xml")


async def colour_profile(request: Request) -> Response:
    """`GET /slides/{id}/icc`: the file's colour profile, once for all tiles; 204 when there is none."""
    access = await _access(request)
    tiles: TileService = request.app.state.tiles
    profile = await tiles.pictures.colour_profile(access.source)
    headers = {**_OPEN, "cache-control": "private, max-age=86400", "etag": f'"{access.source.sha256[:20]}-icc"'}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not profile:
        return Response(status_code=204, headers=headers)
    return Response(profile, headers=headers, media_type="application/vnd.iccprofile")


class ForeignEndpoint(ImageEndpoint):
    """A picture with the slide's colour profile inside."""

    @abstractmethod
    async def picture(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        """The JPEG without it."""

    async def image(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        data = await self.picture(tiles, access, scope)
        if not 0 < (access.source.icc_bytes or 0) <= EMBEDDED_PROFILE_BYTES:
            return data
        return with_profile(data, await tiles.pictures.colour_profile(access.source))


class DziTileEndpoint(ForeignEndpoint):
    """One tile as Deep Zoom counts them."""

    def name(self, scope: Scope) -> str:
        place = scope["path_params"]
        return f"dzi-icc-{place['level']}-{place['column']}-{place['row']}"

    async def picture(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        place = scope["path_params"]
        found = dzi.tile_of(access.source.pyramid, place["level"], place["column"], place["row"])
        if isinstance(found, TileAddress):
            return await tiles.tile(access.source, found)
        pyramid = access.source.pyramid
        return await tiles.pictures.region(access.source, (0, 0, pyramid.width, pyramid.height), found)


class IiifImageEndpoint(ForeignEndpoint):
    """A region in a size; one that is a tile is that tile."""

    def name(self, scope: Scope) -> str:
        place = scope["path_params"]
        return f"iiif-icc-{place['region']}-{place['size']}"[:80].replace('"', "")

    async def picture(self, tiles: TileService, access: TileAccess, scope: Scope) -> bytes:
        place = scope["path_params"]
        if place["rotation"] != "0" or place["quality"] not in ("default", "color"):
            raise InvalidInput(
                "Only rotation 0 and quality default or color are served. Read info.json.", code="IIIF_REQUEST"
            )
        pyramid = access.source.pyramid
        request = iiif.parse(pyramid, place["region"], place["size"])
        address = iiif.tile_of(pyramid, request)
        if address is not None:
            return await tiles.tile(access.source, address)
        area = request.x, request.y, request.width, request.height
        return await tiles.pictures.region(access.source, area, (request.out_width, request.out_height))


routes = [
    Route("/iiif/{slide_id:uuid}/info.json", iiif_info, methods=["GET"]),
    Route("/iiif/{slide_id:uuid}/{region}/{size}/{rotation}/{quality}.jpg", IiifImageEndpoint(gate, open_to_all=True)),
    Route("/slides/{slide_id:uuid}.dzi", dzi_descriptor, methods=["GET"]),
    Route(
        "/slides/{slide_id:uuid}_files/{level:int}/{column:int}_{row:int}.jpg", DziTileEndpoint(gate, open_to_all=True)
    ),
    Route("/slides/{slide_id:uuid}/icc", colour_profile, methods=["GET"]),
]

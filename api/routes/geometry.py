"""`/slides/{id}/annotations.bin`: shapes in bulk, packed as docs/wire.md says."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.annotations.index import Region
from api.annotations.query import Filter, layer_by_id, packed_file, region_of
from api.auth.permissions import require_slide
from api.auth.sessions import viewer_of
from api.auth.viewer import Action
from api.collaboration.log import current_seq
from api.errors import InvalidInput

SEQ_HEADER = "x-coslide-seq"
"""The slide's sequence before the file was read: follow from it and nothing is missed."""


async def annotations_bin(request: Request) -> Response:
    """`GET /slides/{id}/annotations.bin?region=x,y,w,h&layer=`: the living annotations and prediction polygons."""
    slide_id = request.path_params["slide_id"]
    seq = await current_seq(slide_id)  # before what the viewer sees is decided: what changes it comes after
    access = await require_slide(await viewer_of(request), slide_id, Action.VIEW)
    wanted = Filter(access, region=read_region(request), layer_id=read_uuid(request, "layer"))
    if wanted.layer_id is not None:
        await layer_by_id(access, wanted.layer_id)
    headers = {SEQ_HEADER: str(seq), "cache-control": "private, no-store"}
    return StreamingResponse(packed_file(wanted), media_type="application/octet-stream", headers=headers)


def read_region(request: Request) -> Region | None:
    """The `region=x,y,width,height` of the address.

    Raises:
        InvalidInput: it is not four numbers, or has no area.
    """
    text = request.query_params.get("region")
    if not text:
        return None
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError as exc:
        raise InvalidInput(
            f"region is “{text[:80]}”. Send region=x,y,width,height in level-0 pixels.",
            code="BAD_REGION",
            field="region",
        ) from exc
    return region_of(x, y, width, height)


def read_uuid(request: Request, name: str) -> UUID | None:
    """The identifier in the address's query under `name`.

    Raises:
        InvalidInput: it is none.
    """
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as exc:
        raise InvalidInput(f"{name} is “{text[:64]}”, which is no identifier.", code="BAD_ID", field=name) from exc


routes = [Route("/slides/{slide_id:uuid}/annotations.bin", annotations_bin, methods=["GET"])]

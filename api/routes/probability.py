"""`/slides/{id}/probability.png?region=x,y,w,h&model=`: what a model sees in a small part of a slide, at once.

The picture is RGBA as heatmap tiles are, at the model's resolution. It covers the region and, as it holds whole pixels
of the model, up to one of them more on each side: `Coslide-Origin: x,y` and `Coslide-Downsample` say where it lies.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.auth.permissions import require_slide
from api.auth.sessions import viewer_of
from api.auth.viewer import Action
from api.errors import InvalidInput
from api.models.slide import Slide
from api.predictions.at_once import AtOnce
from api.predictions.png import encode_png
from api.routes.geometry import read_region
from api.slides.storage import Storage


async def probability(request: Request) -> Response:
    """200 with the picture; 413 when the region is too large to be answered at once."""
    access = await require_slide(await viewer_of(request), request.path_params["slide_id"], Action.PREDICT)
    region = read_region(request)
    if region is None:
        raise InvalidInput("The region is missing. Send region=x,y,width,height in level-0 pixels.", field="region")
    state = request.app.state
    at_once: AtOnce = state.at_once
    storage: Storage = state.storage
    slide = await Slide.get(id=access.slide_id)
    path = await storage.fetch_slide(slide.sha256)
    model = await state.predictions.model(request.query_params.get("model"))
    seen = await at_once.look(path, model, (slide.mpp_x, slide.mpp_y), region)
    headers = {
        "cache-control": "private, no-store",
        "coslide-origin": f"{seen.x:g},{seen.y:g}",
        "coslide-downsample": f"{seen.downsample:g}",
        "coslide-model": f"{model.name} {model.version}",
        "coslide-threshold": f"{model.threshold:g}",
    }
    return Response(await asyncio.to_thread(encode_png, seen.tile), media_type="image/png", headers=headers)


routes = [Route("/slides/{slide_id:uuid}/probability.png", probability, name="probability")]

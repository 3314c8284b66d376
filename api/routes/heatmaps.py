"""`/predictions/{id}/heatmap/{level}/{column}_{row}.png?v=`: the heatmap's tiles."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.auth.sessions import viewer_of
from api.auth.viewer import Action
from api.errors import NotFound
from api.predictions.heatmap import HeatmapStore, TileKey
from api.predictions.reading import find_prediction
from api.slides.storage import Storage

_FOR_EVER = "private, max-age=31536000, immutable"


async def heatmap_tile(request: Request) -> Response:
    """200: the version asked for, fresh for ever, else the newest; 304; 404 when there is no such tile yet."""
    place = request.path_params
    prediction = await find_prediction(await viewer_of(request), place["prediction_id"], Action.VIEW)
    storage: Storage = request.app.state.storage
    store = HeatmapStore(storage.prediction_path(prediction.id))
    key = TileKey(place["level"], place["column"], place["row"])
    wanted = request.query_params.get("v", "")
    version = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else 0
    data = await asyncio.to_thread(store.read, key, version) if version else None
    cache_control = _FOR_EVER
    if data is None:
        newest = await asyncio.to_thread(store.newest, key)
        if newest is None:
            raise NotFound(
                f"The heatmap has no tile {key.column}, {key.row} on level {key.level} yet. "
                "Ask again when PredictionProgressed names it.",
                code="NO_SUCH_TILE",
            )
        version, data = newest
        cache_control = "private, no-cache"
    headers = {"cache-control": cache_control, "etag": f'"{version}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="image/png", headers=headers)


routes = [
    Route(
        "/predictions/{prediction_id:uuid}/heatmap/{level:int}/{column:int}_{row:int}.png", heatmap_tile, name="heatmap"
    )
]

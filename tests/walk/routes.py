"""Every HTTP route, and who may use it. A route that is missing here fails the walk."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from api.models.project import Role
from tests.walk.world import STRANGER, World


@dataclass(frozen=True)
class Call:
    """One request and the actor from whom on it is allowed.

    Attributes:
        only: the one actor who may, when it is not a matter of the role.
    """

    method: str
    path: Callable[[World], str]
    least: str
    headers: Callable[[World], dict[str, str]] = field(default=lambda world: {})
    body: bytes = b""
    only: str | None = None


def _metadata(world: World) -> str:
    return ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}"
        for name, value in (("filename", "new.svs"), ("projectId", str(world.project)))
    )


_POINT = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [5, 5]}}
_GEOJSON = json.dumps({"type": "FeatureCollection", "features": [_POINT]}).encode()
_TUS = {"Tus-Resumable": "1.0.0"}
_SLIDE = "/slides/{slide_id:uuid}"

CALLS: dict[str, list[Call]] = {
    f"{_SLIDE}/tiles/{{level:int}}/{{column:int}}_{{row:int}}.jpg": [
        Call("GET", lambda world: f"/slides/{world.slide}/tiles/0/0_0.jpg", Role.VIEWER),
        Call("GET", lambda world: f"/slides/{world.slide_in_bin}/tiles/0/0_0.jpg", Role.MANAGER),
    ],
    f"{_SLIDE}/icc": [Call("GET", lambda world: f"/slides/{world.slide}/icc", Role.VIEWER)],
    f"{_SLIDE}.dzi": [Call("GET", lambda world: f"/slides/{world.slide}.dzi", Role.VIEWER)],
    f"{_SLIDE}_files/{{level:int}}/{{column:int}}_{{row:int}}.jpg": [
        Call("GET", lambda world: f"/slides/{world.slide}_files/12/0_0.jpg", Role.VIEWER),
        Call("GET", lambda world: f"/slides/{world.slide_in_bin}_files/12/0_0.jpg", Role.MANAGER),
    ],
    "/iiif/{slide_id:uuid}/info.json": [Call("GET", lambda world: f"/iiif/{world.slide}/info.json", Role.VIEWER)],
    "/iiif/{slide_id:uuid}/{region}/{size}/{rotation}/{quality}.jpg": [
        Call("GET", lambda world: f"/iiif/{world.slide}/full/200,/0/default.jpg", Role.VIEWER)
    ],
    f"{_SLIDE}/thumbnail.jpg": [Call("GET", lambda world: f"/slides/{world.slide}/thumbnail.jpg", Role.VIEWER)],
    f"{_SLIDE}/associated/{{name}}.jpg": [
        Call("GET", lambda world: f"/slides/{world.slide}/associated/thumbnail.jpg", Role.VIEWER),
        Call("GET", lambda world: f"/slides/{world.slide}/associated/label.jpg", Role.MANAGER),
        Call("GET", lambda world: f"/slides/{world.slide}/associated/macro.jpg", Role.MANAGER),
    ],
    f"{_SLIDE}/file": [
        # The slide has a label, which is for managers.
        Call("GET", lambda world: f"/slides/{world.slide}/file", Role.MANAGER),
    ],
    f"{_SLIDE}/annotations.bin": [
        Call("GET", lambda world: f"/slides/{world.slide}/annotations.bin?region=0,0,100,100", Role.VIEWER)
    ],
    f"{_SLIDE}/export/{{format:str}}": [
        Call("GET", lambda world, kind=kind: f"/slides/{world.slide}/export/{kind}", Role.VIEWER)  # type: ignore[misc]
        for kind in ("geojson", "asap", "imagescope", "coco", "csv", "mask")
    ],
    f"{_SLIDE}/import": [
        Call("POST", lambda world: f"/slides/{world.slide}/import", Role.ANNOTATOR, body=_GEOJSON),
    ],
    "/predictions/{prediction_id:uuid}/heatmap/{level:int}/{column:int}_{row:int}.png": [
        Call("GET", lambda world: f"/predictions/{world.prediction}/heatmap/0/0_0.png?v=1", Role.VIEWER)
    ],
    "/uploads": [
        Call(
            "POST",
            lambda world: "/uploads",
            Role.MANAGER,
            headers=lambda world: {**_TUS, "Upload-Length": "10", "Upload-Metadata": _metadata(world)},
        ),
        Call("OPTIONS", lambda world: "/uploads", STRANGER),
    ],
    "/uploads/{upload_id:uuid}": [
        Call("OPTIONS", lambda world: f"/uploads/{world.upload}", STRANGER),
        Call(
            "HEAD",
            lambda world: f"/uploads/{world.upload}",
            Role.MANAGER,
            headers=lambda world: _TUS,
            only=Role.MANAGER,
        ),
        Call(
            "PATCH",
            lambda world: f"/uploads/{world.upload}",
            Role.MANAGER,
            headers=lambda world: {**_TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
            body=b"12345",
            only=Role.MANAGER,
        ),
        Call(
            "DELETE",
            lambda world: f"/uploads/{world.upload}",
            Role.MANAGER,
            headers=lambda world: _TUS,
            only=Role.MANAGER,
        ),
    ],
}

OPEN = {
    "/auth/register",
    "/auth/login",
    "/auth/logout",
    "/auth/link",
    "/auth/oauth/{provider}/start",
    "/auth/oauth/{provider}/callback",
    "/healthz",
    "/readyz",
    "/metrics",
    "/assets",
    "/",
    "/sign-in",
    "/settings",
    "/p/{project_id}",
    "/s/{slide_id}",
}
"""For everyone: signing in, health, and the client's page, which holds no data."""

ELSEWHERE = {"/graphql", f"{_SLIDE}/probability.png"}
"""GraphQL is walked field by field; the other needs a model server, and tests/workers/test_at_once.py asks it."""

"""`/slides/{id}/file`: the slide's file as it was uploaded, with ranges; with a label inside, for managers alone."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from api.auth import audit
from api.auth.permissions import require_slide
from api.auth.sessions import viewer_of
from api.auth.viewer import Action, allows
from api.errors import NotPermitted
from api.models.audit import AuditKind
from api.models.slide import Slide
from api.slides.names import content_disposition
from api.slides.privacy import has_private_images
from api.slides.storage import Storage


async def download(request: Request) -> Response:
    """`GET|HEAD /slides/{id}/file`: 200, 206 for ranges, 304 with the same ETag."""
    viewer = await viewer_of(request)
    access = await require_slide(viewer, request.path_params["slide_id"], Action.VIEW)
    slide = await Slide.get(id=access.slide_id)
    if has_private_images(slide) and not allows(access.role, Action.MANAGE):
        raise NotPermitted(
            "This file holds the slide's label or macro image, which may show a patient's name. Ask a manager of the "
            "project to remove them, or to give you the file.",
            code="FILE_HAS_LABEL",
        )
    storage: Storage = request.app.state.storage
    tag = f'"{slide.sha256}"'
    headers = {
        "etag": tag,
        "cache-control": "private, no-cache",
        "content-disposition": content_disposition(slide.filename),
        # A file with script in it must never be shown as a page of ours.
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    await storage.fetch_slide(slide.sha256)
    if request.method == "GET" and request.headers.get("range", "bytes=0-").startswith("bytes=0-"):  # once a download
        await audit.record_slide(AuditKind.SLIDE_FILE_EXPORTED, viewer, access, slide.name)
    return FileResponse(storage.original_path(slide.sha256), headers=headers, media_type="application/octet-stream")


routes = [Route("/slides/{slide_id:uuid}/file", download, methods=["GET"])]

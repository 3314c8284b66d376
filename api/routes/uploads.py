"""tus 1.0 at `/uploads`: creation, termination, expiration, checksum. Metadata: `filename`, `projectId`; `group`
and `groupSize` for the files of one slide.

The answer to the PATCH with the last byte comes after the file was checked: 204 with `Coslide-Slide: <id>`, or 422 with
the reason of the refusal.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import format_datetime
from functools import wraps
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api.auth.origin import check_origin
from api.auth.permissions import require_project, require_viewer
from api.auth.sessions import viewer_of
from api.auth.viewer import Action, Viewer
from api.errors import InvalidInput, PlatformError
from api.models.slide import Upload, UploadStatus
from api.routes.errors import platform_error
from api.slides.archive import MAX_FILES
from api.slides.checksum import ALGORITHMS, Checksum
from api.slides.upload_groups import UploadGroup
from api.slides.uploads import Uploads

TUS_VERSION = "1.0.0"
MAX_METADATA_BYTES = 8192
CONTENT_TYPE = "application/offset+octet-stream"

Handler = Callable[[Request], Awaitable[Response]]


class WrongProtocol(PlatformError):
    """The request is not tus 1.0."""

    status = 412
    default_code = "TUS_VERSION"


class WrongContentType(PlatformError):
    """The body of a PATCH is not announced as the protocol says."""

    status = 415
    default_code = "TUS_CONTENT_TYPE"


def tus(handler: Handler) -> Handler:
    """Check the protocol version and the origin, and put the protocol's headers on every answer, errors included."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            if request.headers.get("tus-resumable") != TUS_VERSION:
                raise WrongProtocol(f"Uploads speak tus {TUS_VERSION}. Send the header Tus-Resumable: {TUS_VERSION}.")
            if request.method != "HEAD":
                check_origin(request)
            response = await handler(request)
        except PlatformError as error:
            response = await platform_error(request, error)
        response.headers["tus-resumable"] = TUS_VERSION
        response.headers["tus-version"] = TUS_VERSION
        response.headers["cache-control"] = "no-store"
        return response

    return answer


async def options(request: Request) -> Response:
    """`OPTIONS`: what the server can do."""
    return Response(
        status_code=204,
        headers={
            "tus-resumable": TUS_VERSION,
            "tus-version": TUS_VERSION,
            "tus-extension": "creation,termination,expiration,checksum",
            "tus-checksum-algorithm": ",".join(ALGORITHMS),
            "tus-max-size": str(_uploads(request).max_bytes),
        },
    )


@tus
async def create(request: Request) -> Response:
    """`POST /uploads`: begin an upload; 201 with its `Location`."""
    viewer = require_viewer(await viewer_of(request))
    metadata = parse_metadata(request.headers.get("upload-metadata", ""))
    project_id = _project_id(metadata.get("projectId", ""))
    await require_project(viewer, project_id, Action.UPLOAD)
    upload = await _uploads(request).create(
        user_id=viewer.user_id,
        project_id=project_id,
        filename=metadata.get("filename", ""),
        length=_positive(request, "upload-length", least=1),
        group=_group(metadata),
    )
    headers = _describe(upload) | {"location": f"/uploads/{upload.id}"}
    return Response(status_code=201, headers=headers)


@tus
async def head(request: Request) -> Response:
    """`HEAD /uploads/{id}`: how many bytes are safe. Finishes a check that a restart interrupted."""
    _, upload = await _own_upload(request)
    return Response(headers=_describe(await _uploads(request).settle(upload)))


@tus
async def patch(request: Request) -> Response:
    """`PATCH /uploads/{id}`: bytes from `Upload-Offset` on; 204 with the new offset."""
    if request.headers.get("content-type") != CONTENT_TYPE:
        raise WrongContentType(f"Send the bytes with Content-Type: {CONTENT_TYPE}.")
    viewer, upload = await _own_upload(request)
    await require_project(viewer, upload.project_id, Action.UPLOAD)
    offset = _positive(request, "upload-offset", least=0)
    checksum = request.headers.get("upload-checksum")
    expected = Checksum.parse(checksum) if checksum is not None else None
    try:
        upload = await _uploads(request).append(upload, offset, request.stream(), expected)
    except ClientDisconnect:
        # Nobody hears this answer; what arrived is kept and counted.
        return Response(status_code=499)
    return Response(status_code=204, headers=_describe(upload))


@tus
async def delete(request: Request) -> Response:
    """`DELETE /uploads/{id}`: end an upload and remove what arrived."""
    _, upload = await _own_upload(request)
    await _uploads(request).discard(upload)
    return Response(status_code=204)


def parse_metadata(header: str) -> dict[str, str]:
    """The pairs of an `Upload-Metadata` header: `key base64(value), …`.

    Raises:
        InvalidInput: code `TUS_METADATA`.
    """
    metadata: dict[str, str] = {}
    try:
        if len(header) > MAX_METADATA_BYTES:
            raise ValueError(f"it has {len(header)} bytes")
        for pair in filter(None, (part.strip() for part in header.split(","))):
            key, _, value = pair.partition(" ")
            metadata[key] = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(
            f"Upload-Metadata can't be read ({error}). Send `filename` and `projectId`, each with its value in base64.",
            code="TUS_METADATA",
            field="Upload-Metadata",
        ) from error
    return metadata


async def _own_upload(request: Request) -> tuple[Viewer, Upload]:
    viewer = require_viewer(await viewer_of(request))
    return viewer, await _uploads(request).find(request.path_params["upload_id"], viewer.user_id)


def _uploads(request: Request) -> Uploads:
    uploads: Uploads = request.app.state.uploads
    return uploads


def _describe(upload: Upload) -> dict[str, str]:
    """The headers that say where an upload stands."""
    headers = {"upload-offset": str(upload.offset), "upload-length": str(upload.length)}
    if upload.status is UploadStatus.RECEIVING:
        headers["upload-expires"] = format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
    if upload.slide_id is not None:
        headers["coslide-slide"] = str(upload.slide_id)
    return headers


def _positive(request: Request, header: str, *, least: int) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 16) or int(value) < least:
        raise InvalidInput(
            f"{header} is '{value[:32]}'; send the number of bytes, at least {least}.",
            code="SLIDE_EMPTY" if value == "0" else "TUS_HEADER",
            field=header,
        )
    return int(value)


def _group(metadata: dict[str, str]) -> UploadGroup | None:
    """The group an upload belongs to, if any: `group`, an identifier made by the client, and `groupSize`."""
    if "group" not in metadata:
        return None
    size = metadata.get("groupSize", "")
    try:
        group_id = UUID(metadata["group"])
        if not (size.isascii() and size.isdecimal() and 1 <= int(size) <= MAX_FILES):
            raise ValueError(f"groupSize is '{size[:16]}'")
    except ValueError as error:
        raise InvalidInput(
            f"The group of this file can't be read ({error}). Send `group`, one UUID for all files of the slide, and "
            f"`groupSize`, how many there are, at most {MAX_FILES}.",
            code="TUS_METADATA",
            field="Upload-Metadata",
        ) from error
    return UploadGroup(group_id, int(size))


def _project_id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as error:
        raise InvalidInput(
            f"projectId in Upload-Metadata is '{value[:64]}', which is not an identifier. Send the project's id.",
            code="BAD_ID",
            field="projectId",
        ) from error


routes = [
    Route("/uploads", create, methods=["POST"]),
    Route("/uploads", options, methods=["OPTIONS"]),
    Route("/uploads/{upload_id:uuid}", options, methods=["OPTIONS"]),
    Route("/uploads/{upload_id:uuid}", head, methods=["HEAD"]),
    Route("/uploads/{upload_id:uuid}", patch, methods=["PATCH"]),
    Route("/uploads/{upload_id:uuid}", delete, methods=["DELETE"]),
]

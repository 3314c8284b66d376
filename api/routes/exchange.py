"""`/slides/{id}/export/{format}` and `/slides/{id}/import`: annotations as files of other programs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import PurePath
from uuid import UUID, uuid4

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from api.annotations.edit import import_annotations
from api.annotations.ops import Create
from api.annotations.rows import Shape
from api.auth import audit
from api.auth.origin import check_origin
from api.auth.permissions import SlideAccess, require_slide, require_viewer
from api.auth.sessions import viewer_of
from api.auth.viewer import Action
from api.collaboration.channel import announce
from api.collaboration.log import Origin
from api.errors import InvalidInput, TooLarge
from api.exchange import asap, geojson, imagescope, masks
from api.exchange.asap import AsapWriter
from api.exchange.coco import CocoWriter
from api.exchange.csv import CsvWriter
from api.exchange.feature import MAX_REPORTED, Feature, FileUnreadable, Parsed, SlideFacts, Writer
from api.exchange.geojson import GeoJsonWriter
from api.exchange.imagescope import ImageScopeWriter
from api.models.annotation import ReviewState
from api.models.audit import AuditKind
from api.models.ontology import Term
from api.routes.export_features import batches_of, slide_facts
from api.routes.geometry import read_uuid
from api.slides.names import content_disposition

MAX_IMPORT_BYTES = 64 * 1024 * 1024
IMPORT_TIMEOUT_S = 120
MAX_MASK_FEATURES = 500_000

logger = logging.getLogger("coslide.exchange")

_WRITERS: dict[str, tuple[Callable[[SlideFacts], Writer], str, str]] = {
    "geojson": (lambda slide: GeoJsonWriter(), "geojson", "application/geo+json"),
    "asap": (lambda slide: AsapWriter(), "xml", "application/xml"),
    "imagescope": (ImageScopeWriter, "xml", "application/xml"),
    "coco": (CocoWriter, "json", "application/json"),
    "csv": (CsvWriter, "csv", "text/csv; charset=utf-8"),
}
_EXTENSIONS = {".geojson": "geojson", ".json": "geojson", ".xml": "xml"}


async def export(request: Request) -> Response:
    """`GET /slides/{id}/export/{format}?layer=&term=&below=&review=`: annotations and prediction polygons as a file.

    `below=1` takes the terms below `term` too; `review` holds states of review, joined by commas.
    """
    viewer = await viewer_of(request)
    access = await require_slide(viewer, request.path_params["slide_id"], Action.VIEW)
    kind, settings = request.path_params["format"], request.app.state.settings
    slide = await slide_facts(access.slide_id)
    layer_id, term_id = read_uuid(request, "layer"), read_uuid(request, "term")
    batches = await batches_of(
        access,
        layer_id,
        (term_id, request.query_params.get("below") == "1"),
        _read_review(request),
        settings.model_repository,
    )
    formats = (*_WRITERS, "mask")
    if kind not in formats:
        raise InvalidInput(f"There is no format “{kind[:32]}”. Ask for one of {', '.join(formats)}.", code="BAD_FORMAT")
    details = {"format": kind, "query": request.url.query[:256]}
    await audit.record_slide(AuditKind.ANNOTATIONS_EXPORTED, viewer, access, slide.name, details)
    name = PurePath(slide.name).stem or "slide"
    if kind == "mask":
        data, extension, media_type = await _mask(request, slide, batches)
        headers = _headers(f"{name}-mask.{extension}")
        return Response(data, media_type=media_type, headers=headers)
    make, extension, media_type = _WRITERS[kind]
    logger.info("export: slide %s as %s by %s", access.slide_id, kind, request.client.host if request.client else "?")
    return StreamingResponse(
        _written(make(slide), batches), media_type=media_type, headers=_headers(f"{name}-{kind}.{extension}")
    )


async def import_file(request: Request) -> Response:
    """`POST /slides/{id}/import`: the body is the file; `?format=` or the name in `?filename=` may say which kind.

    Answers `{"layerId", "seq", "imported", "repairs", "repaired": [{"index", "code", "message"}]}`; `repaired` lists
    the first hundred of `repairs`.
    """
    check_origin(HTTPConnection(request.scope))
    viewer = require_viewer(await viewer_of(request))
    access = await require_slide(viewer, request.path_params["slide_id"], Action.ANNOTATE)
    filename = request.query_params.get("filename", "")
    data = await _read_body(request)
    parsed = await asyncio.to_thread(_parse, data, request.query_params.get("format"), filename)
    drawn, notes = await _drawn(access, parsed)
    origin = Origin(viewer.user_id, f"import:{uuid4().hex}", uuid4().hex)
    layer, seq = await import_annotations(access, origin, drawn, name=PurePath(filename).name or "Import")
    await announce(request.app.state.channel, access.slide_id, seq)
    shown = [{"index": one.index, "code": one.code, "message": one.message} for one in parsed.repairs[:MAX_REPORTED]]
    answer = {
        "layerId": str(layer.id),
        "seq": seq,
        "imported": len(drawn),
        "repairs": len(parsed.repairs) + len(notes),
        "repaired": [*notes, *shown],
    }
    return JSONResponse(answer, status_code=201)


def _read_review(request: Request) -> frozenset[ReviewState] | None:
    text = request.query_params.get("review")
    if not text:
        return None
    try:
        return frozenset(ReviewState(state) for state in text.split(","))
    except ValueError as exc:
        states = ", ".join(ReviewState)
        raise InvalidInput(
            f"review is “{text[:64]}”. Give some of {states}, joined by commas.", field="review"
        ) from exc


async def _written(writer: Writer, batches: AsyncIterator[list[Feature]]) -> AsyncIterator[bytes]:
    def add_all(features: list[Feature]) -> bytes:
        return b"".join(map(writer.add, features))

    yield writer.start()
    async for batch in batches:
        yield await asyncio.to_thread(add_all, batch)
    yield await asyncio.to_thread(writer.end)


async def _mask(request: Request, slide: SlideFacts, batches: AsyncIterator[list[Feature]]) -> tuple[bytes, str, str]:
    """The mask's bytes, extension and media type; `?downsample=` and `?type=png` may be given."""
    text = request.query_params.get("downsample")
    try:
        downsample = float(text) if text else masks.default_downsample(slide)
    except ValueError as exc:
        raise InvalidInput(f"downsample is “{text}”, which is no number.", field="downsample") from exc
    features: list[Feature] = []
    async for batch in batches:
        features += batch
        if len(features) > MAX_MASK_FEATURES:
            raise TooLarge(
                f"There are more than {MAX_MASK_FEATURES} objects. Export one layer at a time with ?layer=.",
                code="LAYER_TOO_LARGE",
            )
    mask = await asyncio.to_thread(masks.paint, features, slide, downsample)
    if request.query_params.get("type") == "png":
        return await asyncio.to_thread(masks.to_png, mask), "png", "image/png"
    return await asyncio.to_thread(masks.to_tiff, mask), "tiff", "image/tiff"


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(IMPORT_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_IMPORT_BYTES:
                    raise TooLarge(
                        f"The file is over {MAX_IMPORT_BYTES} bytes. Divide it into several files.",
                        code="BODY_TOO_LARGE",
                        params={"limit": MAX_IMPORT_BYTES},
                    )
    except TimeoutError as exc:
        raise InvalidInput(f"The file did not arrive within {IMPORT_TIMEOUT_S} s.", code="BODY_SLOW") from exc
    return bytes(body)


def _parse(data: bytes, said: str | None, filename: str) -> Parsed:
    """The file's features; what it is follows from `said`, its name's ending, or its first bytes."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = said or _EXTENSIONS.get(PurePath(filename).suffix.lower())
    if kind not in ("geojson", "asap", "imagescope"):
        is_xml = kind == "xml" or head.startswith(b"<")
        kind = ("asap" if b"<ASAP_Annotations" in head else "imagescope") if is_xml else "geojson"
    if not head:
        raise FileUnreadable("The file is empty. Send GeoJSON, ASAP XML or ImageScope XML.")
    return {"geojson": geojson.parse, "asap": asap.parse, "imagescope": imagescope.parse}[kind](data)


async def _drawn(access: SlideAccess, parsed: Parsed) -> tuple[list[Create], list[dict[str, object]]]:
    """The features as new annotations; a term that the project does not have is kept as an attribute and reported."""
    terms = await Term.filter(project_id=access.project_id, deleted_at__isnull=True).values("id", "name")
    known: dict[str, UUID] = {term["name"].casefold(): term["id"] for term in terms}
    drawn: list[Create] = []
    unknown: dict[str, int] = {}
    shapes = await asyncio.to_thread(lambda: [Shape.of(feature.geometry) for feature in parsed.features])
    for feature, shape in zip(parsed.features, shapes, strict=True):
        attributes = dict(feature.attributes)
        # The nearest term that the project has: the shape's own, else the one above it in the file's tree.
        names = [name for name in (feature.term, *reversed(feature.term_path)) if name]
        term_id = next((known[name.casefold()] for name in names if name.casefold() in known), None)
        if feature.term and feature.term.casefold() not in known:
            attributes["classification"] = feature.term
            unknown[feature.term] = unknown.get(feature.term, 0) + 1
        drawn.append(Create(uuid4(), shape, term_id, attributes, feature.note))
    notes: list[dict[str, object]] = [
        {
            "index": -1,
            "code": "UNKNOWN_TERM",
            "message": f"The project has no term “{name}”; {count} object(s) keep it as the attribute classification.",
        }
        for name, count in unknown.items()
    ]
    return drawn, notes


def _headers(filename: str) -> dict[str, str]:
    return {
        "content-disposition": content_disposition(filename),
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }


routes = [
    Route("/slides/{slide_id:uuid}/export/{format:str}", export, methods=["GET"]),
    Route("/slides/{slide_id:uuid}/import", import_file, methods=["POST"]),
]

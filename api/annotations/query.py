"""Reading annotations, layers and chunks: pages, regions, packed files. Callers have passed the permission check.

What the viewer does not see of a blind project is left out here (`api.annotations.sight`).

A region is answered from the quadtree's key ranges and then by bounds; pages are keyset pages over (cell, id).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.queryset import QuerySet

from api.annotations.chunks import MAGIC, frame, live_chunk
from api.annotations.index import Region, ranges_of
from api.annotations.rows import COLUMNS, AnnotationRow, LayerRow
from api.annotations.sight import seen, sees
from api.auth.permissions import SlideAccess, require_slide, require_viewer
from api.auth.viewer import Action, Viewer
from api.errors import InvalidInput, NotFound
from api.models.annotation import Annotation, AnnotationChunk, Layer, ReviewState
from api.models.paging import Page, bounded_first, decode_cursor, encode_cursor

ORDER = ("cell", "id")
CHUNK_BATCH = 32
LIVE_BATCH = 2000


@dataclass(frozen=True)
class Filter:
    """Which annotations of a slide are wanted, of those that the viewer sees; None does not restrict."""

    access: SlideAccess
    region: Region | None = None
    layer_id: UUID | None = None
    term_ids: frozenset[UUID] | None = None
    review: frozenset[ReviewState] | None = None

    def annotations(self) -> QuerySet[Annotation]:
        """The living annotations that match."""
        query = Annotation.filter(seen(self.access.only_own), slide_id=self.access.slide_id, deleted_at__isnull=True)
        if self.layer_id is not None:
            query = query.filter(layer_id=self.layer_id)
        if self.term_ids is not None:
            query = query.filter(term_id__in=sorted(self.term_ids))
        if self.review is not None:
            query = query.filter(review_state__in=sorted(self.review))
        if self.region is not None:
            cells = Q(*(Q(cell__gte=low, cell__lte=high) for low, high in ranges_of(self.region)), join_type="OR")
            query = query.filter(cells, _touching(self.region))
        return query


def region_of(x: float, y: float, width: float, height: float) -> Region:
    """The region with this top-left corner and size.

    Raises:
        InvalidInput: a number is not finite or a side is not positive.
    """
    region = Region(x, y, x + width, y + height)
    if not (abs(x) < 1e9 and abs(y) < 1e9 and 0 < width < 1e9 and 0 < height < 1e9):
        raise InvalidInput(
            f"The region {x},{y},{width},{height} is not x,y,width,height in level-0 pixels with a positive size.",
            code="BAD_REGION",
            field="region",
        )
    return region


async def page_of(wanted: Filter, first: int, after: str | None) -> Page[AnnotationRow]:
    """One page of annotations, ordered by place and id."""
    limit = bounded_first(first)
    query = wanted.annotations()
    if after is not None:
        cell, last_id = decode_cursor(ORDER, after)
        try:
            query = query.filter(Q(cell__gt=int(cell)) | Q(cell=int(cell), id__gt=UUID(last_id)))
        except ValueError as exc:
            raise InvalidInput("after is not a cursor of this list. Pass endCursor.", code="BAD_CURSOR") from exc
    values = await query.order_by(*ORDER).limit(limit + 1).values(*COLUMNS, "cell")
    rows = [AnnotationRow.from_columns(value) for value in values[:limit]]
    end = encode_cursor(ORDER, [values[len(rows) - 1][key] for key in ORDER]) if rows else None
    return Page(rows=rows, has_next_page=len(values) > limit, end_cursor=end)


async def all_of(wanted: Filter) -> AsyncIterator[AnnotationRow]:
    """Every annotation that matches, read in batches."""
    after: str | None = None
    while True:
        page = await page_of(wanted, 500, after)
        for row in page.rows:
            yield row
        if not page.has_next_page:
            return
        after = page.end_cursor


async def permitted_annotation(viewer: Viewer | None, annotation_id: UUID) -> AnnotationRow:
    """The annotation, a tombstone too, for who may see it.

    Raises:
        NotSignedIn, NotFound, NotPermitted.
    """
    require_viewer(viewer)
    missing = NotFound(f"There is no annotation {annotation_id}, or you are not a member of its project.")
    row = await annotation_by_id(annotation_id)
    if row is None:
        raise missing
    try:
        access = await require_slide(viewer, row.slide_id, Action.VIEW)
        if access.only_own is not None:
            await layer_by_id(access, row.layer_id)
    except NotFound:
        raise missing from None
    return row


async def annotation_by_id(annotation_id: UUID) -> AnnotationRow | None:
    """The annotation, a tombstone too; None when there never was one."""
    values = await Annotation.filter(id=annotation_id).values(*COLUMNS)
    return AnnotationRow.from_columns(values[0]) if values else None


async def layers_of(slide_ids: Sequence[UUID]) -> list[LayerRow]:
    """All layers of these slides, oldest first, whoever looks."""
    layers = await Layer.filter(slide_id__in=slide_ids, deleted_at__isnull=True).order_by("created_at", "id")
    return [LayerRow.from_model(layer) for layer in layers]


async def layer_by_id(access: SlideAccess, layer_id: UUID) -> LayerRow:
    """A layer of the slide that the viewer sees.

    Raises:
        NotFound: there is none with that id here.
    """
    layer = await Layer.get_or_none(id=layer_id, slide_id=access.slide_id, deleted_at__isnull=True)
    row = LayerRow.from_model(layer) if layer else None
    if row is None or not sees(access.only_own, row):
        raise NotFound(f"There is no layer {layer_id} on this slide.", code="LAYER_NOT_FOUND", field="layerId")
    return row


async def counts_by_layer(layer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many objects each layer holds: living annotations, and polygons of prediction chunks."""
    live = Annotation.filter(layer_id__in=layer_ids, deleted_at__isnull=True)
    counts: dict[UUID, int] = dict(
        await live.annotate(count=Count("id")).group_by("layer_id").values_list("layer_id", "count")
    )
    for layer_id, count in await AnnotationChunk.filter(layer_id__in=layer_ids).values_list("layer_id", "count"):
        counts[layer_id] = counts.get(layer_id, 0) + count
    return counts


async def prediction_chunks(wanted: Filter) -> AsyncIterator[bytes]:
    """The stored chunks of prediction layers that touch the region."""
    query = AnnotationChunk.filter(slide_id=wanted.access.slide_id, layer__deleted_at__isnull=True)
    if wanted.layer_id is not None:
        query = query.filter(layer_id=wanted.layer_id)
    if wanted.region is not None:
        query = query.filter(_touching(wanted.region))
    ids = await query.order_by("row", "column", "id").values_list("id", flat=True)
    for start in range(0, len(ids), CHUNK_BATCH):
        found = await AnnotationChunk.filter(id__in=ids[start : start + CHUNK_BATCH]).order_by("row", "column", "id")
        for chunk in found:
            yield bytes(chunk.data)


async def packed_file(wanted: Filter) -> AsyncIterator[bytes]:
    """The parts of a packed file (docs/wire.md): live annotations, then prediction chunks."""
    yield MAGIC
    last: UUID | None = None
    while True:
        query = wanted.annotations()
        if last is not None:
            query = query.filter(id__gt=last)
        rows = await query.order_by("id").limit(LIVE_BATCH).values_list("id", "geometry")
        if rows:
            yield frame(live_chunk((annotation_id, bytes(packed)) for annotation_id, packed in rows))
            last = rows[-1][0]
        if len(rows) < LIVE_BATCH:
            break
    if wanted.term_ids is None:
        async for chunk in prediction_chunks(wanted):
            yield frame(chunk)


def _touching(region: Region) -> Q:
    return Q(min_x__lte=region.max_x, max_x__gte=region.min_x, min_y__lte=region.max_y, max_y__gte=region.min_y)

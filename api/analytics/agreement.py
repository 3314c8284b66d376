"""How far two layers agree: Dice, intersection over union, and Cohen's kappa, by exact areas.

Each layer is the union of its areas within the slide, so objects that overlap count once. Kappa (Cohen 1960) treats
every point of the slide as rated in or out by both layers; no raster is needed, because areas are all it asks for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import shapely

from api.annotations.chunks import unpack_prediction
from api.annotations.geometry import AREAL, shapely_of
from api.annotations.query import Filter, all_of, layer_by_id, prediction_chunks
from api.auth.permissions import SlideAccess
from api.errors import TooLarge
from api.models.annotation import ReviewState
from api.models.slide import Slide

MAX_VERTICES = 2_000_000
"""Of one layer: more would keep a thread busy for minutes."""


@dataclass(frozen=True)
class Agreement:
    """1 is perfect. `kappa` is None when chance alone explains everything, such as two empty layers."""

    dice: float
    iou: float
    kappa: float | None


async def agreement_of(
    access: SlideAccess,
    layer_a: UUID,
    layer_b: UUID,
    term_id: UUID | None,
    review: Collection[ReviewState] | None = None,
) -> Agreement:
    """The agreement of two layers that the viewer sees.

    Args:
        term_id: compare only annotations with this term; polygons of predictions always take part.
        review: compare only annotations in these states; None for all.

    Raises:
        NotFound: no such layer on the slide.
        TooLarge: a layer has too many points.
    """
    width, height = await Slide.get(id=access.slide_id).values_list("width", "height")
    states = frozenset(review) if review is not None else None
    shapes = [
        await _shapes_of(
            layer_id,
            Filter(access, None, layer_id, None if term_id is None else frozenset({term_id}), states),
        )
        for layer_id in (layer_a, layer_b)
    ]
    return await asyncio.to_thread(compare, shapes[0], shapes[1], (width, height))


def compare(
    first: Sequence[shapely.Geometry], second: Sequence[shapely.Geometry], slide_size: tuple[int, int]
) -> Agreement:
    """The agreement of two sets of areas on a slide of (width, height) level-0 pixels. Pure."""
    slide = shapely.box(0, 0, *slide_size)
    a, b = (shapely.intersection(shapely.union_all(shapely.make_valid(list(side))), slide) for side in (first, second))
    area_a, area_b, both = a.area, b.area, shapely.intersection(a, b).area
    either, whole = area_a + area_b - both, slide.area
    if not either:
        return Agreement(1.0, 1.0, None)
    observed = (both + whole - either) / whole
    p_a, p_b = area_a / whole, area_b / whole
    by_chance = p_a * p_b + (1 - p_a) * (1 - p_b)
    kappa = (observed - by_chance) / (1 - by_chance) if by_chance < 1 else None
    return Agreement(2 * both / (area_a + area_b), both / either, kappa)


async def _shapes_of(layer_id: UUID, wanted: Filter) -> list[shapely.Geometry]:
    await layer_by_id(wanted.access, layer_id)
    shapes: list[shapely.Geometry] = []
    vertices = 0
    async for row in all_of(wanted):
        if row.shape.kind in AREAL:
            geometry = row.shape.geometry
            vertices += geometry.vertex_count
            shapes.append(shapely_of(geometry))
        _refuse_above(vertices, layer_id)
    async for chunk in prediction_chunks(Filter(wanted.access, layer_id=layer_id)):
        for item in await asyncio.to_thread(unpack_prediction, chunk):
            vertices += item.geometry.vertex_count
            shapes.append(shapely_of(item.geometry))
        _refuse_above(vertices, layer_id)
    return shapes


def _refuse_above(vertices: int, layer_id: UUID) -> None:
    if vertices > MAX_VERTICES:
        raise TooLarge(
            f"Layer {layer_id} has more than {MAX_VERTICES} points. Compare smaller ones, or export both.",
            code="LAYER_TOO_LARGE",
            params={"limit": MAX_VERTICES, "actual": vertices},
        )

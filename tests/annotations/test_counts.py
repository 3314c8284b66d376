"""Outlines counted by class and place without reading them."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import shapely

from api.annotations import counts
from api.annotations.chunks import CHUNK_SIDE_PX
from api.annotations.codec import PackedObject
from api.annotations.counts import Overview, SquareCount, overview_of
from api.annotations.edit import publish_prediction_layer
from api.models.annotation import AnnotationChunk
from tests.factories import make_slide_row


def outline(column: int, row: int, class_index: int) -> PackedObject:
    x, y = (column + 0.5) * CHUNK_SIDE_PX, (row + 0.5) * CHUNK_SIDE_PX
    return PackedObject.predicted(shapely.box(x, y, x + 10, y + 10), class_index, 0.8)


async def published(*objects: PackedObject) -> UUID:
    slide = await make_slide_row()
    applied = await publish_prediction_layer(
        slide.id, uuid4(), objects, name="m", color="#000000", requested_by_id=None
    )
    return applied.layers[0].id


OBJECTS = (outline(0, 0, 2), outline(0, 0, 2), outline(0, 0, 3), outline(5, 1, 3), outline(4, 0, 2))
FINE = [
    SquareCount(0, 0, 2, 2),
    SquareCount(0, 0, 3, 1),
    SquareCount(4, 0, 2, 1),
    SquareCount(5, 1, 3, 1),
]


async def test_each_square_tells_how_many_of_each_class(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    layer_id = await published(*OBJECTS)
    monkeypatch.setattr(counts, "class_counts_of", lambda data: pytest.fail("an outline was read"))
    assert await overview_of(layer_id) == Overview(CHUNK_SIDE_PX, FINE)


async def test_a_layer_from_before_counts_were_kept_is_counted_from_its_outlines(database: object) -> None:
    layer_id = await published(*OBJECTS)
    await AnnotationChunk.filter(layer_id=layer_id).update(class_counts=None)
    assert await overview_of(layer_id) == Overview(CHUNK_SIDE_PX, FINE)


async def test_squares_grow_until_there_are_few(sqlite_database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST_SQUARES", 2)
    layer_id = await published(*OBJECTS)
    assert await overview_of(layer_id) == Overview(
        2 * CHUNK_SIDE_PX,
        [SquareCount(0, 0, 2, 2), SquareCount(0, 0, 3, 1), SquareCount(2, 0, 2, 1), SquareCount(2, 0, 3, 1)],
    )


async def test_a_layer_without_outlines_has_an_empty_overview(sqlite_database: object) -> None:
    assert await overview_of(uuid4()) == Overview(CHUNK_SIDE_PX, [])

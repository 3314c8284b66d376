"""Chunks of a prediction layer and of live annotations."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest
import shapely

from api.annotations.chunks import (
    CHUNK_SIDE_PX,
    MAGIC,
    chunks_of,
    frame,
    live_chunk,
    pack_prediction,
    unpack_prediction,
)
from api.annotations.codec import PackedObject, PackedShapeCorrupt
from tests.annotations.shapes import square


def predicted(x: float, y: float) -> PackedObject:
    return PackedObject.predicted(shapely.box(x, y, x + 10, y + 10), 1, 0.8)


def test_objects_go_to_the_square_of_their_centre_and_come_back() -> None:
    layer_id = uuid4()
    objects = [predicted(0, 0), predicted(CHUNK_SIDE_PX - 5.5, 0), predicted(CHUNK_SIDE_PX, CHUNK_SIDE_PX)]
    chunks = pack_prediction(layer_id, objects)
    assert [(chunk.column, chunk.row, chunk.count) for chunk in chunks] == [(0, 0, 2), (1, 1, 1)]
    assert (chunks[0].min_x, chunks[0].min_y, chunks[0].max_x, chunks[0].max_y) == (0, 0, CHUNK_SIDE_PX + 4.5, 10)
    found = [item for chunk in chunks for item in unpack_prediction(chunk.data)]
    assert [item.index for item in found] == [0, 1, 2]
    for given, item in zip(objects, found, strict=True):
        assert (item.class_index, item.mean) == (1, 204)
        assert np.array_equal(given.geometry.rings[0], item.geometry.rings[0])
    assert chunks[0].data[6:22] == layer_id.bytes


def test_a_file_is_its_chunks_one_after_the_other() -> None:
    ids = [uuid4(), uuid4()]
    live = live_chunk([(ids[0], square(0, 0, 5).packed), (ids[1], square(9, 0, 5).packed)])
    [chunk] = pack_prediction(uuid4(), [predicted(0, 0)])
    file = MAGIC + frame(live) + frame(chunk.data)
    assert list(chunks_of(file)) == [live, chunk.data]
    assert live[:6] == bytes([10, 1, 2, 0, 0, 0])
    assert live[6:22] == ids[0].bytes


@pytest.mark.parametrize("file", [b"", b"CSA2", MAGIC + b"\x05\x00", MAGIC + b"\x05\x00\x00\x00abc"])
def test_a_broken_file_is_refused(file: bytes) -> None:
    with pytest.raises(PackedShapeCorrupt):
        list(chunks_of(file))


def test_a_broken_chunk_is_refused() -> None:
    [chunk] = pack_prediction(uuid4(), [predicted(0, 0)])
    for data in (b"", chunk.data[:-1], chunk.data + b"\x00", b"\x02\x01" + chunk.data[2:]):
        with pytest.raises(PackedShapeCorrupt):
            unpack_prediction(data)

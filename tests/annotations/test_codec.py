"""Packed shapes come back as they were, and garbage is refused."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.annotations.codec import (
    LIVE_SCALE_LOG2,
    PackedObject,
    PackedShapeCorrupt,
    decode,
    decode_all,
    encode,
    encode_varints,
)
from api.annotations.geometry import Geometry
from api.models.annotation import GeometryKind
from tests.annotations.strategies import geometries

objects = st.builds(PackedObject, geometries(), st.integers(0, 2**32), st.integers(0, 255), st.integers(0, 255))


@given(objects)
def test_an_object_comes_back_as_it_was(item: PackedObject) -> None:
    assert decode(encode(item)) == item


@given(st.lists(objects, max_size=5))
def test_many_objects_come_back_in_order(items: list[PackedObject]) -> None:
    data = b"".join(encode(item) for item in items)
    assert list(decode_all(data, len(items), LIVE_SCALE_LOG2)) == items


@given(objects, st.integers(0, 10**6))
def test_a_cut_object_is_corrupt(item: PackedObject, cut: int) -> None:
    data = encode(item)
    with pytest.raises(PackedShapeCorrupt):
        decode(data[: cut % len(data)])


@given(objects, st.binary(min_size=1, max_size=4))
def test_bytes_left_over_are_corrupt(item: PackedObject, rest: bytes) -> None:
    with pytest.raises(PackedShapeCorrupt):
        decode(encode(item) + rest)


@given(st.binary(max_size=200))
def test_garbage_is_corrupt_or_an_object_and_never_anything_else(data: bytes) -> None:
    try:
        decode(data)
    except PackedShapeCorrupt:
        return


def test_the_bytes_are_those_of_the_wire_description() -> None:
    ring = np.array([[1.0, 2.0], [1.5, 2.0], [1.5, -1.0]])
    item = PackedObject(Geometry(GeometryKind.POLYGON, ((ring,),)), index=300, class_index=2, mean=200)
    expected = bytes([0xAC, 0x02, 4, 2, 200, 1, 1, 3])  # index 300, kind, class, mean, 1 polygon, 1 ring, 3 points
    expected += bytes([4, 8, 2, 0, 0, 11])  # in halves: (+2, +4) (+1, 0) (0, -6), zigzag
    assert encode(item, scale_log2=1) == expected


@pytest.mark.parametrize(
    ("value", "data"), [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (2**64 - 1, b"\xff" * 9 + b"\x01")]
)
def test_varints(value: int, data: bytes) -> None:
    assert encode_varints(np.array([value], dtype=np.uint64)) == data


def test_a_predicted_polygon_keeps_its_class_and_probability() -> None:
    item = PackedObject.predicted(shapely.box(0, 0, 4, 4), 2, 0.5)
    assert (item.class_index, item.mean, item.geometry.kind) == (2, 128, GeometryKind.POLYGON)

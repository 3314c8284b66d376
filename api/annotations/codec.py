"""Packed shapes: the objects of docs/wire.md, as they are stored and sent.

An object is an index, three bytes of facts, and delta-coded points in units of 2^-scale_log2 level-0 pixels. Live
annotations use `LIVE_SCALE_LOG2`, at which a thousandth of a pixel survives exactly; prediction chunks choose a
coarser one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from api.annotations.geometry import DECIMALS, Geometry, Points, geometry_of
from api.models.annotation import GeometryKind

LIVE_SCALE_LOG2 = 10
NO_CLASS = 255
KINDS = tuple(GeometryKind)
"""A kind's number on the wire is its place here: POINT 0 … MULTIPOLYGON 5."""

_SHIFTS = np.uint64(7) * np.arange(10, dtype=np.uint64)


class PackedShapeCorrupt(ValueError):
    """Bytes that are no packed object."""


@dataclass(frozen=True)
class PackedObject:
    """One decoded object: the shape and the facts that predictions attach to it."""

    geometry: Geometry
    index: int = 0
    class_index: int = NO_CLASS
    mean: int = 0

    @classmethod
    def predicted(cls, shape: shapely.Polygon, class_index: int, mean: float) -> PackedObject:
        """A model's polygon: its class and mean probability in [0, 1]."""
        return cls(geometry_of(shape), class_index=class_index, mean=round(255 * mean))


def encode(item: PackedObject, scale_log2: int = LIVE_SCALE_LOG2) -> bytes:
    """The bytes of one object."""
    geometry = item.geometry
    rings = geometry.rings
    points = np.rint(np.concatenate(rings) * 2.0**scale_log2).astype(np.int64)
    deltas = np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).reshape(-1)
    zigzag = ((deltas << 1) ^ (deltas >> 63)).astype(np.uint64)
    parts: list[NDArray[np.uint64]] = [_counts(len(geometry.polygons))]
    done = 0
    for polygon in geometry.polygons:
        parts.append(_counts(len(polygon)))
        for ring in polygon:
            parts += [_counts(len(ring)), zigzag[2 * done : 2 * (done + len(ring))]]
            done += len(ring)
    facts = bytes((KINDS.index(geometry.kind), item.class_index, item.mean))
    return encode_varints(_counts(item.index)) + facts + encode_varints(np.concatenate(parts))


def decode(data: bytes, scale_log2: int = LIVE_SCALE_LOG2) -> PackedObject:
    """The object in `data`, which must hold exactly one.

    Raises:
        PackedShapeCorrupt: when it does not.
    """
    objects = list(decode_all(data, 1, scale_log2))
    return objects[0]


def decode_all(data: bytes, count: int, scale_log2: int) -> Iterator[PackedObject]:
    """The `count` objects that fill `data`, in order.

    Raises:
        PackedShapeCorrupt: bytes are missing, left over, or make no sense.
    """
    # 1. Every number of the buffer at once. A number right after raw bytes may come out wrong: those are read singly.
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw < 0x80)
    values = _varints_ending_at(raw, ends)
    at = 0
    try:
        for _ in range(count):
            # 2. The head: index, kind, class, mean, number of polygons.
            index, at = _varint(data, at)
            kind, class_index, mean = KINDS[data[at]], data[at + 1], data[at + 2]
            polygon_count, at = _varint(data, at + 3)
            # 3. The shape, from the numbers read at once.
            cursor = int(np.searchsorted(ends, at))
            polygons, cursor = _polygons(values, cursor, polygon_count, scale_log2)
            at = int(ends[cursor - 1]) + 1
            yield PackedObject(Geometry(kind, polygons), index, class_index, mean)
    except IndexError as exc:
        raise PackedShapeCorrupt(
            f"A packed shape of {len(data)} bytes ends too early or holds an unknown kind."
        ) from exc
    if at != len(data):
        raise PackedShapeCorrupt(f"{len(data) - at} bytes are left over after {count} packed shapes.")


def encode_varints(values: NDArray[np.uint64]) -> bytes:
    """Unsigned LEB128 of each value, joined."""
    groups = values[:, None] >> _SHIFTS  # [n, 10]
    lengths = np.maximum(1, (groups != 0).sum(axis=1))
    keep = np.arange(10) < lengths[:, None]
    more = np.arange(10) < lengths[:, None] - 1
    octets = ((groups & np.uint64(0x7F)) | (more.astype(np.uint64) << np.uint64(7))).astype(np.uint8)
    return bytes(octets[keep].tobytes())


def _varints_ending_at(raw: NDArray[np.uint8], ends: NDArray[np.intp]) -> NDArray[np.uint64]:
    if not len(ends):
        return np.zeros(0, dtype=np.uint64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    positions = np.arange(int(ends[-1]) + 1) - np.repeat(starts, ends - starts + 1)
    octets = (raw[: int(ends[-1]) + 1] & 0x7F).astype(np.uint64) << (
        np.minimum(positions, 9).astype(np.uint64) * np.uint64(7)
    )
    return np.add.reduceat(octets, starts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[at]
        value |= (octet & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if octet < 0x80:
            return value, at
        if shift > 63:
            raise PackedShapeCorrupt("A number in a packed shape is longer than 64 bits.")


def _polygons(
    values: NDArray[np.uint64], cursor: int, polygon_count: int, scale_log2: int
) -> tuple[tuple[tuple[Points, ...], ...], int]:
    ring_lengths: list[list[int]] = []
    numbers: list[NDArray[np.uint64]] = []
    for _ in range(polygon_count):
        lengths: list[int] = []
        ring_count, cursor = int(values[cursor]), cursor + 1
        for _ in range(ring_count):
            length, cursor = int(values[cursor]), cursor + 1
            if length < 1 or cursor + 2 * length > len(values):
                raise PackedShapeCorrupt(f"A ring of {length} points does not fit its packed shape.")
            numbers.append(values[cursor : cursor + 2 * length])
            lengths.append(length)
            cursor += 2 * length
        ring_lengths.append(lengths)
    if not numbers:
        raise PackedShapeCorrupt("A packed shape has no points.")
    zigzag = np.concatenate(numbers)
    deltas = (zigzag >> np.uint64(1)).astype(np.int64) ^ -(zigzag & np.uint64(1)).astype(np.int64)
    points = np.round(np.cumsum(deltas.reshape(-1, 2), axis=0) / 2.0**scale_log2, DECIMALS) + 0.0
    rings = iter(np.split(points, np.cumsum([n for lengths in ring_lengths for n in lengths])[:-1]))
    return tuple(tuple(next(rings) for _ in lengths) for lengths in ring_lengths), cursor


def _counts(*values: int) -> NDArray[np.uint64]:
    return np.array(values, dtype=np.uint64)

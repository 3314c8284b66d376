"""Prediction layers packed into chunks, and the chunks of live annotations: the file format of docs/wire.md. Pure."""

from __future__ import annotations

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from api.annotations.codec import LIVE_SCALE_LOG2, PackedObject, PackedShapeCorrupt, decode_all, encode

MAGIC = b"CSA1"
CHUNK_SIDE_PX = 2048
PREDICTION_SCALE_LOG2 = 2
"""A quarter of a pixel: finer than any model sees."""

_SOURCE_PREDICTION, _SOURCE_LIVE = 0, 1
_HEAD = struct.Struct("<BBI")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Chunk:
    """The objects of a prediction layer whose centres lie in one square of `CHUNK_SIDE_PX` pixels, ready to send."""

    column: int
    row: int
    min_x: float
    min_y: float
    max_x: float
    max_y: float
    count: int
    class_counts: dict[str, int]
    data: bytes


def pack_prediction(layer_id: UUID, objects: Sequence[PackedObject]) -> list[Chunk]:
    """The chunks of a prediction layer. Objects are numbered by their place in `objects`."""
    squares: defaultdict[tuple[int, int], list[tuple[bytes, np.ndarray, int]]] = defaultdict(list)
    for index, item in enumerate(objects):
        points = np.concatenate(item.geometry.rings)
        bounds = np.concatenate([points.min(axis=0), points.max(axis=0)])
        column, row = ((bounds[:2] + bounds[2:]) / 2 // CHUNK_SIDE_PX).astype(int).tolist()
        packed = encode(replace(item, index=index), PREDICTION_SCALE_LOG2)
        squares[row, column].append((packed, bounds, item.class_index))
    return [_chunk(layer_id, column, row, items) for (row, column), items in sorted(squares.items())]


def unpack_prediction(data: bytes) -> list[PackedObject]:
    """The objects of one stored prediction chunk.

    Raises:
        PackedShapeCorrupt: the bytes are no such chunk.
    """
    if len(data) < _HEAD.size + 16:
        raise PackedShapeCorrupt(f"A prediction chunk has only {len(data)} bytes.")
    scale_log2, source, count = _HEAD.unpack_from(data)
    if source != _SOURCE_PREDICTION:
        raise PackedShapeCorrupt(f"A prediction chunk says its source is {source}.")
    return list(decode_all(data[_HEAD.size + 16 :], count, scale_log2))


def class_counts_of(data: bytes) -> dict[str, int]:
    """How many objects of each class number a stored prediction chunk holds."""
    return _class_counts(item.class_index for item in unpack_prediction(data))


def _class_counts(class_indexes: Iterable[int]) -> dict[str, int]:
    return {str(index): count for index, count in sorted(Counter(class_indexes).items())}


def live_chunk(objects: Iterable[tuple[UUID, bytes]]) -> bytes:
    """A chunk's bytes for live annotations: (annotation id, packed shape) pairs."""
    items = list(objects)
    head = _HEAD.pack(LIVE_SCALE_LOG2, _SOURCE_LIVE, len(items))
    return head + b"".join(annotation_id.bytes + packed for annotation_id, packed in items)


def frame(chunk: bytes) -> bytes:
    """A chunk preceded by its length, as files hold it after `MAGIC`."""
    return _LENGTH.pack(len(chunk)) + chunk


def chunks_of(file: bytes) -> Iterator[bytes]:
    """The chunks of a whole file.

    Raises:
        PackedShapeCorrupt: it does not start with `MAGIC` or ends within a chunk.
    """
    if not file.startswith(MAGIC):
        raise PackedShapeCorrupt("The file does not start with CSA1.")
    at = len(MAGIC)
    while at < len(file):
        if at + _LENGTH.size > len(file):
            raise PackedShapeCorrupt("The file ends within a chunk's length.")
        (length,) = _LENGTH.unpack_from(file, at)
        at += _LENGTH.size
        if at + length > len(file):
            raise PackedShapeCorrupt("The file ends within a chunk.")
        yield file[at : at + length]
        at += length


def _chunk(layer_id: UUID, column: int, row: int, items: list[tuple[bytes, np.ndarray, int]]) -> Chunk:
    bounds = np.stack([bounds for _, bounds, _ in items])  # [n, 4]
    low, high = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
    head = _HEAD.pack(PREDICTION_SCALE_LOG2, _SOURCE_PREDICTION, len(items)) + layer_id.bytes
    return Chunk(
        column,
        row,
        low[0],
        low[1],
        high[0],
        high[1],
        len(items),
        _class_counts(class_index for _, _, class_index in items),
        head + b"".join(packed for packed, _, _ in items),
    )

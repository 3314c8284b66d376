"""Slides of one picture with prediction layers of so many outlines: what `benchmarks.web` opens in a browser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import imagecodecs
import numpy as np
import tifffile

from api.annotations.chunks import CHUNK_SIDE_PX, PREDICTION_SCALE_LOG2
from api.annotations.codec import KINDS, encode_varints
from api.annotations.layers import make_layer
from api.collaboration.log import EventKind, Origin, SlideTransaction, write
from api.models.annotation import AnnotationChunk, GeometryKind, LayerKind
from api.models.prediction import Prediction, PredictionStatus
from benchmarks._textured import TILE, textured

SIDE = 32_768
"""Pixels of the slide in each direction."""
VERTICES = 24
RADIUS_PX = 9
SHAPES = 64


def write_picture(path: Path) -> None:
    """A slide of `SIDE` x `SIDE` pixels, with one textured tile all over, so that it is made in a moment."""
    tile = bytes(imagecodecs.jpeg8_encode(textured(TILE, seed=3), level=60, subsampling="420"))
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for place, downsample in enumerate((1, 4, 16, 64)):
            side = SIDE // downsample
            tiff.write(
                _same(tile, (side // TILE) ** 2),
                shape=(side, side, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                subfiletype=1 if place else 0,
                metadata=None,
                photometric="ycbcr",
                compression="jpeg",
                subsampling=(2, 2),
            )


def _same(tile: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield tile


async def add_outlines(slide_id: UUID, count: int) -> None:
    """A finished prediction of `count` nuclei of `VERTICES` points, spread over the slide."""
    now = datetime.now(UTC)
    prediction = await Prediction.create(
        slide_id=slide_id,
        model="benchmark",
        model_version="1",
        status=PredictionStatus.SUCCEEDED,
        threshold=0.5,
        figures={"polygons": count},
        finished_at=now,
    )

    async def work(transaction: SlideTransaction) -> None:
        layer = await make_layer(
            transaction.connection,
            slide_id,
            LayerKind.PREDICTION,
            name="benchmark",
            color="#ff7aa8",
            owner_id=None,
            prediction_id=prediction.id,
            now=now,
        )
        for chunk in _chunks(layer.id, count):
            await AnnotationChunk.create(
                using_db=transaction.connection, id=uuid4(), slide_id=slide_id, layer_id=layer.id, **chunk
            )
        await transaction.append(EventKind.ANNOTATIONS, {"annotations": [], "layers": [layer.to_body()]})
        await Prediction.filter(id=prediction.id).using_db(transaction.connection).update(layer_id=layer.id)

    await write(slide_id, Origin(None, f"prediction:{prediction.id}", "publish"), work)


def _chunks(layer_id: UUID, count: int) -> Iterator[dict[str, object]]:
    """The columns of the chunks. All objects share `SHAPES` outlines, so that a million take seconds."""
    chance = np.random.default_rng(count)
    unit = 2**PREDICTION_SCALE_LOG2
    tails = [_shape_bytes(chance, unit) for _ in range(SHAPES)]
    head = bytes((KINDS.index(GeometryKind.POLYGON),))
    places = np.rint(chance.uniform(2 * RADIUS_PX, SIDE - 2 * RADIUS_PX, (count, 2)) * unit).astype(np.int64)
    squares: defaultdict[tuple[int, int], list[bytes]] = defaultdict(list)
    cells = (places // (unit * CHUNK_SIDE_PX)).tolist()
    for index, ((x, y), (column, row)) in enumerate(zip(places.tolist(), cells, strict=True)):
        facts = head + bytes((index % 2, 128 + index % 120))
        # One polygon of one ring; its first point is the place itself, the others follow from it.
        start = bytes((1, 1, VERTICES)) + _varint(x << 1) + _varint(y << 1)
        squares[row, column].append(_varint(index) + facts + start + tails[index % SHAPES])
    for (row, column), objects in sorted(squares.items()):
        low_x, low_y = column * CHUNK_SIDE_PX - 2 * RADIUS_PX, row * CHUNK_SIDE_PX - 2 * RADIUS_PX
        header = bytes((PREDICTION_SCALE_LOG2, 0)) + len(objects).to_bytes(4, "little") + layer_id.bytes
        yield {
            "column": column,
            "row": row,
            "min_x": low_x,
            "min_y": low_y,
            "max_x": low_x + CHUNK_SIDE_PX + 4 * RADIUS_PX,
            "max_y": low_y + CHUNK_SIDE_PX + 4 * RADIUS_PX,
            "count": len(objects),
            "data": header + b"".join(objects),
        }


def _shape_bytes(chance: np.random.Generator, unit: int) -> bytes:
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radii = RADIUS_PX * chance.uniform(0.75, 1.1, VERTICES)
    points = np.rint(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1) * unit).astype(np.int64)
    deltas = np.diff(points, axis=0).reshape(-1)
    return encode_varints(((deltas << 1) ^ (deltas >> 63)).astype(np.uint64))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)

"""How many outlines a prediction's layer has, by class and by place, without reading one of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from api.annotations.chunks import CHUNK_SIDE_PX, class_counts_of
from api.models.annotation import AnnotationChunk

MOST_SQUARES = 1024
_BATCH = 50
_Place = tuple[int, int]


@dataclass(frozen=True)
class SquareCount:
    """How many outlines of one class have their centre in a square (column, row)."""

    column: int
    row: int
    class_index: int
    count: int


@dataclass(frozen=True)
class Overview:
    """The counts of a layer in squares of `side_px` level-0 pixels; squares without an outline are left out."""

    side_px: int
    squares: list[SquareCount]


async def overview_of(layer_id: UUID) -> Overview:
    """The finest overview of at most `MOST_SQUARES` squares."""
    rows = await AnnotationChunk.filter(layer_id=layer_id).values_list("id", "column", "row", "class_counts")
    older = [id_ for id_, _, _, counts in rows if counts is None]
    counted = await _counts_of(older)
    places: dict[_Place, Counter[int]] = {}
    for id_, column, row, counts in rows:
        of_class = counted[id_] if counts is None else Counter({int(index): count for index, count in counts.items()})
        places.setdefault((column, row), Counter()).update(of_class)
    side_px = CHUNK_SIDE_PX
    while len(places) > MOST_SQUARES:
        side_px *= 2
        places = _halved(places)
    squares = [
        SquareCount(column, row, index, count)
        for (column, row), counts in sorted(places.items(), key=lambda item: (item[0][1], item[0][0]))
        for index, count in sorted(counts.items())
    ]
    return Overview(side_px, squares)


def _halved(places: dict[_Place, Counter[int]]) -> dict[_Place, Counter[int]]:
    coarser: dict[_Place, Counter[int]] = {}
    for (column, row), counts in places.items():
        coarser.setdefault((column // 2, row // 2), Counter()).update(counts)
    return coarser


async def _counts_of(chunk_ids: list[UUID]) -> dict[UUID, Counter[int]]:
    """Of chunks that were written before counts were kept: from their outlines."""
    counted: dict[UUID, Counter[int]] = {}
    for start in range(0, len(chunk_ids), _BATCH):
        chunks = AnnotationChunk.filter(id__in=chunk_ids[start : start + _BATCH])
        for id_, data in await chunks.values_list("id", "data"):
            counted[id_] = Counter({int(index): count for index, count in class_counts_of(bytes(data)).items()})
    return counted

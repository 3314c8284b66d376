"""The loose quadtree: one integer key per annotation, and the key ranges that a region of the slide can touch.

An object lies in the cell that holds its centre, on the level whose cells are at least as large as it is; so it
reaches at most half a cell beyond. A key is `level << 48 | morton(column, row)`: level 0 is one cell over everything,
each next one halves the side. Ranges may hold objects outside the region (never miss one inside): filter by bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ORIGIN = -(2.0**21)
SIDE_LOG2 = 22
LEVELS = 17
"""Cells from 2^22 pixels (level 0) down to 64 pixels (level 16)."""

MAX_RANGES_PER_LEVEL = 8


@dataclass(frozen=True)
class Region:
    """A part of the slide in level-0 pixels; edges belong to it."""

    min_x: float
    min_y: float
    max_x: float
    max_y: float


def cell_of(min_x: float, min_y: float, max_x: float, max_y: float) -> int:
    """The key of the cell for an object with these bounds."""
    extent = max(max_x - min_x, max_y - min_y, 1.0)
    level = min(LEVELS - 1, max(0, SIDE_LOG2 - math.ceil(math.log2(extent))))
    column = _column((min_x + max_x) / 2, level)
    row = _column((min_y + max_y) / 2, level)
    return level << 48 | _morton(column, row)


def ranges_of(region: Region) -> list[tuple[int, int]]:
    """Inclusive key ranges, ascending, that hold every object whose bounds touch `region`."""
    ranges: list[tuple[int, int]] = []
    for level in range(LEVELS):
        reach = 2.0 ** (SIDE_LOG2 - level) / 2
        cells = (
            _column(region.min_x - reach, level),
            _column(region.min_y - reach, level),
            _column(region.max_x + reach, level),
            _column(region.max_y + reach, level),
        )
        ranges += [(level << 48 | low, level << 48 | high) for low, high in _morton_ranges(level, cells)]
    return ranges


def _column(value: float, level: int) -> int:
    return min((1 << level) - 1, max(0, math.floor((value - ORIGIN) / 2.0 ** (SIDE_LOG2 - level))))


def _morton(column: int, row: int) -> int:
    return _spread(column) | _spread(row) << 1


def _spread(value: int) -> int:
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        value = (value | value << shift) & mask
    return value


def _morton_ranges(level: int, cells: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """At most `MAX_RANGES_PER_LEVEL` ranges that cover the rectangle of cells (first and last column and row)."""
    # 1. Split squares of the curve until they lie inside the rectangle or there are enough of them.
    first_column, first_row, last_column, last_row = cells
    squares = [(0, 0, level)]
    while len(squares) <= MAX_RANGES_PER_LEVEL * 2:
        split: list[tuple[int, int, int]] = []
        changed = False
        for column, row, size_log2 in squares:
            size = 1 << size_log2
            inside = (
                first_column <= column
                and column + size - 1 <= last_column
                and first_row <= row
                and row + size - 1 <= last_row
            )
            if inside or size_log2 == 0:
                split.append((column, row, size_log2))
                continue
            changed, half = True, size >> 1
            split += [
                (c, r, size_log2 - 1)
                for r in (row, row + half)
                for c in (column, column + half)
                if c <= last_column and c + half > first_column and r <= last_row and r + half > first_row
            ]
        squares = split
        if not changed:
            break
    # 2. Join neighbours on the curve; then close the smallest gaps until few enough are left.
    spans = sorted((_morton(c, r), _morton(c, r) + (1 << 2 * s) - 1) for c, r, s in squares)
    joined: list[tuple[int, int]] = []
    for low, high in spans:
        if joined and low == joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    while len(joined) > MAX_RANGES_PER_LEVEL:
        nearest = min(range(len(joined) - 1), key=lambda i: joined[i + 1][0] - joined[i][1])
        joined[nearest : nearest + 2] = [(joined[nearest][0], joined[nearest + 1][1])]
    return joined

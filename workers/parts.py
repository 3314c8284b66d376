"""How a large prediction is cut into parts, which several workers do side by side. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from workers.patches import BLOCK_CELLS, Cell, Region
from workers.plan import Plan

WHOLE_PATCHES = 64
"""A plan of so many patches is not cut: they take two seconds, and telling another worker would take longer."""


@dataclass(frozen=True)
class Part:
    """A block of cells that one worker infers at a time.

    Attributes:
        number: its place among the plan's parts, which never changes.
        slots: of its patches, in the plan's order.
    """

    number: int
    slots: tuple[int, ...]
    region: Region


def parts_of(plan: Plan) -> list[Part]:
    """The parts of a plan, from top to bottom; none when it is small enough for one worker."""
    if len(plan.cells) <= WHOLE_PATCHES:
        return []
    blocks: dict[tuple[int, int], list[int]] = {}
    for slot, (column, row) in enumerate(plan.cells):
        blocks.setdefault((row // BLOCK_CELLS, column // BLOCK_CELLS), []).append(slot)
    return [
        Part(number, tuple(slots), _bounds([plan.cells[slot] for slot in slots], plan))
        for number, (_, slots) in enumerate(sorted(blocks.items()))
    ]


def _bounds(cells: list[Cell], plan: Plan) -> Region:
    """The part of the slide that cells cover, in level-0 pixels."""
    side = plan.grid.cell_px * plan.grid.downsample
    width, height = plan.l0_size
    left, right = min(column for column, _ in cells), max(column for column, _ in cells) + 1
    top, bottom = min(row for _, row in cells), max(row for _, row in cells) + 1
    x, y = max(0.0, left * side), max(0.0, top * side)
    return Region(x, y, min(float(width), right * side) - x, min(float(height), bottom * side) - y)

"""How a plan is cut into parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.parts import WHOLE_PATCHES, parts_of
from workers.patches import PatchGrid, Region
from workers.plan import Plan

SIDE = 448 * 2.0
L0_SIZE = (17_000, 16_000)
GRID = PatchGrid.over(Region(0, 0, *L0_SIZE), 2.0)


def plan_of(cells: list[tuple[int, int]]) -> Plan:
    return Plan(grid=GRID, cells=tuple(cells), mpp=0.5, l0_size=L0_SIZE, tissue_mm2=1.0)


def test_a_small_plan_is_not_cut() -> None:
    cells = [(column, row) for row in range(8) for column in range(8)]
    assert len(cells) == WHOLE_PATCHES
    assert parts_of(plan_of(cells)) == []


def test_a_part_is_a_block_of_four_by_four_cells_that_ends_where_the_slide_ends() -> None:
    cells = [(column, row) for row in range(18) for column in range(19)]
    parts = parts_of(plan_of(cells))
    assert [part.number for part in parts] == list(range(25))
    assert parts[0].region == Region(0, 0, 4 * SIDE, 4 * SIDE)
    assert parts[0].slots == tuple(row * 19 + column for row in range(4) for column in range(4))
    assert parts[-1].region == Region(16 * SIDE, 16 * SIDE, 17_000 - 16 * SIDE, 16_000 - 16 * SIDE)
    assert len(parts[-1].slots) == 6


@given(
    st.lists(st.tuples(st.integers(0, 18), st.integers(0, 17)), min_size=WHOLE_PATCHES + 1, max_size=200, unique=True)
)
def test_every_patch_is_in_one_part_whatever_the_order(cells: list[tuple[int, int]]) -> None:
    parts = parts_of(plan_of(cells))
    assert sorted(slot for part in parts for slot in part.slots) == list(range(len(cells)))
    again = parts_of(plan_of(sorted(cells)))
    assert [part.region for part in parts] == [part.region for part in again]

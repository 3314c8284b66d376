"""What people look at comes first, whenever they look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.agenda import Agenda
from workers.patches import PatchGrid, Region
from workers.plan import Plan

GRID = PatchGrid.over(Region(0, 0, 20_000, 20_000), 2.0)
CELLS = tuple((column, row) for row in range(20) for column in range(20))
PLAN = Plan(grid=GRID, cells=CELLS, mpp=0.5, l0_size=(20_000, 20_000), tissue_mm2=1.0)
SIDE = 896


def test_without_views_the_plans_order_is_kept() -> None:
    agenda = Agenda(PLAN, finished={0, 2})
    assert [agenda.take(2), agenda.take(3), len(agenda)] == [[1, 3], [4, 5, 6], 393]


def test_a_view_goes_first_from_its_middle_and_moves_with_the_person() -> None:
    agenda = Agenda(PLAN)
    agenda.look_at([Region(5 * SIDE + 1, 5 * SIDE + 1, 3 * SIDE - 2, 3 * SIDE - 2)])
    first = [CELLS[slot] for slot in agenda.take(9)]
    assert first[0] == (6, 6)
    assert set(first) == {(column, row) for column in (5, 6, 7) for row in (5, 6, 7)}
    assert agenda.in_view((5, 7))
    assert not agenda.in_view((8, 7))

    agenda.look_at([Region(15 * SIDE + 1, 2 * SIDE + 1, 10, 10)])
    assert CELLS[agenda.take(1)[0]] == (15, 2)
    assert CELLS[agenda.take(1)[0]] == (0, 0)


@given(
    views=st.lists(
        st.lists(st.builds(Region, *[st.floats(-2000, 20_000)] * 2, *[st.floats(1, 9000)] * 2), max_size=3), max_size=5
    ),
    count=st.integers(1, 7),
)
def test_every_patch_is_done_once_however_people_move(views: list[list[Region]], count: int) -> None:
    agenda, taken = Agenda(PLAN), []
    for view in views:
        agenda.look_at(view)
        taken += agenda.take(count)
    while slots := agenda.take(50):
        taken += slots
    assert sorted(taken) == list(range(len(CELLS)))

"""Undo and redo on real databases: rules U1-U6 of docs/spec.md."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from api.annotations.applied import Applied
from api.annotations.edit import apply_ops
from api.annotations.ops import Create, Delete, Judge, Op, Update
from api.annotations.undo import redo, undo
from api.collaboration.log import Origin, current_seq
from api.errors import Conflict
from api.models.annotation import Annotation, ReviewState
from api.models.project import Role
from tests.annotations.conftest import Table
from tests.annotations.shapes import square


def origin(table: Table, role: Role = Role.ANNOTATOR) -> Origin:
    return Origin(table.user_id(role), f"client-{role}", str(uuid4()))


async def do(table: Table, *ops: Op, role: Role = Role.ANNOTATOR) -> Applied:
    return await apply_ops(table.access(role), origin(table, role), ops)


async def undo_once(table: Table, role: Role = Role.ANNOTATOR) -> Applied:
    return await undo(table.access(role), origin(table, role))


async def redo_once(table: Table, role: Role = Role.ANNOTATOR) -> Applied:
    return await redo(table.access(role), origin(table, role))


async def state(id_: UUID) -> tuple[float, str, bool, dict[str, object]]:
    row = await Annotation.get(id=id_)
    return row.min_x, row.note, row.deleted_at is not None, row.attributes


async def test_undo_walks_back_through_everything_and_redo_forward_again(table: Table) -> None:
    id_ = uuid4()
    await do(table, Create(id_, square(1, 0, 5), note="a", attributes={"grade": 3}))
    await do(table, Update(id_, expected_version=1, shape=square(2, 0, 5)))
    await do(table, Update(id_, note="b", attributes={"grade": None, "site": "left"}))
    await do(table, Delete(id_))
    steps = [
        (2.0, "b", False, {"site": "left"}),
        (2.0, "a", False, {"grade": 3}),
        (1.0, "a", False, {"grade": 3}),
        (1.0, "a", True, {"grade": 3}),
    ]
    for expected in steps:
        assert (await undo_once(table)).skipped == ()
        assert await state(id_) == expected
    with pytest.raises(Conflict) as caught:
        await undo_once(table)
    assert caught.value.code == "NOTHING_TO_UNDO"
    for expected in [*reversed(steps[:-1]), (2.0, "b", True, {"site": "left"})]:
        await redo_once(table)
        assert await state(id_) == expected
    with pytest.raises(Conflict) as caught:
        await redo_once(table)
    assert caught.value.code == "NOTHING_TO_REDO"
    assert (await Annotation.get(id=id_)).version == 12
    assert await current_seq(table.slide.id) == 12


async def test_what_was_drawn_and_closed_in_one_call_is_undone_in_one(table: Table) -> None:
    """Its own lock, and its own acceptance, do not hold it."""
    locked, accepted = uuid4(), uuid4()
    await do(table, Create(locked, square(1, 0, 5)), Update(locked, locked=True))
    ops = (Create(accepted, square(9, 0, 5)), Judge(accepted, ReviewState.ACCEPTED))
    await do(table, *ops, role=Role.REVIEWER)
    for id_, role in ((locked, Role.ANNOTATOR), (accepted, Role.REVIEWER)):
        before = await Annotation.get(id=id_)
        assert (await undo_once(table, role)).skipped == ()
        assert (await Annotation.get(id=id_)).deleted_at is not None
        assert (await redo_once(table, role)).skipped == ()
        after = await Annotation.get(id=id_)
        assert after.deleted_at is None
        assert (after.locked, after.review_state) == (before.locked, before.review_state)


async def test_what_someone_else_changed_since_is_left_alone_and_named(table: Table) -> None:
    mine, touched = uuid4(), uuid4()
    await do(table, Create(mine, square(0, 0, 5)), Create(touched, square(9, 0, 5)))
    await do(table, Update(mine, note="x"), Update(touched, note="x"))
    await do(table, Update(touched, note="theirs"), role=Role.REVIEWER)
    done = await undo_once(table)
    assert [(s.id, s.code) for s in done.skipped] == [(touched, "CHANGED_SINCE")]
    assert [row.id for row in done.rows] == [mine]
    assert (await state(mine))[1] == ""
    assert (await state(touched))[1] == "theirs"
    # Undoing the creation goes on: the touched one stays, the other goes.
    done = await undo_once(table)
    assert [(s.id, s.code) for s in done.skipped] == [(touched, "CHANGED_SINCE")]
    assert (await state(mine))[2] is True
    assert (await state(touched))[2] is False


async def test_a_change_of_another_property_does_not_stop_an_undo(table: Table) -> None:
    id_ = uuid4()
    await do(table, Create(id_, square(0, 0, 5)))
    await do(table, Update(id_, expected_version=1, shape=square(3, 0, 5)))
    await do(table, Update(id_, note="theirs"), role=Role.REVIEWER)
    assert (await undo_once(table)).skipped == ()
    assert (await state(id_))[:2] == (0.0, "theirs")


async def test_undo_is_of_ones_own_operations_only(table: Table) -> None:
    await do(table, Create(uuid4(), square(0, 0, 5)))
    with pytest.raises(Conflict):
        await undo_once(table, Role.REVIEWER)
    assert await current_seq(table.slide.id) == 1


async def test_a_new_operation_ends_what_can_be_redone(table: Table) -> None:
    await do(table, Create(uuid4(), square(0, 0, 5)))
    await undo_once(table)
    await do(table, Create(uuid4(), square(0, 0, 5)))
    with pytest.raises(Conflict) as caught:
        await redo_once(table)
    assert caught.value.code == "NOTHING_TO_REDO"


async def test_an_undo_that_could_change_nothing_still_moves_on(table: Table) -> None:
    first, second = uuid4(), uuid4()
    await do(table, Create(first, square(0, 0, 5)))
    await do(table, Create(second, square(0, 0, 5)))
    await do(table, Update(second, note="theirs"), role=Role.REVIEWER)
    done = await undo_once(table)
    assert (done.rows, [s.id for s in done.skipped]) == ((), [second])
    assert [row.id for row in (await undo_once(table)).rows] == [first]
    redone = await redo_once(table)
    assert [row.id for row in redone.rows] == [first]
    with pytest.raises(Conflict):
        await redo_once(table)


async def test_a_replayed_undo_undoes_once(table: Table) -> None:
    await do(table, Create(uuid4(), square(0, 0, 5)))
    await do(table, Create(uuid4(), square(0, 0, 5)))
    key = origin(table)
    assert await undo(table.access(), key) == await undo(table.access(), key)
    assert await Annotation.filter(deleted_at__isnull=True).count() == 1


async def test_ten_thousand_objects_are_undone_at_once(table: Table) -> None:
    ids = [uuid4() for _ in range(10_000)]
    await do(table, *(Create(id_, square(i, 0, 5)) for i, id_ in enumerate(ids)))
    await do(table, *(Update(id_, expected_version=1, shape=square(0, 7, 5)) for id_ in ids))
    await undo_once(table)
    assert await Annotation.filter(min_y=0.0).count() == 10_000
    await undo_once(table)
    assert await Annotation.filter(deleted_at__isnull=True).count() == 0

"""Applying ops on real databases: rules E1-E12 and L1-L9 of docs/spec.md."""

from __future__ import annotations

from uuid import uuid4

import pytest

from api.annotations.changes import StaleAnnotations
from api.annotations.edit import apply_ops
from api.annotations.ops import Create, Delete, Op, Restore, Update
from api.annotations.rows import Shape
from api.collaboration.log import Origin, current_seq, since
from api.errors import Conflict
from api.models.annotation import Annotation, Layer
from tests.annotations.conftest import Table
from tests.annotations.shapes import square


def origin(table: Table, client: str = "client-a") -> Origin:
    return Origin(table.user_id(), client, str(uuid4()))


async def draw(table: Table, *ops: Op) -> None:
    await apply_ops(table.access(), origin(table), ops)


async def test_a_created_annotation_is_stored_and_logged_as_the_author_sees_it(table: Table) -> None:
    id_ = uuid4()
    done = await apply_ops(table.access(), origin(table), [Create(id_, square(10, 20, 30), note="first")])
    assert done.seq == 1
    [row] = done.rows
    assert (row.id, row.version, row.note, row.created_by_id) == (id_, 1, "first", table.user_id())
    assert row.shape.extent.area_px == 900.0
    [event] = await since(table.slide.id, 0)
    assert event.seq == 1
    assert event.body["annotations"][0]["id"] == str(id_)
    [layer] = await Layer.all()
    assert event.body["layers"][0]["id"] == str(layer.id)
    assert layer.name == "Annotator"
    stored = await Annotation.get(id=id_)
    assert (stored.min_x, stored.max_y, stored.geometry) == (10.0, 50.0, row.shape.packed)


async def test_an_update_changes_only_what_it_names(table: Table) -> None:
    id_ = uuid4()
    await draw(table, Create(id_, square(0, 0, 10), attributes={"a": 1, "b": 2}))
    done = await apply_ops(table.access(), origin(table), [Update(id_, attributes={"b": None, "c": 3}, note="n")])
    [row] = done.rows
    assert (row.attributes, row.note, row.version, row.geometry_version) == ({"a": 1, "c": 3}, "n", 2, 1)
    assert (await Annotation.get(id=id_)).attributes == {"a": 1, "c": 3}


async def test_a_geometry_conflict_returns_the_current_row_and_writes_nothing(table: Table) -> None:
    id_, new_id = uuid4(), uuid4()
    await draw(table, Create(id_, square(0, 0, 10)))
    await draw(table, Update(id_, expected_version=1, shape=square(5, 5, 10)))
    with pytest.raises(StaleAnnotations) as caught:
        await draw(table, Create(new_id, square(0, 0, 1)), Update(id_, expected_version=1, shape=square(7, 7, 10)))
    [stale] = caught.value.stale
    assert (stale.expected_version, stale.current.version) == (1, 2)
    assert stale.current.shape == square(5, 5, 10)
    assert await current_seq(table.slide.id) == 2
    assert not await Annotation.exists(id=new_id)


async def test_a_replay_returns_the_first_result(table: Table) -> None:
    first = origin(table)
    id_ = uuid4()
    done = await apply_ops(table.access(), first, [Create(id_, square(0, 0, 10))])
    await draw(table, Update(id_, note="later"))
    assert await apply_ops(table.access(), first, [Create(id_, square(0, 0, 10))]) == done
    assert await current_seq(table.slide.id) == 2


async def test_someone_elses_client_id_is_refused(table: Table) -> None:
    await draw(table, Create(uuid4(), square(0, 0, 10)))
    with pytest.raises(Conflict) as caught:
        await apply_ops(
            table.access(),
            Origin(table.other_annotator.id, "client-a", "x"),
            [Create(uuid4(), square(0, 0, 1))],
        )
    assert caught.value.code == "CLIENT_ID_TAKEN"
    assert await current_seq(table.slide.id) == 1


async def test_delete_and_restore_keep_everything_but_the_tombstone(table: Table) -> None:
    id_ = uuid4()
    await draw(table, Create(id_, square(0, 0, 10), note="kept"))
    gone = (await apply_ops(table.access(), origin(table), [Delete(id_)])).rows[0]
    assert gone.deleted
    assert gone.version == 2
    with pytest.raises(StaleAnnotations):
        await draw(table, Update(id_, note="too late"))
    back = (await apply_ops(table.access(), origin(table), [Restore(id_)])).rows[0]
    assert (back.deleted, back.version, back.note) == (False, 3, "kept")
    assert (await apply_ops(table.access(), origin(table), [Restore(id_)])).seq == 3


async def test_ten_thousand_ops_are_one_step(table: Table) -> None:
    ops: list[Op] = [Create(uuid4(), square(i % 100 * 20, i // 100 * 20, 10)) for i in range(10_000)]
    done = await apply_ops(table.access(), origin(table), ops)
    assert done.seq == 1
    assert await Annotation.all().count() == 10_000
    done = await apply_ops(table.access(), origin(table), [Update(op.id, note="x") for op in ops])
    assert (done.seq, await Annotation.filter(note="x", version=2).count()) == (2, 10_000)
    assert isinstance(done.rows[0].shape, Shape)

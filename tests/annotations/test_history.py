"""Who did what when, and how things were: rules H1-H4."""

from __future__ import annotations

import random
from uuid import UUID, uuid4

import pytest

from api.annotations.edit import apply_ops
from api.annotations.history import Change, annotation_steps, slide_steps, state_at
from api.annotations.ops import Create, Delete, Op, Restore, Update
from api.annotations.query import annotation_by_id
from api.annotations.rows import AnnotationRow
from api.annotations.undo import undo
from api.collaboration.log import HistoryPruned, Origin, prune
from api.errors import InvalidInput, PlatformError
from api.models.annotation import Annotation
from api.models.project import Role
from tests.annotations.conftest import Table
from tests.annotations.shapes import square
from tests.annotations.test_convergence import some_op, stored


async def edit(table: Table, mutation: str, *ops: Op, role: Role = Role.ANNOTATOR) -> None:
    await apply_ops(table.access(role), Origin(table.user_id(role), f"client-{role}", mutation), ops)


async def test_a_slides_history_says_who_did_what(table: Table) -> None:
    one, two = uuid4(), uuid4()
    await edit(table, "1", Create(one, square(0, 0, 10)), Create(two, square(50, 0, 10)))
    await edit(table, "2", Update(one, note="x"), Delete(two), role=Role.REVIEWER)
    await edit(table, "3", Restore(two))
    undone = await undo(table.access(), Origin(table.user_id(), "client-u", "4"))
    page = await slide_steps(table.access(), 3, None)
    assert [(step.seq, dict(step.changes)) for step in page.steps] == [
        (4, {Change.DELETED: 1}),
        (3, {Change.RESTORED: 1}),
        (2, {Change.CHANGED: 1, Change.DELETED: 1}),
    ]
    assert page.has_more
    assert [step.actor_id for step in page.steps] == [
        table.user_id(),
        table.user_id(),
        table.user_id(Role.REVIEWER),
    ]
    assert (undone.seq, page.steps[0].undoes, page.steps[1].undone_by) == (4, 3, 4)
    rest = await slide_steps(table.access(), 3, 2)
    assert [(step.seq, dict(step.changes)) for step in rest.steps] == [(1, {Change.CREATED: 2})]
    assert not rest.has_more


async def test_an_annotations_history_is_its_own(table: Table) -> None:
    one, two = uuid4(), uuid4()
    await edit(table, "1", Create(one, square(0, 0, 10)), Create(two, square(50, 0, 10)))
    await edit(table, "2", Update(two, note="other"))
    await edit(table, "3", Update(one, note="mine"))
    row = await annotation_by_id(one)
    assert row is not None
    page = await annotation_steps(row, 10, None)
    assert [(step.seq, [(seen.id, seen.version, seen.note) for seen in step.rows]) for step in page.steps] == [
        (3, [(one, 2, "mine")]),
        (1, [(one, 1, "")]),
    ]
    assert [step.seq for step in (await annotation_steps(row, 1, 3)).steps] == [1]
    assert (await annotation_steps(row, 1, None)).has_more


@pytest.mark.parametrize("seed", [4, 5])
async def test_the_state_at_every_seq_is_what_the_database_held_then(table: Table, seed: int) -> None:
    choice, known, then = random.Random(seed), dict[UUID, AnnotationRow](), {0: dict[UUID, AnnotationRow]()}
    for step in range(30):
        key = Origin(table.user_id(), "client", str(step))
        try:
            if choice.random() < 0.2:
                done = await undo(table.access(), key)
            else:
                done = await apply_ops(table.access(), key, [some_op(choice, known) for _ in range(2)])
        except PlatformError:
            continue
        known.update((row.id, row) for row in done.rows)
        then[done.seq] = await stored()
    assert len(then) > 10
    for seq, state in then.items():
        assert await state_at(table.access(), seq) == state


async def test_a_seq_that_never_was_and_a_pruned_one_are_refused(table: Table) -> None:
    id_ = uuid4()
    await edit(table, "1", Create(id_, square(0, 0, 10)))
    await edit(table, "2", Update(id_, note="x"))
    with pytest.raises(InvalidInput) as refusal:
        await state_at(table.access(), 3)
    assert refusal.value.message == "The slide is at 2; ask for a seq from 0 to 2."
    await prune(table.slide.id, 1)
    with pytest.raises(HistoryPruned):
        await state_at(table.access(), 2)
    assert await Annotation.all().count() == 1

"""Random edits by several people: whoever replays the log has the database's state, and undo leads to the start."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from api.annotations.changes import StaleAnnotations
from api.annotations.edit import apply_ops
from api.annotations.ops import Create, Delete, Op, Restore, Update
from api.annotations.rows import COLUMNS, AnnotationRow
from api.annotations.undo import redo, undo
from api.collaboration.log import Origin, since
from api.errors import PlatformError
from api.models.annotation import Annotation
from api.models.project import Role
from tests.annotations.conftest import Table
from tests.annotations.shapes import square

EDITORS = (Role.ANNOTATOR, Role.REVIEWER, Role.MANAGER)


def some_op(choice: random.Random, known: dict[UUID, AnnotationRow]) -> Op:
    """Any op on any annotation as its author might see it, often out of date."""
    if not known or choice.random() < 0.35:
        return Create(uuid4(), square(choice.randrange(1000), 0, 10), note=choice.choice(["", "n"]))
    row = choice.choice(list(known.values()))
    seen = max(1, row.version - choice.randrange(2))
    possible: list[Op] = [
        Update(row.id, seen, square(choice.randrange(1000), 5, 10)),
        Update(row.id, note=choice.choice("abc")),
        Update(row.id, attributes={choice.choice("xy"): choice.choice([1, 2, None])}),
        Update(row.id, locked=choice.random() < 0.3),
        Delete(row.id, choice.choice([None, seen])),
        Restore(row.id),
    ]
    return choice.choice(possible)


async def replayed(slide_id: UUID) -> dict[UUID, AnnotationRow]:
    """The state of a client that has followed the log from the start."""
    state: dict[UUID, AnnotationRow] = {}
    for event in await since(slide_id, 0, limit=10_000):
        for body in event.body["annotations"]:
            row = AnnotationRow.from_body(slide_id, body)
            assert row.id not in state or row.version > state[row.id].version
            state[row.id] = row
    return state


async def stored() -> dict[UUID, AnnotationRow]:
    return {values["id"]: AnnotationRow.from_columns(values) for values in await Annotation.all().values(*COLUMNS)}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_replicas_have_the_databases_state_whatever_people_do(table: Table, seed: int) -> None:
    known: dict[UUID, AnnotationRow] = {}

    async def person(role: Role) -> None:
        choice, access = random.Random(f"{seed}{role}"), table.access(role)
        for step in range(25):
            key = Origin(table.user_id(role), f"client-{role}", str(step))
            try:
                if choice.random() < 0.25:
                    done = await choice.choice([undo, redo])(access, key)
                else:
                    ops = [some_op(choice, known) for _ in range(choice.randrange(1, 4))]
                    done = await apply_ops(access, key, ops)
            except (StaleAnnotations, PlatformError):
                continue  # refused as a whole: the log shows that nothing was written
            known.update((row.id, row) for row in done.rows)

    await asyncio.gather(*map(person, EDITORS))
    replica = await replayed(table.slide.id)
    assert len(replica) > 5
    assert replica == await stored()


async def test_undoing_everything_gives_the_empty_slide_back(table: Table) -> None:
    choice, known = random.Random(7), dict[UUID, AnnotationRow]()
    access, count = table.access(), 0
    for step in range(40):
        key = Origin(table.user_id(), "client", str(step))
        try:
            done = await apply_ops(access, key, [some_op(choice, known)])
        except PlatformError:
            continue
        known.update((row.id, row) for row in done.rows)
        count += 1
    assert any(not row.deleted for row in (await stored()).values())
    for step in range(count):
        try:
            done = await undo(access, Origin(table.user_id(), "client", f"undo-{step}"))
        except PlatformError as error:
            assert error.code == "NOTHING_TO_UNDO"  # steps that changed nothing had nothing to undo
            break
        assert done.skipped == ()
    assert all(row.deleted for row in (await stored()).values())
    assert await replayed(table.slide.id) == await stored()

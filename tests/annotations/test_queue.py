"""Edits that are committed together: rules L1-L8 and E11 hold for each of them as if it were alone."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from api.annotations import queue
from api.annotations.applied import Applied
from api.annotations.edit import apply_ops
from api.annotations.ops import Create, Op, Update
from api.auth.permissions import SlideAccess
from api.collaboration.log import Origin, current_seq, since
from api.errors import PlatformError
from api.models.annotation import Annotation, Layer
from api.models.project import Role
from tests.annotations.conftest import Table
from tests.annotations.shapes import square
from tests.factories import make_slide_row


async def together(table: Table, *edits: tuple[Role, Origin, list[Op]]) -> list[Applied | BaseException]:
    """Submit all in one turn of the event loop, so that they share a transaction; what each got."""
    calls = (apply_ops(table.access(role), origin, ops) for role, origin, ops in edits)
    return await asyncio.gather(*calls, return_exceptions=True)


def origin(table: Table, role: Role = Role.ANNOTATOR, mutation: str = "1", client: str | None = None) -> Origin:
    return Origin(table.user_id(role), client or f"client-{role}", mutation)


async def test_each_edit_has_its_own_event_without_a_gap(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    commit = queue._commit

    async def counted(slide_id: object, edits: list[queue.Edit]) -> None:
        sizes.append(len(edits))
        await commit(slide_id, edits)  # type: ignore[arg-type]

    monkeypatch.setattr(queue, "_commit", counted)
    edits = [(Role.ANNOTATOR, origin(table, mutation=str(n)), [Create(uuid4(), square(n, 0, 10))]) for n in range(30)]
    outcomes = await together(table, *edits)  # type: ignore[arg-type]
    assert [outcome.seq for outcome in outcomes if isinstance(outcome, Applied)] == list(range(1, 31))
    assert sizes == [30]
    events = await since(table.slide.id, 0)
    assert [event.seq for event in events] == list(range(1, 31))
    assert [event.mutation_id for event in events] == [str(n) for n in range(30)]
    assert (await current_seq(table.slide.id), await Annotation.all().count(), await Layer.all().count()) == (30, 30, 1)


async def test_a_refused_edit_leaves_the_others_and_no_gap(table: Table) -> None:
    id_ = uuid4()
    outcomes = await together(
        table,
        (Role.ANNOTATOR, origin(table, mutation="draw"), [Create(id_, square(0, 0, 10))]),
        (Role.REVIEWER, origin(table, Role.REVIEWER), [Update(id_, 1, square(5, 5, 10))]),
        (Role.MANAGER, origin(table, Role.MANAGER), [Update(id_, 1, square(9, 9, 10))]),
        (Role.ANNOTATOR, origin(table, mutation="note"), [Update(id_, note="last")]),
    )
    drawn, moved, conflict, noted = outcomes
    assert isinstance(drawn, Applied)
    assert isinstance(moved, Applied)
    assert isinstance(noted, Applied)
    assert isinstance(conflict, PlatformError)
    assert conflict.code == "ANNOTATIONS_CHANGED"
    assert (drawn.seq, moved.seq, noted.seq) == (1, 2, 3)
    row = await Annotation.get(id=id_)
    assert (row.version, row.note, row.min_x, row.geometry_version) == (3, "last", 5.0, 2)


async def test_a_replay_in_the_same_group_gets_the_first_result(table: Table) -> None:
    key, ops = origin(table), [Create(uuid4(), square(0, 0, 10))]
    before = (Role.ANNOTATOR, origin(table, mutation="0"), [Create(uuid4(), square(0, 0, 10))])
    outcomes = await together(table, before, (Role.ANNOTATOR, key, ops), (Role.ANNOTATOR, key, ops))  # type: ignore[arg-type]
    assert outcomes[1] == outcomes[2] == await apply_ops(table.access(), key, ops)
    assert await Annotation.all().count() == 2


async def test_a_new_client_id_goes_to_the_first_of_the_group(table: Table) -> None:
    def drawing(role: Role, client: str) -> tuple[Role, Origin, list[Op]]:
        return role, origin(table, role, client=client), [Create(uuid4(), square(0, 0, 10))]

    outcomes = await together(
        table, drawing(Role.MANAGER, "other"), drawing(Role.ANNOTATOR, "mine"), drawing(Role.REVIEWER, "mine")
    )
    assert isinstance(outcomes[1], Applied)
    assert isinstance(outcomes[2], PlatformError)
    assert outcomes[2].code == "CLIENT_ID_TAKEN"
    assert await Layer.all().count() == 2  # a refused edit makes no layer


async def test_a_caller_that_goes_away_takes_nobody_along(table: Table) -> None:
    keys = [origin(table, mutation=str(n)) for n in range(3)]
    calls = [asyncio.create_task(apply_ops(table.access(), key, [Create(uuid4(), square(0, 0, 10))])) for key in keys]
    await asyncio.sleep(0)
    calls[1].cancel()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(done[1], asyncio.CancelledError)
    assert [outcome.seq for outcome in (done[0], done[2]) if isinstance(outcome, Applied)] == [1, 3]
    assert [event.mutation_id for event in await since(table.slide.id, 0)] == ["0", "1", "2"]


async def test_keys_taken_elsewhere_refuse_only_who_sent_them(table: Table) -> None:
    other = await make_slide_row(table.project)
    elsewhere = SlideAccess(other.id, table.project.id, Role.ANNOTATOR)
    taken = uuid4()
    await apply_ops(elsewhere, origin(table, mutation="used"), [Create(taken, square(0, 0, 10))])
    outcomes = await together(
        table,
        (Role.ANNOTATOR, origin(table, mutation="a"), [Create(uuid4(), square(0, 0, 10))]),
        (Role.ANNOTATOR, origin(table, mutation="used"), [Create(uuid4(), square(0, 0, 10))]),
        (Role.ANNOTATOR, origin(table, mutation="b"), [Create(taken, square(0, 0, 10))]),
        (Role.ANNOTATOR, origin(table, mutation="c"), [Create(uuid4(), square(0, 0, 10))]),
    )
    codes = [outcome.code if isinstance(outcome, PlatformError) else None for outcome in outcomes]
    assert codes == [None, "MUTATION_ID_REUSED", "ANNOTATION_EXISTS", None]
    assert [event.mutation_id for event in (await since(table.slide.id, 0))] == ["a", "c"]
    assert queue._waiting == {}

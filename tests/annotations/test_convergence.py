"""Random edits by several people: whoever replays the log has the database's state, and undo leads to the start."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from uuid import UUID, uuid4

import pytest

from api.annotations.changes import StaleAnnotations
from api.annotations.edit import apply_ops
from api.annotations.ops import Create, Delete, Judge, Op, Restore, Update
from api.annotations.rows import COLUMNS, AnnotationRow
from api.annotations.undo import redo, undo
from api.collaboration import feed
from api.collaboration.channel import MemoryChannel, Message, announce
from api.collaboration.feed import Feeds
from api.collaboration.log import LoggedEvent, Origin, current_seq, since
from api.errors import PlatformError
from api.models.annotation import Annotation, ReviewState
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
        Judge(row.id, choice.choice([ReviewState.PROPOSED, ReviewState.DRAFT, ReviewState.ACCEPTED]), None, seen),
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


class MangledChannel(MemoryChannel):
    """Loses, doubles and reorders hints, as the seed has it."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._choice = random.Random(seed)
        self._held: list[tuple[str, Message]] = []

    async def publish(self, topic: str, message: Message) -> None:
        self._held += [(topic, message)] * self._choice.choice([0, 1, 1, 2])
        if self._choice.random() < 0.5:
            self._choice.shuffle(self._held)
            for held in self._held[: self._choice.randrange(4)]:
                self.deliver(*held)
                self._held.remove(held)


async def replica(feeds: Feeds, slide_id: UUID, until: asyncio.Future[int]) -> dict[UUID, AnnotationRow]:
    """The state of a follower who leaves and comes back after every few events, until the seq that `until` names."""
    state, last, choice = dict[UUID, AnnotationRow](), 0, random.Random(0)
    while not (until.done() and last >= until.result()):
        stay = choice.randrange(1, 6)
        async with aclosing(feeds.follow(slide_id, last)) as stream:
            async for item in stream:
                assert isinstance(item, LoggedEvent)
                assert item.seq == last + 1
                last, stay = item.seq, stay - 1
                rows = (AnnotationRow.from_body(slide_id, body) for body in item.body["annotations"])
                state.update((row.id, row) for row in rows)
                if not stay or (until.done() and last >= until.result()):
                    break
    return state


@pytest.mark.parametrize("seed", [11, 12])
async def test_followers_have_the_databases_state_whatever_becomes_of_the_hints(
    table: Table, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL_S", 0.05)
    channel, known = MangledChannel(seed), dict[UUID, AnnotationRow]()
    end: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def person(role: Role) -> None:
        choice = random.Random(f"{seed}{role}")
        for step in range(20):
            key = Origin(table.user_id(role), f"client-{role}", str(step))
            try:
                done = await apply_ops(table.access(role), key, [some_op(choice, known)])
            except (StaleAnnotations, PlatformError):
                continue
            known.update((row.id, row) for row in done.rows)
            await announce(channel, table.slide.id, done.seq)

    async with Feeds(channel) as feeds, asyncio.timeout(60):
        following = [asyncio.create_task(replica(feeds, table.slide.id, end)) for _ in range(3)]
        await asyncio.gather(*map(person, EDITORS))
        end.set_result(await current_seq(table.slide.id) + 1)  # before the last edit, which wakes all who wait
        last = Create(uuid4(), square(0, 0, 10))
        done = await apply_ops(table.access(), Origin(table.user_id(), "client-last", "1"), [last])
        assert done.seq == end.result()
        replicas = await asyncio.gather(*following)
    state = await stored()
    assert len(state) > 5
    assert all(each == state for each in replicas)


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

"""Whatever people do, in whatever order and however much of the news gets lost: all replicas are equal, and undoing
everything leads to the start. Rules L1, E11, F1-F3, H3, U1-U5.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from api.annotations.history import state_at
from api.annotations.rows import AnnotationRow
from api.auth.permissions import SlideAccess
from api.collaboration import feed
from api.collaboration.channel import MemoryChannel, Message, slide_topic
from api.collaboration.feed import Feeds
from api.collaboration.log import LoggedEvent, current_seq, since
from api.models.project import Role
from tests.properties.scripts import Game, Step, calls, meaning, rounds, writes

FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
"""An example plays some twenty transactions."""


def rows_of(slide_id: UUID, event: LoggedEvent) -> list[AnnotationRow]:
    bodies = event.body.get("annotations", ())
    return [AnnotationRow.from_body(slide_id, body) for body in bodies]


def receive(state: dict[UUID, AnnotationRow], rows: list[AnnotationRow]) -> None:
    """As a client does: what is not newer is passed over, so that repetition and overlap do no harm."""
    state.update((row.id, row) for row in rows if row.id not in state or row.version > state[row.id].version)


@FEW
@given(rounds(calls()))
async def test_every_replica_is_the_database(sqlite_database: TortoiseContext, script: list[list[Step]]) -> None:
    game = await Game.open()
    snapshots: list[tuple[int, dict[UUID, AnnotationRow]]] = []
    for steps in script:
        snapshots.append((await current_seq(game.slide.id), await game.stored()))
        await game.play_together(steps)
    events, stored = await since(game.slide.id, 0, limit=10_000), await game.stored()
    # The log is contiguous, and each event raises the versions of what it carries by one.
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    replayed: dict[UUID, AnnotationRow] = {}
    states = [dict(replayed)]
    for event in events:
        for row in rows_of(game.slide.id, event):
            assert row.version == (replayed[row.id].version + 1 if row.id in replayed else 1)
            replayed[row.id] = row
        states.append(dict(replayed))
    assert replayed == stored
    # Whoever took a snapshot on the way and follows from there, or from somewhat before it, has the same.
    for seq, snapshot in snapshots:
        assert snapshot == states[seq]
        for overlap in range(min(seq, 2) + 1):
            state = dict(snapshot)
            for event in events[seq - overlap :]:
                receive(state, rows_of(game.slide.id, event))
            assert state == stored
    # And the past is what it was.
    access = SlideAccess(game.slide.id, game.project_id, Role.VIEWER)
    middle = len(events) // 2
    assert await state_at(access, middle) == states[middle]


@FEW
@given(st.lists(writes(), max_size=4), st.lists(writes(), min_size=1, max_size=12))
async def test_undoing_everything_gives_the_start_and_redoing_the_end(
    sqlite_database: TortoiseContext, before: list[Step], script: list[Step]
) -> None:
    """Undone in the order against that of the commits, whoever did what; each undoes their own."""
    game = await Game.open()
    for step in before:
        await game.play(step)
    start = meaning(await game.stored())
    done: list[int] = []
    for step in script:
        seq = await current_seq(game.slide.id)
        applied = await game.play(step)
        if applied is not None and applied.seq > seq:
            done.append(step.writer)
    end = meaning(await game.stored())
    for writer in reversed(done):
        undone = await game.play(Step(writer, (), -1))
        assert undone is not None
        assert undone.skipped == ()
    assert meaning(await game.stored()) == start
    for writer in done:
        redone = await game.play(Step(writer, (), 1))
        assert redone is not None
        assert redone.skipped == ()
    assert meaning(await game.stored()) == end


class Line(MemoryChannel):
    """A channel on which hints wait until the script lets them through: some never, some twice, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[str, Message]] = []

    async def publish(self, topic: str, message: Message) -> None:
        self.waiting.append((topic, message))

    def let_through(self, fate: int) -> None:
        """Do with one waiting hint what the number says: deliver one of the newest three, twice, or lose it."""
        if self.waiting:
            hint = self.waiting[-1 - fate // 3 % min(3, len(self.waiting))]
            for _ in range(fate % 3):
                self.deliver(*hint)
            if fate % 3 != 2:
                self.waiting.remove(hint)


async def follower(feeds: Feeds, game: Game, stays: list[int], end: asyncio.Future[int]) -> dict[UUID, AnnotationRow]:
    """The state of one who leaves and comes back after so many events, in turn, until the last one."""
    state, last, turn = dict[UUID, AnnotationRow](), 0, 0
    while not (end.done() and last >= end.result()):
        left = stays[turn % len(stays)]
        turn += 1
        async with aclosing(feeds.follow(game.slide.id, last)) as stream:
            async for item in stream:
                assert isinstance(item, LoggedEvent)
                assert item.seq == last + 1
                last, left = item.seq, left - 1
                receive(state, rows_of(game.slide.id, item))
                if not left or (end.done() and last >= end.result()):
                    break
    return state


@settings(FEW, max_examples=15)
@given(
    rounds(calls()),
    st.lists(st.integers(0, 8), min_size=1, max_size=20),
    st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3), min_size=1, max_size=3),
)
async def test_followers_have_the_databases_state_whatever_becomes_of_the_hints(
    sqlite_database: TortoiseContext, script: list[list[Step]], fates: list[int], followers: list[list[int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "POLL_S", 0.02)
        game, line = await Game.open(), Line()
        end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with Feeds(line) as feeds, asyncio.timeout(30):
            following = [asyncio.create_task(follower(feeds, game, stays, end)) for stays in followers]
            for number, steps in enumerate(script):
                for applied in await game.play_together(steps):
                    if applied is not None:
                        await line.publish(slide_topic(game.slide.id), {"seq": applied.seq})
                line.let_through(fates[number % len(fates)])
                await asyncio.sleep(0)
            end.set_result(await current_seq(game.slide.id) + 1)  # before the last edit, which wakes all who wait
            last = Step(1, (("create", 99, 0, 0),))
            assert (await game.play(last)) is not None
            states = await asyncio.gather(*following)
        assert states == [await game.stored()] * len(followers)

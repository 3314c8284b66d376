"""Following a slide without gap or repetition: rules F1-F8 of docs/spec.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import pytest

from api.collaboration import feed as feed_module
from api.collaboration.channel import Channel, MemoryChannel, Message, announce
from api.collaboration.feed import Feeds, Item, Resync, Transient
from api.collaboration.log import LoggedEvent, prune, since
from api.collaboration.recent import RecentEvents
from api.errors import NotFound, PlatformError, Unavailable
from tests.collaboration.conftest import Desk


class DeafChannel(MemoryChannel):
    """Loses every message."""

    async def publish(self, topic: str, message: Message) -> None:
        return


def seqs(items: Sequence[Item]) -> list[int]:
    assert all(isinstance(item, LoggedEvent) for item in items)
    return [item.seq for item in items if isinstance(item, LoggedEvent)]


async def take(stream: AsyncIterator[Item], count: int) -> list[Item]:
    async with asyncio.timeout(10):
        return [await anext(stream) for _ in range(count)]


async def test_a_follower_gets_what_was_then_what_happens(desk: Desk) -> None:
    channel = MemoryChannel()
    for _ in range(3):
        await desk.commit()
    async with Feeds(channel) as feeds, aclosing(feeds.follow(desk.slide_id, 1)) as stream:
        assert seqs(await take(stream, 2)) == [2, 3]
        await desk.commit(channel)
        assert seqs(await take(stream, 1)) == [4]
        assert feeds.followed == {desk.slide_id: 1}
    assert feeds.followed == {}


async def test_without_since_the_stream_begins_now(sqlite_desk: Desk) -> None:
    channel = MemoryChannel()
    before = await sqlite_desk.commit()
    async with Feeds(channel) as feeds, aclosing(feeds.follow(sqlite_desk.slide_id)) as stream:
        first = asyncio.ensure_future(take(stream, 1))
        while not first.done():
            await sqlite_desk.commit(channel)
        [seq] = seqs(await first)
        assert seq > before
        await sqlite_desk.commit(channel)
        assert seqs(await take(stream, 1)) == [seq + 1]


@pytest.mark.parametrize("channel", [MemoryChannel(), DeafChannel()], ids=["hinted", "hints lost"])
async def test_the_hole_between_fetch_and_subscribe_loses_nothing(sqlite_desk: Desk, channel: Channel) -> None:
    """Events that are committed after the fetch and before the first live item, however they are announced."""
    desk = sqlite_desk

    class Interrupted(Feeds):
        rounds = 3

        async def _after(self, slide_id: UUID, seq: int, recent: RecentEvents) -> AsyncIterator[LoggedEvent]:
            async for event in super()._after(slide_id, seq, recent):
                yield event
            if self.rounds:  # here is the hole: fetched, and not yet listening to the mailbox
                self.rounds -= 1
                await desk.commit()
                await desk.commit(channel)

    await desk.commit()
    async with Interrupted(channel) as feeds, aclosing(feeds.follow(desk.slide_id, 0)) as stream:
        assert seqs(await take(stream, 3)) == [1, 2, 3]
        feeds.rounds = 0
        await desk.commit(channel)
        assert seqs(await take(stream, 1)) == [4]


async def test_a_gap_in_the_mailbox_is_read_from_the_database(sqlite_desk: Desk) -> None:
    """“If the first event is not last + 1, read the database again.”"""
    channel = MemoryChannel()
    async with Feeds(channel) as feeds, aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as stream:
        await sqlite_desk.commit(channel)
        assert seqs(await take(stream, 1)) == [1]
        await sqlite_desk.commit()
        await sqlite_desk.commit()
        [feed] = feeds._feeds.values()
        feed.recent.skip_to(2)  # as if the reader had passed 2 on before this member was there
        await announce(channel, sqlite_desk.slide_id, 3)
        await sqlite_desk.commit(channel)
        assert seqs(await take(stream, 3)) == [2, 3, 4]


async def test_doubled_late_and_wrong_hints_change_nothing(sqlite_desk: Desk) -> None:
    channel = MemoryChannel()
    async with Feeds(channel) as feeds, aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as stream:
        await sqlite_desk.commit(channel)
        assert seqs(await take(stream, 1)) == [1]
        for seq in (1, 0, 99, 1):
            await announce(channel, sqlite_desk.slide_id, seq)
        await sqlite_desk.commit(channel)
        await announce(channel, sqlite_desk.slide_id, 2)
        await sqlite_desk.commit(channel)
        assert seqs(await take(stream, 2)) == [2, 3]


async def test_many_followers_share_one_reader_and_all_get_everything(desk: Desk) -> None:
    channel = MemoryChannel()

    async def follower(feeds: Feeds, joined: asyncio.Barrier) -> list[int]:
        async with aclosing(feeds.follow(desk.slide_id, 0)) as stream:
            await joined.wait()
            return seqs(await take(stream, 20))

    async with Feeds(channel) as feeds:
        joined = asyncio.Barrier(6)
        async with asyncio.TaskGroup() as tasks:
            followers = [tasks.create_task(follower(feeds, joined)) for _ in range(5)]
            await joined.wait()
            for _ in range(20):
                await desk.commit(channel)
        assert all(task.result() == list(range(1, 21)) for task in followers)


async def test_who_joins_late_or_falls_behind_reads_what_the_reader_still_holds(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stampede of people who come back does not each read the log."""
    channel, read = MemoryChannel(), list[int]()

    async def counted(slide_id: UUID, seq: int, limit: int = 500) -> list[LoggedEvent]:
        read.append(seq)
        return await since(slide_id, seq, limit)

    monkeypatch.setattr(feed_module, "since", counted)
    await sqlite_desk.commit()
    async with Feeds(channel) as feeds, aclosing(feeds.follow(sqlite_desk.slide_id, 1)) as first:
        for seq in range(2, 6):
            await sqlite_desk.commit(channel)
            assert seqs(await take(first, 1)) == [seq]
        assert read == [1, 2, 3, 4]
        for seq in range(2, 5):
            async with aclosing(feeds.follow(sqlite_desk.slide_id, seq)) as late:
                assert seqs(await take(late, 5 - seq)) == list(range(seq + 1, 6))
        assert read == [1, 2, 3, 4]
        async with aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as early:
            assert seqs(await take(early, 5)) == [1, 2, 3, 4, 5]
        assert read == [1, 2, 3, 4, 0]


async def test_too_old_or_too_far_behind_is_told_to_resynchronise(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        await sqlite_desk.commit()
    await prune(sqlite_desk.slide_id, 2)
    async with Feeds(MemoryChannel()) as feeds:
        async with aclosing(feeds.follow(sqlite_desk.slide_id, 1)) as stream:
            assert [item async for item in stream] == [Resync(4, "PRUNED")]
        async with aclosing(feeds.follow(sqlite_desk.slide_id, 77)) as stream:
            assert [item async for item in stream] == [Resync(4, "PRUNED")]
        monkeypatch.setattr(feed_module, "MAX_CATCH_UP", 1)
        async with aclosing(feeds.follow(sqlite_desk.slide_id, 2)) as stream:
            assert [item async for item in stream] == [Resync(4, "FAR_BEHIND")]


async def test_a_slow_follower_loses_its_mailbox_but_no_event(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "QUEUE_SIZE", 3)
    channel = MemoryChannel()
    async with (
        Feeds(channel) as feeds,
        aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as slow,
        aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as fast,
    ):
        for _ in range(2):
            await sqlite_desk.commit(channel)
            assert len(seqs(await take(slow, 1)) + seqs(await take(fast, 1))) == 2
        for seq in range(3, 11):
            await sqlite_desk.commit(channel)
            assert seqs(await take(fast, 1)) == [seq]
        [feed] = feeds._feeds.values()
        assert all(len(member._events) <= 3 for member in feed.members)
        assert seqs(await take(slow, 8)) == [3, 4, 5, 6, 7, 8, 9, 10]


async def test_access_that_ends_closes_the_stream_with_its_reason(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "GUARD_S", 0.01)
    denied: dict[Hashable, PlatformError] = {}

    async def guard(slide_id: UUID, viewers: Collection[Hashable]) -> Mapping[Hashable, PlatformError]:
        assert slide_id == sqlite_desk.slide_id
        return denied

    async with (
        Feeds(MemoryChannel(), guard=guard) as feeds,
        aclosing(feeds.follow(sqlite_desk.slide_id, 0, viewer="removed")) as removed,
        aclosing(feeds.follow(sqlite_desk.slide_id, 0, viewer="member")) as member,
    ):
        await sqlite_desk.commit()
        assert seqs(await take(removed, 1)) == seqs(await take(member, 1)) == [1]
        denied["removed"] = NotFound("gone")
        with pytest.raises(NotFound):
            await take(removed, 1)
        await sqlite_desk.commit()
        assert seqs(await take(member, 1)) == [2]


@dataclass(frozen=True)
class News:
    words: tuple[str, ...]
    key: str = "news"

    def after(self, older: News) -> News:
        return News(older.words + self.words)


class Radio:
    """A source that says what the test says."""

    def __init__(self) -> None:
        self.deliver: asyncio.Future[Callable[[Transient], None]] = asyncio.get_running_loop().create_future()

    async def run(self, slide_id: UUID, deliver: Callable[[Transient], None]) -> None:
        self.deliver.set_result(deliver)
        await asyncio.Event().wait()

    async def snapshot(self, slide_id: UUID) -> Sequence[Transient]:
        return [News(("so far",))]


async def test_news_of_other_sources_is_merged_for_a_slow_follower(sqlite_desk: Desk) -> None:
    radio = Radio()
    async with Feeds(MemoryChannel(), [radio]) as feeds, aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as stream:
        assert await take(stream, 1) == [News(("so far",))]
        deliver = await radio.deliver
        deliver(News(("a",)))
        deliver(News(("b",)))
        assert await take(stream, 1) == [News(("a", "b"))]


async def test_a_reader_that_breaks_ends_its_followers_and_the_next_join_starts_anew(sqlite_desk: Desk) -> None:
    class Broken(MemoryChannel):
        broken = True

        def subscribe(self, topic: str):  # type: ignore[no-untyped-def]
            if self.broken:
                raise RuntimeError("no such luck")
            return super().subscribe(topic)

    channel = Broken()
    await sqlite_desk.commit()
    async with Feeds(channel) as feeds:
        async with aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as stream:
            with pytest.raises(Unavailable):
                await take(stream, 1)
        channel.broken = False
        async with aclosing(feeds.follow(sqlite_desk.slide_id, 0)) as stream:
            assert seqs(await take(stream, 1)) == [1]

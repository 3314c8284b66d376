"""Who is here, in one process and in several: rules P1-P5 of docs/spec.md."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from api.collaboration import presence as presence_module
from api.collaboration.channel import Channel, MemoryChannel, Message
from api.collaboration.feed import Transient
from api.collaboration.presence import Person, Presence, PresenceNews
from api.collaboration.redis_channel import RedisChannel
from api.errors import Conflict, InvalidInput

SLIDE, ADA, BEN = uuid4(), uuid4(), uuid4()


@asynccontextmanager
async def watching(presence: Presence, slide_id: UUID = SLIDE) -> AsyncIterator[asyncio.Queue[PresenceNews]]:
    """What a follower of the slide is told."""
    told: asyncio.Queue[PresenceNews] = asyncio.Queue()

    def deliver(news: Transient) -> None:
        assert isinstance(news, PresenceNews)
        told.put_nowait(news)

    async with asyncio.timeout(10):
        task = asyncio.create_task(presence.run(slide_id, deliver))
        while not presence.watched(slide_id):
            await asyncio.sleep(0)
        yield told
        task.cancel()


class CountingChannel(MemoryChannel):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Message] = []

    async def publish(self, topic: str, message: Message) -> None:
        self.sent.append(message)
        await super().publish(topic, message)


async def test_p1_what_one_shows_reaches_those_who_follow_and_the_rest_stays() -> None:
    async with Presence(MemoryChannel()) as presence, watching(presence) as told:
        assert presence.update(SLIDE, "a", ADA, {"cursor": (1.0, 2.0), "tool": "brush"}) == 1
        assert (await told.get()).people == {"a": Person("a", ADA, cursor=(1.0, 2.0), tool="brush")}
        presence.update(SLIDE, "a", ADA, {"cursor": None})
        assert (await told.get()).people == {"a": Person("a", ADA, cursor=None, tool="brush")}
        presence.update(uuid4(), "b", BEN, {})
        assert presence.people(SLIDE) == [Person("a", ADA, tool="brush")]


async def test_p2_the_first_change_goes_at_once_and_a_burst_goes_together() -> None:
    channel = CountingChannel()
    async with Presence(channel) as presence, watching(presence) as told:
        channel.sent.clear()
        for x in range(100):
            presence.update(SLIDE, "a", ADA, {"cursor": (float(x), 0.0)})
            await asyncio.sleep(0)
        first, last = await told.get(), await told.get()
        assert first.people["a"].cursor is not None
        assert last.people["a"].cursor == (99.0, 0.0)
        assert len(channel.sent) == 2


async def test_p3_a_client_that_leaves_is_gone_and_only_its_owner_can_make_it_leave() -> None:
    async with Presence(MemoryChannel()) as presence, watching(presence) as told:
        presence.update(SLIDE, "a", ADA, {})
        await told.get()
        presence.leave(SLIDE, "a", BEN)
        presence.leave(SLIDE, "unknown", ADA)
        presence.leave(SLIDE, "a", ADA)
        assert (await told.get()).left == {"a"}
        assert presence.people(SLIDE) == []


async def test_p3_silence_ends_a_presence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "TTL_S", 0.05)
    monkeypatch.setattr(presence_module, "SWEEP_S", 0.02)
    async with Presence(MemoryChannel()) as presence, watching(presence) as told:
        presence.update(SLIDE, "a", ADA, {})
        assert "a" in (await told.get()).people
        assert (await told.get()).left == {"a"}
        assert presence.people(SLIDE) == []


async def test_p4_a_client_id_is_its_owners_while_it_is_here() -> None:
    async with Presence(MemoryChannel()) as presence:
        presence.update(SLIDE, "a", ADA, {})
        with pytest.raises(Conflict) as caught:
            presence.update(SLIDE, "a", BEN, {"cursor": (0.0, 0.0)})
        assert caught.value.code == "CLIENT_ID_TAKEN"
        assert presence.people(SLIDE) == [Person("a", ADA)]


async def test_p6_one_client_presents_at_a_time() -> None:
    async with Presence(MemoryChannel()) as presence:
        presence.update(SLIDE, "a", ADA, {"presenting": True})
        presence.update(SLIDE, "a", ADA, {"presenting": True})
        with pytest.raises(Conflict) as caught:
            presence.update(SLIDE, "b", BEN, {"presenting": True})
        assert caught.value.code == "SOMEONE_PRESENTS"
        presence.update(SLIDE, "a", ADA, {"presenting": False})
        presence.update(SLIDE, "b", BEN, {"presenting": True})
        assert [person.client_id for person in presence.people(SLIDE) if person.presenting] == ["b"]
        presence.leave(SLIDE, "b", BEN)
        presence.update(SLIDE, "a", ADA, {"presenting": True})


async def both_ways(one: Channel, two: Channel) -> None:
    async with Presence(one) as here, Presence(two) as there, watching(here) as told_here:
        here.update(SLIDE, "a", ADA, {"tool": "pan"})
        assert "a" in (await told_here.get()).people
        async with watching(there) as told_there:  # a newcomer is told who was there before
            assert (await told_there.get()).people == {"a": Person("a", ADA, tool="pan")}
            there.update(SLIDE, "b", BEN, {"cursor": (5.0, 6.0), "stroke": (1.0, 2.0, 3.0, 4.0)})
            while "b" not in (news := await told_here.get()).people:
                pass
            assert news.people["b"] == Person("b", BEN, cursor=(5.0, 6.0), stroke=(1.0, 2.0, 3.0, 4.0))
            assert {person.client_id for person in here.people(SLIDE)} == {"a", "b"}


async def test_p5_two_processes_on_one_channel_see_each_other() -> None:
    channel = MemoryChannel()
    await both_ways(channel, channel)


async def test_p5_two_processes_over_redis_see_each_other(redis_url: str) -> None:
    async with RedisChannel.connect(redis_url) as one, RedisChannel.connect(redis_url) as two:
        await both_ways(one, two)


def test_a_slow_follower_gets_the_newest_of_each_and_no_ghosts() -> None:
    ada, ben = Person("a", ADA), Person("b", BEN)
    older = PresenceNews({"a": ada, "b": ben}, frozenset({"c"}))
    newer = PresenceNews({"c": Person("c", ADA)}, frozenset({"b"}))
    assert newer.after(older) == PresenceNews({"a": ada, "c": Person("c", ADA)}, frozenset({"b"}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cursor": (1.0,)}, "cursor has 1 numbers; send 2."),
        ({"viewport": (1.0, 2.0)}, "viewport has 2 numbers; send 4."),
        ({"stroke": (1.0,) * 3}, "stroke has 3 numbers"),
        ({"stroke": (1.0,) * 4002}, "stroke has 4002 numbers"),
        ({"cursor": (math.inf, 0.0)}, "not a finite number"),
        ({"selection": ("x" * 37,)}, "or one too long"),
        ({"tool": "x" * 33}, "tool at most 32"),
    ],
)
async def test_what_can_not_be_shown_is_refused(changes: dict[str, object], words: str) -> None:
    async with Presence(MemoryChannel()) as presence:
        with pytest.raises(InvalidInput) as caught:
            presence.update(SLIDE, "a", ADA, changes)
        assert words in caught.value.message
        assert presence.people(SLIDE) == []

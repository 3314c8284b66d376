"""One contract, two channels: memory and a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.collaboration.channel import QUEUE_SIZE, Channel, MemoryChannel
from api.collaboration.redis_channel import RedisChannel, open_channel
from tests.servers.redis import RedisServer


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def channel(request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    async with open_channel(url) as channel:
        yield channel


async def test_a_subscriber_gets_what_is_published_after_it_joined_in_order(channel: Channel) -> None:
    await channel.publish("a", {"n": 0})
    async with asyncio.timeout(5), channel.subscribe("a") as messages:
        for n in (1, 2, 3):
            await channel.publish("a", {"n": n})
        assert [await anext(messages) for _ in range(3)] == [{"n": 1}, {"n": 2}, {"n": 3}]


async def test_topics_are_apart_and_every_subscriber_hears(channel: Channel) -> None:
    async with asyncio.timeout(5), channel.subscribe("a") as first, channel.subscribe("a") as second:
        await channel.publish("b", {"to": "b"})
        await channel.publish("a", {"to": "a"})
        assert await anext(first) == {"to": "a"}
        assert await anext(second) == {"to": "a"}


async def test_a_topic_can_be_left_and_joined_again(channel: Channel) -> None:
    for n in range(3):
        async with asyncio.timeout(5), channel.subscribe("a") as messages:
            await channel.publish("a", {"n": n})
            assert await anext(messages) == {"n": n}


async def test_a_slow_subscriber_loses_the_oldest_and_memory_stays_bounded(channel: Channel) -> None:
    async with asyncio.timeout(10), channel.subscribe("a") as slow, channel.subscribe("a") as fast:
        for n in range(QUEUE_SIZE + 10):
            await channel.publish("a", {"n": n})
            assert await anext(fast) == {"n": n}
        assert await anext(slow) == {"n": 10}


async def test_memory_channel_forgets_topics_nobody_listens_to() -> None:
    channel = MemoryChannel()
    async with channel.subscribe("a"):
        assert channel.topics == {"a"}
    assert channel.topics == frozenset()


async def test_two_processes_worth_of_channels_hear_each_other(redis_url: str) -> None:
    async with (
        RedisChannel.connect(redis_url) as one,
        RedisChannel.connect(redis_url) as two,
        asyncio.timeout(5),
        one.subscribe("a") as messages,
    ):
        await two.publish("a", {"from": "two"})
        assert await anext(messages) == {"from": "two"}


@pytest.mark.redis
async def test_listening_survives_a_restart_of_redis(own_redis: RedisServer) -> None:
    async with (
        RedisChannel.connect(own_redis.url) as channel,
        asyncio.timeout(30),
        channel.subscribe("a") as messages,
    ):
        own_redis.stop()
        await channel.publish("a", {"n": 1})  # reaches this process only, and neither raises nor hangs
        assert await anext(messages) == {"n": 1}
        own_redis.start()
        async with RedisChannel.connect(own_redis.url) as other:
            received = asyncio.create_task(anext(messages))
            n = 1
            while not received.done():
                n += 1
                await other.publish("a", {"n": n})
                await asyncio.wait({received}, timeout=0.05)
            assert (await received)["n"] > 1


@pytest.mark.redis
async def test_redis_that_is_away_at_the_start_is_joined_when_it_comes(own_redis: RedisServer) -> None:
    own_redis.stop()
    async with (
        RedisChannel.connect(own_redis.url) as channel,
        asyncio.timeout(30),
        channel.subscribe("a") as messages,
    ):
        own_redis.start()
        async with RedisChannel.connect(own_redis.url) as other:
            received = asyncio.create_task(anext(messages))
            while not received.done():
                await other.publish("a", {})
                await asyncio.wait({received}, timeout=0.05)
            assert await received == {}

"""The channel of several processes: Redis pub/sub, reconnecting for ever.

One connection listens for all topics of the process, others publish. While Redis is away nothing is lost that
matters: hints are healed by polling, presence by its next update.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from api.collaboration.channel import Channel, MemoryChannel, Message, Subscriber

PUBLISH_TIMEOUT_S = 1.0
SUBSCRIBE_TIMEOUT_S = 2.0
HEARTBEAT_S, SILENCE_S = 5.0, 12.0
RECONNECT_S = (0.05, 2.0)
"""First and longest pause between attempts to reach Redis."""

log = logging.getLogger(__name__)

_HEARTBEAT = "coslide:heartbeat"
_Away = (RedisError, OSError, TimeoutError)


class RedisChannel:
    """Use as `async with RedisChannel.connect(url) as channel`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._local = MemoryChannel()
        self._counts: dict[str, int] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._heard_on: set[str] = set()
        self._wanted = asyncio.Event()
        self._reachable = True
        self._heard_at = 0.0

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator[RedisChannel]:
        """The channel over the Redis at `url`, which may be away now and come back later."""
        redis = Redis.from_url(
            url,
            socket_connect_timeout=PUBLISH_TIMEOUT_S,
            socket_timeout=None,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),  # reconnecting is `_listen`'s affair
        )
        channel = cls(redis)
        listener = asyncio.create_task(channel._listen(), name="redis-listener")
        try:
            yield channel
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener
            await redis.aclose()

    async def publish(self, topic: str, message: Message) -> None:
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._redis.publish(topic, orjson.dumps(message))
        except _Away as exc:
            self._note(reachable=False, why=exc)
            self._local.deliver(topic, message)  # at least the listeners of this process hear it

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[Subscriber]:
        async with self._local.subscribe(topic) as subscriber:
            self._counts[topic] = self._counts.get(topic, 0) + 1
            confirmed = self._confirmed.setdefault(topic, asyncio.Event())
            self._wanted.set()
            try:
                with suppress(TimeoutError):  # Redis is away: listening begins when it is back
                    async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S if self._reachable else 0):
                        await confirmed.wait()
                yield subscriber
            finally:
                self._counts[topic] -= 1
                if not self._counts[topic]:
                    del self._counts[topic], self._confirmed[topic]
                    self._wanted.set()

    async def _listen(self) -> None:
        pause = RECONNECT_S[0]
        while True:
            try:
                await self._follow()
            except* _Away as exc:
                pause = RECONNECT_S[0] if self._reachable else min(pause * 2, RECONNECT_S[1])
                self._note(reachable=False, why=exc.exceptions[0])
            self._heard_on.clear()
            await asyncio.sleep(pause)

    async def _follow(self) -> None:
        """Listen over one connection until it breaks; raises what broke it."""
        pubsub = self._redis.pubsub()
        try:
            await pubsub.subscribe(_HEARTBEAT)
            self._heard_at = asyncio.get_running_loop().time()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_topics(pubsub))
                tasks.create_task(self._pass_on(pubsub))
        finally:
            with suppress(*_Away):
                await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _keep_topics(self, pubsub: PubSub) -> None:
        """Follow the topics that are wanted, and notice a connection that went silent."""
        following: set[str] = set()
        while True:
            self._wanted.clear()
            wanted = set(self._counts)
            if new := wanted - following:
                await pubsub.subscribe(*new)
            if old := following - wanted:
                await pubsub.unsubscribe(*old)
            following = wanted
            self._confirm()
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._wanted.wait()
            except TimeoutError:
                if asyncio.get_running_loop().time() - self._heard_at > SILENCE_S:
                    raise RedisConnectionError(f"no answer for {SILENCE_S} s") from None
                await pubsub.ping(_HEARTBEAT)

    async def _pass_on(self, pubsub: PubSub) -> None:
        while True:
            message = await pubsub.get_message(timeout=None)
            self._heard_at = asyncio.get_running_loop().time()
            self._note(reachable=True)
            if message is None or message["type"] == "pong":
                continue
            topic = message["channel"].decode()
            if message["type"] == "subscribe":
                self._heard_on.add(topic)
                self._confirm()
            elif message["type"] == "unsubscribe":
                self._heard_on.discard(topic)
            elif message["type"] == "message":
                self._local.deliver(topic, orjson.loads(message["data"]))

    def _confirm(self) -> None:
        for topic in self._heard_on & self._confirmed.keys():
            self._confirmed[topic].set()

    def _note(self, *, reachable: bool, why: BaseException | None = None) -> None:
        if reachable != self._reachable:
            self._reachable = reachable
            if reachable:
                log.info("Redis is back; hints between processes flow again.")
            else:
                log.warning("Redis is away (%s); until it is back, other processes' changes arrive by polling.", why)


@asynccontextmanager
async def open_channel(redis_url: str | None) -> AsyncIterator[Channel]:
    """The channel for these settings: Redis when there is one, else memory, for one process."""
    if redis_url is None:
        yield MemoryChannel()
        return
    async with RedisChannel.connect(redis_url) as channel:
        yield channel

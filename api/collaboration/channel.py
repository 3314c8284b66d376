"""Short messages between processes: hints that a slide moved on, and presence.

Messages may be lost, doubled or late; whoever listens has another way to the truth. So publishing never fails and
never waits long, and a listener that is too slow loses the oldest messages.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

Message = dict[str, Any]

QUEUE_SIZE = 256
"""Messages a listener may be behind before it loses the oldest."""


class Subscriber:
    """The messages of one topic for one listener: `async for message in subscriber`."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque(maxlen=QUEUE_SIZE)
        self._arrived = asyncio.Event()

    def put(self, message: Message) -> None:
        """Hand a message over; the oldest goes when there are too many."""
        self._messages.append(message)
        self._arrived.set()

    def __aiter__(self) -> Subscriber:
        return self

    async def __anext__(self) -> Message:
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        return self._messages.popleft()


class Channel(Protocol):
    """Topics that any process can publish to and subscribe to."""

    async def publish(self, topic: str, message: Message) -> None:
        """Send to whoever listens now. Returns soon and never raises; the message may be lost."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[Subscriber]:
        """Listen while the block runs. What is published after it began is received, unless it is lost."""
        ...


class MemoryChannel:
    """The channel of a single process."""

    def __init__(self) -> None:
        self._subscribers: defaultdict[str, set[Subscriber]] = defaultdict(set)

    async def publish(self, topic: str, message: Message) -> None:
        self.deliver(topic, message)

    def deliver(self, topic: str, message: Message) -> None:
        """Hand a message to this process's listeners."""
        for subscriber in self._subscribers.get(topic, ()):
            subscriber.put(message)

    @property
    def topics(self) -> frozenset[str]:
        """What is listened to now."""
        return frozenset(self._subscribers)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[Subscriber]:
        subscriber = Subscriber()
        self._subscribers[topic].add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers[topic].discard(subscriber)
            if not self._subscribers[topic]:
                del self._subscribers[topic]


def slide_topic(slide_id: UUID) -> str:
    """Where hints about a slide are published."""
    return f"slide:{slide_id}"


async def announce(channel: Channel, slide_id: UUID, seq: int) -> None:
    """Hint that the slide reached `seq`; call it after the commit, never before."""
    await channel.publish(slide_topic(slide_id), {"seq": seq})

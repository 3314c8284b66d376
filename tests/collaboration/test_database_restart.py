"""The database goes away and comes back under writers and followers: rules L4, L7 and F3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext

from api.collaboration.channel import MemoryChannel, announce
from api.collaboration.feed import Feeds
from api.collaboration.log import EventKind, LoggedEvent, Origin, SlideTransaction, since, write
from api.errors import Unavailable
from api.models import MODEL_MODULES
from tests.collaboration.conftest import Desk
from tests.factories import make_slide_row, make_user
from tests.servers.mariadb import MariadbServer, running_mariadb


@pytest.fixture
async def own_mariadb() -> AsyncIterator[MariadbServer]:
    """A MariaDB that the test may stop, and its tables in the current context."""
    with running_mariadb(keeps_commits=True) as server:
        async with TortoiseContext() as context:
            url = f"{server.url(server.create_database())}?maxsize=10"
            await context.init(db_url=url, modules={"models": MODEL_MODULES})
            await context.generate_schemas(safe=False)
            yield server


@pytest.mark.mariadb
async def test_no_acknowledged_edit_is_lost_when_the_database_restarts(own_mariadb: MariadbServer) -> None:
    desk = Desk((await make_slide_row()).id, (await make_user()).id)
    channel = MemoryChannel()
    stopping = asyncio.Event()

    async def append_one(transaction: SlideTransaction) -> None:
        await transaction.append(EventKind.SLIDE, {})

    async def writer(name: str) -> list[int]:
        acknowledged: list[int] = []
        while not (stopping.is_set() and len(acknowledged) >= 20):
            key = Origin(desk.user_id, name, str(uuid4()))
            while True:  # as a client does: the same mutation again until it is answered
                try:
                    [event] = await write(desk.slide_id, key, append_one)
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)
            acknowledged.append(event.seq)
            await announce(channel, desk.slide_id, event.seq)
        return acknowledged

    async def follower(feeds: Feeds, seen: list[int]) -> None:
        async with aclosing(feeds.follow(desk.slide_id, 0)) as stream:
            async for item in stream:
                assert isinstance(item, LoggedEvent)
                seen.append(item.seq)

    async with asyncio.timeout(90), Feeds(channel) as feeds:
        seen: list[int] = []
        following = asyncio.create_task(follower(feeds, seen))
        writers = [asyncio.create_task(writer(f"w{n}")) for n in range(4)]
        while len(seen) < 10:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(own_mariadb.kill)
        await asyncio.to_thread(own_mariadb.start)
        stopping.set()
        acknowledged = sorted(seq for seqs in await asyncio.gather(*writers) for seq in seqs)
        while not seen or seen[-1] < acknowledged[-1]:
            await asyncio.sleep(0.01)
        following.cancel()
    assert acknowledged == sorted(set(acknowledged))
    assert seen == list(range(1, len(seen) + 1))
    stored = [event.seq for event in await since(desk.slide_id, 0, limit=100_000)]
    assert stored == list(range(1, len(stored) + 1))
    assert set(acknowledged) == set(stored)

"""Several API processes, a real Redis, both databases: nobody misses an edit, nobody sees one twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tortoise.context import TortoiseContext

from api.collaboration.log import since
from api.models.annotation import Annotation
from api.models.project import Role
from api.settings import Settings
from tests.components import missing
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.live_app import LiveServer
from tests.schema.live_client import Client, client_of, create
from tests.servers.redis import RedisServer, redis_binary


@dataclass
class Cluster:
    """Two API processes on one database and one Redis, and a person at each."""

    slide_id: UUID
    redis: RedisServer
    servers: Sequence[LiveServer]
    clients: Sequence[Client]


@pytest.fixture
async def cluster(database: TortoiseContext, db_url: str, tmp_path: Path) -> AsyncIterator[Cluster]:
    if redis_binary() is None:
        missing("A Redis server", "install Debian's redis-server")
    ada, ben = await make_user("Ada"), await make_user("Ben")
    slide = await make_slide_row(await make_project(ada, members={Role.ANNOTATOR: ben}))
    redis = RedisServer(tmp_path)
    redis.start()
    servers = [LiveServer(tmp_path, f"api{number}", db_url, redis.url) for number in range(2)]
    async with AsyncExitStack() as stack:
        stack.callback(redis.stop)
        for server in servers:
            stack.callback(server.stop)
            await asyncio.to_thread(server.start)
        settings = Settings(data=tmp_path)
        clients = [
            await stack.enter_async_context(client_of(server.url, user, settings))
            for server, user in zip(servers, (ada, ben), strict=True)
        ]
        yield Cluster(slide.id, redis, servers, clients)


async def edit(cluster: Cluster, client: Client, count: int) -> list[str]:
    """Draw `count` annotations one after the other; the ids of those acknowledged."""
    acknowledged = []
    for _ in range(count):
        id_ = uuid4()
        result = await client.apply(cluster.slide_id, create(id_))
        assert result["__typename"] == "AppliedOps"
        acknowledged.append(str(id_))
    return acknowledged


@pytest.mark.redis
async def test_edits_at_one_process_reach_followers_at_the_other_at_once(cluster: Cluster) -> None:
    ada, ben = cluster.clients
    loop = asyncio.get_running_loop()
    async with ada.follow(cluster.slide_id, 0) as stream:
        await ben.apply(cluster.slide_id, create())
        assert await stream.seqs(1) == [1]
        delays = []
        for _ in range(20):
            began = loop.time()
            await ben.apply(cluster.slide_id, create())
            await stream.seqs(1)
            delays.append(loop.time() - began)
        assert sorted(delays)[10] < 0.5  # by hint; the poll alone would take half a second at the median


@pytest.mark.redis
async def test_no_gap_and_no_repetition_while_redis_stops_and_comes_back(cluster: Cluster) -> None:
    ada, ben = cluster.clients
    each = 30
    async with (
        ada.follow(cluster.slide_id, 0) as at_ada,
        ben.follow(cluster.slide_id, 0) as at_ben,
        asyncio.TaskGroup() as tasks,
    ):
        followers = [tasks.create_task(stream.seqs(6 * each)) for stream in (at_ada, at_ben)]
        acknowledged: list[str] = []
        for happening in (None, cluster.redis.stop, cluster.redis.start):
            if happening is not None:
                await asyncio.to_thread(happening)
            for ids in await asyncio.gather(*(edit(cluster, client, each) for client in cluster.clients)):
                acknowledged += ids
    for follower in followers:
        assert follower.result() == list(range(1, 6 * each + 1))
    assert {str(id_) for id_ in await Annotation.all().values_list("id", flat=True)} == set(acknowledged)


@pytest.mark.redis
async def test_a_killed_process_loses_no_acknowledged_edit(cluster: Cluster) -> None:
    ada, ben = cluster.clients
    acknowledged: list[str] = []

    async def edit_until_killed() -> None:
        try:
            while True:
                acknowledged.extend(await edit(cluster, ben, 1))
        except Exception:  # the process is gone: however the client notices
            return

    async with ada.follow(cluster.slide_id, 0) as stream:
        editing = asyncio.create_task(edit_until_killed())
        seen = await stream.seqs(10)
        cluster.servers[1].kill()
        await editing
        acknowledged += await edit(cluster, ada, 5)
        events = await since(cluster.slide_id, 0)
        seen += await stream.seqs(len(events) - 10)
    assert seen == [event.seq for event in events] == list(range(1, len(events) + 1))
    written = {row["id"] for event in events for row in event.body["annotations"]}
    assert set(acknowledged) <= written
    assert len(written) - len(acknowledged) <= 1  # at most the edit that was under way
    assert {str(id_) for id_ in await Annotation.all().values_list("id", flat=True)} == written

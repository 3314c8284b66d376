"""A Redis that a test may stop, and a slide to write events to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tortoise.context import TortoiseContext

from api.collaboration.channel import Channel, announce
from api.collaboration.log import EventKind, Origin, slide_transaction
from tests.components import missing
from tests.factories import make_slide_row, make_user
from tests.servers.redis import RedisServer, redis_binary


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    if redis_binary() is None:
        missing("A Redis server", "install Debian's redis-server")
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@dataclass
class Desk:
    """A slide to write to without the rest of the platform."""

    slide_id: UUID
    user_id: UUID

    async def commit(self, channel: Channel | None = None) -> int:
        """Append one event, hint on `channel` if given, and return its seq."""
        async with slide_transaction(self.slide_id, Origin(self.user_id, "desk", str(uuid4()))) as transaction:
            event = await transaction.append(EventKind.SLIDE, {})
        if channel is not None:
            await announce(channel, self.slide_id, event.seq)
        return event.seq


async def _make_desk() -> Desk:
    slide, user = await make_slide_row(), await make_user()
    return Desk(slide.id, user.id)


@pytest.fixture
async def desk(database: TortoiseContext) -> Desk:
    """On SQLite and on MariaDB."""
    return await _make_desk()


@pytest.fixture
async def sqlite_desk(sqlite_database: TortoiseContext) -> Desk:
    return await _make_desk()

"""A Redis that a test may stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components import missing
from tests.servers.redis import RedisServer, redis_binary


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    if redis_binary() is None:
        missing("A Redis server", "install Debian's redis-server")
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()

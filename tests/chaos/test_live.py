"""The short form of `make chaos-live`: rules L1, L4, L7, L8, F1-F4 while everything fails once."""

from __future__ import annotations

import pytest

from tests.chaos.live import survive
from tests.components import missing
from tests.servers.mariadb import mariadb_binary
from tests.servers.redis import redis_binary


@pytest.mark.mariadb
@pytest.mark.redis
async def test_no_acknowledged_edit_is_lost_while_everything_fails() -> None:
    if mariadb_binary() is None:
        missing("A MariaDB server", "install Debian's mariadb-server")
    if redis_binary() is None:
        missing("A Redis server", "install Debian's redis-server")
    survived = await survive(seed=20, edits=1000, timeout_s=150)
    assert sorted(survived.failures) == ["api 0 killed", "api 1 killed", "mariadb restarted", "redis stopped"]
    assert survived.acknowledged > 800
    assert survived.joins > 40

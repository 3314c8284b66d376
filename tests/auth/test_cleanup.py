"""Removing what has ended, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.context import TortoiseContext
from tortoise.exceptions import OperationalError

from api.auth import cleanup
from api.auth.cleanup import remove_expired, remove_expired_forever
from api.models.user import Session, SignInAttempt, SignInLink, UsedState
from tests.factories import make_user

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


async def test_only_what_has_ended_goes(database: TortoiseContext) -> None:
    user = await make_user()
    for number, expires_at in enumerate((NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1))):
        await Session.create(token_hash=f"s{number}", user=user, expires_at=expires_at)
        await UsedState.create(id=f"u{number}", expires_at=expires_at)
        await SignInLink.create(token_hash=f"l{number}", user=user, expires_at=expires_at - timedelta(days=1))
        await SignInAttempt.create(subject=f"a{number}", created_at=expires_at - timedelta(minutes=15))
    assert await remove_expired(NOW) == 8
    assert await Session.all().values_list("token_hash", flat=True) == ["s2"]
    assert await UsedState.all().values_list("id", flat=True) == ["u2"]
    assert await SignInLink.all().values_list("token_hash", flat=True) == ["l2"]
    assert await SignInAttempt.all().values_list("subject", flat=True) == ["a2"]
    assert await remove_expired(NOW) == 0


async def test_it_goes_on_after_the_database_was_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = 0
    third = asyncio.Event()

    async def fail_once(now: datetime) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OperationalError("away")
        if calls == 3:
            third.set()
        return 0

    monkeypatch.setattr(cleanup, "remove_expired", fail_once)
    caplog.set_level(logging.WARNING)
    task = asyncio.create_task(remove_expired_forever(interval_s=0))
    await asyncio.wait_for(third.wait(), timeout=5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.getMessage() for record in caplog.records] == ["rows that have ended were not removed: away"]

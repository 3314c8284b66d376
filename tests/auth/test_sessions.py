"""Sessions: found by cookie or bearer token, remembered for seconds, ended at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import HTTPConnection
from tortoise.context import TortoiseContext

from api.auth import sessions, tokens
from api.auth.secrets import hash_token
from api.auth.sessions import CACHE_S, CACHE_SIZE, ViewerCache, until_ended, viewer_of, viewer_of_credential
from api.auth.viewer import ALL_SCOPES, Scope, Viewer
from api.errors import NotFound
from api.models.user import Session, User
from api.settings import Settings
from tests.auth_app import make_app
from tests.factories import make_user


def connection(settings: Settings, **headers: str) -> HTTPConnection:
    """An HTTP request or socket as Starlette hands it to a route."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": raw, "app": make_app(settings), "path": "/", "query_string": b""})


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch) -> ViewerCache:
    cache = ViewerCache()
    monkeypatch.setattr(sessions, "cache", cache)
    return cache


async def test_the_cookie_tells_who_asks(database: TortoiseContext, settings: Settings) -> None:
    user = await make_user("Ada", is_admin=True)
    token = await sessions.create(user.id, settings, user_agent="x" * 300, address="127.0.0.1")
    row = await Session.get()
    assert row.token_hash == hash_token(token)
    assert (len(row.user_agent), row.address) == (255, "127.0.0.1")
    assert timedelta(days=13, hours=23) < row.expires_at - datetime.now(UTC) <= timedelta(days=14)
    viewer = await viewer_of(connection(settings, cookie=f"coslide={token}"))
    assert viewer == Viewer(user.id, "Ada", hash_token(token), ALL_SCOPES, is_admin=True, expires_at=row.expires_at)


async def test_the_https_cookie_has_another_name(sqlite_database: TortoiseContext, settings: Settings) -> None:
    token = await sessions.create((await make_user()).id, settings)
    secure = settings.model_copy(update={"public_url": "https://coslide.test"})
    assert await viewer_of(connection(secure, cookie=f"__Host-coslide={token}")) is not None
    assert await viewer_of(connection(secure, cookie=f"coslide={token}")) is None
    assert await viewer_of(connection(settings, cookie=f"__Host-coslide={token}")) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cookie": "coslide="},
        {"cookie": "coslide=made-up"},
        {"authorization": "Bearer "},
        {"authorization": "Basic YTpi"},
    ],
)
async def test_strangers(sqlite_database: TortoiseContext, settings: Settings, headers: dict[str, str]) -> None:
    assert await viewer_of(connection(settings, **headers)) is None


async def test_a_wrong_bearer_token_is_not_saved_by_a_good_cookie(
    sqlite_database: TortoiseContext, settings: Settings
) -> None:
    token = await sessions.create((await make_user()).id, settings)
    both = connection(settings, cookie=f"coslide={token}", authorization="Bearer coslide_x_y")
    assert await viewer_of(both) is None


async def test_a_session_token_is_no_bearer_token_and_the_reverse(
    sqlite_database: TortoiseContext, settings: Settings
) -> None:
    user = await make_user()
    session = await sessions.create(user.id, settings)
    token, _ = await tokens.create_token(user.id, name="script", scopes=["read"])
    for _ in range(2):  # the second time from the cache
        assert await viewer_of(connection(settings, cookie=f"coslide={session}")) is not None
        assert await viewer_of(connection(settings, authorization=f"Bearer {session}")) is None
        assert await viewer_of(connection(settings, authorization=f"bearer {token}")) is not None
        assert await viewer_of(connection(settings, cookie=f"coslide={token}")) is None


async def test_a_session_ends_at_its_time(sqlite_database: TortoiseContext, settings: Settings) -> None:
    token = await sessions.create((await make_user()).id, settings)
    await Session.all().update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await viewer_of_credential(hash_token(token)) is None


async def test_a_remembered_viewer_needs_no_query_until_revoked(
    sqlite_database: TortoiseContext, settings: Settings
) -> None:
    token = await sessions.create((await make_user()).id, settings)
    credential = hash_token(token)
    viewer = await viewer_of_credential(credential)
    await Session.all().delete()  # as another process would
    assert await viewer_of_credential(credential) is viewer
    await sessions.revoke(credential)
    assert await viewer_of_credential(credential) is None
    await sessions.revoke(credential)


async def test_memory_lasts_ten_seconds_at_most(
    sqlite_database: TortoiseContext, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CACHE_S <= 10
    token = await sessions.create((await make_user()).id, settings)
    credential = hash_token(token)
    now_s = 1000.0
    monkeypatch.setattr("api.auth.sessions.time.monotonic", lambda: now_s)
    assert await viewer_of_credential(credential) is not None
    await User.all().update(disabled_at=datetime.now(UTC))
    now_s += CACHE_S - 0.1
    assert await viewer_of_credential(credential) is not None
    now_s += 0.2
    assert await viewer_of_credential(credential) is None


def viewer(number: int, expires_at: datetime | None = None) -> Viewer:
    from uuid import UUID

    return Viewer(UUID(int=number % 3), "Ada", f"{number}", expires_at=expires_at)


def test_memory_is_bounded_and_keeps_the_latest(own_cache: ViewerCache) -> None:
    for number in range(CACHE_SIZE + 5):
        own_cache.put(viewer(number))
    assert own_cache.get("4") is None
    assert own_cache.get("5") == viewer(5)
    assert own_cache.get(str(CACHE_SIZE + 4)) == viewer(CACHE_SIZE + 4)


def test_memory_does_not_outlive_the_session(own_cache: ViewerCache) -> None:
    own_cache.put(viewer(1, datetime.now(UTC) - timedelta(seconds=1)))
    assert own_cache.get("1") is None


def test_forgetting_a_person_forgets_all_their_credentials(own_cache: ViewerCache) -> None:
    for number in range(6):
        own_cache.put(viewer(number))
    own_cache.forget_user(viewer(1).user_id)
    assert [number for number in range(6) if own_cache.get(str(number))] == [0, 2, 3, 5]


async def test_revoking_ones_own_sessions(database: TortoiseContext, settings: Settings) -> None:
    ada, eve = await make_user("Ada"), await make_user("Eve")
    first, second, third = [hash_token(await sessions.create(ada.id, settings)) for _ in range(3)]
    other = hash_token(await sessions.create(eve.id, settings))
    assert {row.token_hash for row in await sessions.list_sessions(ada.id)} == {first, second, third}
    with pytest.raises(NotFound):
        await sessions.revoke_own(ada.id, other)
    await sessions.revoke_own(ada.id, first)
    with pytest.raises(NotFound):
        await sessions.revoke_own(ada.id, first)
    await sessions.revoke_all(ada.id, keep=second)
    assert {row.token_hash for row in await Session.all()} == {second, other}
    await sessions.revoke_all(ada.id)
    assert [row.token_hash for row in await Session.all()] == [other]


async def test_waiting_for_the_end_of_a_session(sqlite_database: TortoiseContext, settings: Settings) -> None:
    user = await make_user()
    first, second = [hash_token(await sessions.create(user.id, settings)) for _ in range(2)]
    waits = {}
    for credential in (first, second):
        found = await viewer_of_credential(credential)
        assert found is not None
        waits[credential] = asyncio.create_task(until_ended(found))
    await asyncio.sleep(0)
    await sessions.revoke(first)
    await asyncio.wait_for(waits[first], timeout=2)
    assert not waits[second].done()
    await sessions.revoke_all(user.id)
    await asyncio.wait_for(waits[second], timeout=2)


async def test_waiting_for_a_session_that_expires(sqlite_database: TortoiseContext, settings: Settings) -> None:
    token = await sessions.create((await make_user()).id, settings)
    await Session.all().update(expires_at=datetime.now(UTC) + timedelta(seconds=0.3))
    found = await viewer_of_credential(hash_token(token))
    assert found is not None
    await asyncio.wait_for(until_ended(found), timeout=3)
    assert found.expires_at is not None
    assert datetime.now(UTC) >= found.expires_at


async def test_a_token_revoked_ends_its_sockets(sqlite_database: TortoiseContext, settings: Settings) -> None:
    user = await make_user()
    token, row = await tokens.create_token(user.id, name="script", scopes=["read"])
    found = await sessions.viewer_of_token(f"Bearer {token}")
    assert found is not None
    assert (found.scopes, found.via_token) == (frozenset({Scope.READ}), True)
    wait = asyncio.create_task(until_ended(found))
    await asyncio.sleep(0)
    sessions.cache.forget(await tokens.revoke_token(user.id, row.id))
    await asyncio.wait_for(wait, timeout=2)

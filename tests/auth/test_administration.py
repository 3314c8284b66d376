"""Accounts as an administrator handles them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tortoise.context import TortoiseContext

from api.auth import administration, sessions, tokens
from api.auth.accounts import check_credentials
from api.auth.passwords import PasswordPool
from api.auth.secrets import hash_token
from api.errors import InvalidInput, NotFound, NotPermitted
from api.models.user import Session
from api.settings import Settings
from tests.factories import make_user


@pytest.fixture(autouse=True)
def cheap(password_pool: PasswordPool, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(administration, "password_pool", lambda: password_pool)
    yield


async def test_an_account_is_found_however_its_address_is_typed(sqlite_database: TortoiseContext) -> None:
    user = await make_user(email="ada@example.org")
    assert (await administration.find_account(" ADA@Example.org ")).id == user.id
    with pytest.raises(NotFound) as refused:
        await administration.find_account("Eve@example.org")
    assert refused.value.message == (
        "There is no account eve@example.org. Make it: coslide user create eve@example.org --name NAME"
    )
    with pytest.raises(InvalidInput):
        await administration.find_account("eve")


async def test_a_reset_password_ends_all_sessions(database: TortoiseContext, settings: Settings) -> None:
    user = await make_user(email="ada@example.org")
    credential = hash_token(await sessions.create(user.id, settings))
    assert await sessions.viewer_of_credential(credential) is not None
    password = await administration.reset_password(user)
    assert (await check_credentials("ada@example.org", password)).id == user.id
    assert await Session.all().count() == 0
    assert await sessions.viewer_of_credential(credential) is None


async def test_a_disabled_account_is_out_by_every_way_until_enabled(
    sqlite_database: TortoiseContext, settings: Settings
) -> None:
    user = await make_user(email="ada@example.org")
    password = await administration.reset_password(user)
    credential = hash_token(await sessions.create(user.id, settings))
    token, _ = await tokens.create_token(user.id, name="script", scopes=["read"])
    assert await sessions.viewer_of_credential(credential) is not None
    assert await sessions.viewer_of_token(f"Bearer {token}") is not None
    await administration.disable(user)
    assert await sessions.viewer_of_credential(credential) is None
    assert await sessions.viewer_of_token(f"Bearer {token}") is None
    with pytest.raises(NotPermitted):
        await check_credentials("ada@example.org", password)
    await administration.enable(user)
    assert (await check_credentials("ada@example.org", password)).id == user.id
    assert await sessions.viewer_of_token(f"Bearer {token}") is not None
    assert await sessions.viewer_of_credential(credential) is None

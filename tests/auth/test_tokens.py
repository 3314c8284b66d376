"""API tokens."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from api.auth import tokens
from api.auth.secrets import hash_token
from api.auth.viewer import Scope, Viewer
from api.errors import Conflict, InvalidInput, NotFound, PlatformError
from api.models.user import ApiToken
from tests.factories import make_user


async def test_a_token_is_shown_once_and_stored_as_a_hash(database: TortoiseContext) -> None:
    user = await make_user("Ada", is_admin=True)
    token, row = await tokens.create_token(user.id, name=" My  script ", scopes=["predict", "read"], expires_in_days=7)
    assert re.fullmatch(rf"coslide_{row.prefix}_[A-Za-z0-9_-]{{43}}", token)
    stored = await ApiToken.get()
    assert (stored.name, stored.prefix, stored.token_hash) == ("My script", row.prefix, hash_token(token))
    assert stored.scopes == ["read", "predict"]
    assert token.split("_", 2)[2] not in repr(dict(stored))
    assert await tokens.find_viewer(hash_token(token)) == Viewer(
        user_id=user.id,
        name="Ada",
        credential=hash_token(token),
        scopes=frozenset({Scope.READ, Scope.PREDICT}),
        is_admin=False,
        expires_at=stored.expires_at,
        via_token=True,
    )


async def test_use_is_noted_to_the_minute(sqlite_database: TortoiseContext) -> None:
    token, row = await tokens.create_token((await make_user()).id, name="script", scopes=["read"])
    assert row.last_used_at is None
    await tokens.find_viewer(hash_token(token))
    first = (await ApiToken.get()).last_used_at
    assert first is not None
    await tokens.find_viewer(hash_token(token))
    assert (await ApiToken.get()).last_used_at == first
    await ApiToken.all().update(last_used_at=first - timedelta(minutes=2))
    await tokens.find_viewer(hash_token(token))
    assert (await ApiToken.get()).last_used_at > first  # type: ignore[operator]


@pytest.mark.parametrize(
    "change", [{"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}]
)
async def test_an_ended_token_is_nobody(sqlite_database: TortoiseContext, change: dict[str, datetime]) -> None:
    token, _ = await tokens.create_token((await make_user()).id, name="script", scopes=["read"])
    await ApiToken.all().update(**change)
    assert await tokens.find_viewer(hash_token(token)) is None
    assert (await ApiToken.get()).last_used_at is None


async def test_a_disabled_accounts_token_is_nobody(sqlite_database: TortoiseContext) -> None:
    user = await make_user()
    token, _ = await tokens.create_token(user.id, name="script", scopes=["read"])
    user.disabled_at = datetime.now(UTC)
    await user.save()
    assert await tokens.find_viewer(hash_token(token)) is None
    assert await tokens.find_viewer(hash_token("coslide_made_up")) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "NAME_EMPTY"),
        ({"scopes": []}, "TOKEN_SCOPES"),
        ({"scopes": ["read", "admin"]}, "TOKEN_SCOPES"),
        ({"expires_in_days": 0}, "TOKEN_DAYS"),
        ({"expires_in_days": 3651}, "TOKEN_DAYS"),
    ],
)
async def test_a_bad_wish_makes_nothing(sqlite_database: TortoiseContext, change: dict[str, object], code: str) -> None:
    user = await make_user()
    with pytest.raises(InvalidInput) as refused:
        await tokens.create_token(user.id, **{"name": "script", "scopes": ["read"], **change})  # type: ignore[arg-type]
    assert refused.value.code == code
    assert await ApiToken.all().count() == 0


async def test_revoking_is_for_ones_own_and_once(sqlite_database: TortoiseContext) -> None:
    ada, eve = await make_user("Ada"), await make_user("Eve")
    token, row = await tokens.create_token(ada.id, name="script", scopes=["read"])
    with pytest.raises(NotFound):
        await tokens.revoke_token(eve.id, row.id)
    assert [listed.id for listed in await tokens.list_tokens(ada.id)] == [row.id]
    assert await tokens.revoke_token(ada.id, row.id) == hash_token(token)
    assert await tokens.list_tokens(ada.id) == []
    with pytest.raises(NotFound):
        await tokens.revoke_token(ada.id, row.id)


async def test_fifty_tokens_are_enough(sqlite_database: TortoiseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    user = await make_user()
    rows = [(await tokens.create_token(user.id, name=f"t{n}", scopes=["read"]))[1] for n in range(2)]
    with pytest.raises(Conflict) as refused:
        await tokens.create_token(user.id, name="t3", scopes=["read"])
    assert isinstance(refused.value, PlatformError)
    assert refused.value.code == "TOO_MANY_TOKENS"
    await tokens.revoke_token(user.id, rows[0].id)
    await tokens.create_token(user.id, name="t3", scopes=["read"])

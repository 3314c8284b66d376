"""Accounts made by the command line, and changes to one's own."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest
from tortoise.context import TortoiseContext

from api.auth import accounts
from api.auth.passwords import PasswordPool
from api.auth.sign_in import sign_in_with_password
from api.errors import Conflict, InvalidInput, NotSignedIn, TooManyRequests
from api.models.user import User
from tests.factories import make_user


async def test_a_random_password_opens_the_account(database: TortoiseContext, password_pool: PasswordPool) -> None:
    user, password = await accounts.create_with_random_password(email="Ada@example.org", name="Ada", is_admin=True)
    assert re.fullmatch(r"[0-9a-f]{6}(-[0-9a-f]{6}){3}", password)
    assert (user.email, user.is_admin) == ("ada@example.org", True)
    assert (await accounts.check_credentials("ADA@EXAMPLE.ORG ", password)).id == user.id
    with pytest.raises(NotSignedIn):
        await accounts.check_credentials("ada@example.org", password.upper())


async def test_of_many_registrations_at_once_one_wins(database: TortoiseContext, password_pool: PasswordPool) -> None:
    async def register(number: int) -> str:
        try:
            await accounts.create_account(email="ada@example.org", name=f"Ada {number}", password="correct horse")
        except Conflict as error:
            return error.code
        return "made"

    outcomes = await asyncio.gather(*(register(number) for number in range(6)))
    assert sorted(outcomes) == ["EMAIL_TAKEN"] * 5 + ["made"]
    assert await User.all().count() == 1


async def test_an_outdated_hash_is_replaced_at_sign_in(
    sqlite_database: TortoiseContext, password_pool: PasswordPool
) -> None:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    old = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=8, parallelism=1),)).hash("correct horse")
    await make_user(email="ada@example.org", password_hash=old)
    await accounts.check_credentials("ada@example.org", "correct horse")
    stored = (await User.get()).password_hash
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    await accounts.check_credentials("ada@example.org", "correct horse")


async def test_an_account_without_a_password_has_no_password(
    sqlite_database: TortoiseContext, password_pool: PasswordPool
) -> None:
    user = await make_user(email="ada@example.org")
    for guess in ("", "None", "correct horse"):
        with pytest.raises(NotSignedIn):
            await accounts.check_credentials("ada@example.org", guess)
    await accounts.change_password(user.id, current=None, new="correct horse", attempts=3)
    assert (await accounts.check_credentials("ada@example.org", "correct horse")).id == user.id


async def test_changing_the_password_needs_the_current_one(
    sqlite_database: TortoiseContext, password_pool: PasswordPool
) -> None:
    user = await accounts.create_account(email="ada@example.org", name="Ada", password="correct horse")
    for current in (None, "wrong horse"):
        with pytest.raises(InvalidInput) as refused:
            await accounts.change_password(user.id, current=current, new="another good one", attempts=3)
        assert (refused.value.code, refused.value.field) == ("CURRENT_PASSWORD_WRONG", "currentPassword")
    with pytest.raises(InvalidInput) as refused:
        await accounts.change_password(user.id, current="correct horse", new="short", attempts=3)
    assert refused.value.code == "PASSWORD_TOO_SHORT"
    assert (await accounts.check_credentials("ada@example.org", "correct horse")).id == user.id
    await accounts.change_password(user.id, current="correct horse", new="another good one", attempts=3)
    with pytest.raises(NotSignedIn):
        await accounts.check_credentials("ada@example.org", "correct horse")


async def test_guessing_the_current_password_is_limited(
    sqlite_database: TortoiseContext, password_pool: PasswordPool
) -> None:
    user = await accounts.create_account(email="ada@example.org", name="Ada", password="correct horse")
    for _ in range(3):
        with pytest.raises(InvalidInput):
            await accounts.change_password(user.id, current="a guess", new="another good one", attempts=3)
    with pytest.raises(TooManyRequests):
        await accounts.change_password(user.id, current="correct horse", new="another good one", attempts=3)


async def test_only_what_is_given_changes(sqlite_database: TortoiseContext) -> None:
    user = await make_user("Ada")
    changed = await accounts.update_account(user.id, locale="ko")
    assert (changed.name, changed.locale) == ("Ada", "ko")
    changed = await accounts.update_account(user.id, name=" Ada  L ")
    assert (changed.name, changed.locale) == ("Ada L", "ko")
    with pytest.raises(InvalidInput):
        await accounts.update_account(user.id, name="Eve", locale="fr")
    await user.refresh_from_db()
    assert (user.name, user.locale) == ("Ada L", "ko")


async def test_the_log_holds_no_secret_and_no_address(
    sqlite_database: TortoiseContext, password_pool: PasswordPool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    user, password = await accounts.create_with_random_password(email="ada@example.org", name="Ada")
    await sign_in_with_password("ada@example.org", password, address="10.0.0.1", attempts=3)
    with pytest.raises(NotSignedIn):
        await sign_in_with_password("Ada@example.org", "a wrong guess", address="10.0.0.1", attempts=3)
    ours = [record.getMessage() for record in caplog.records if record.name == "coslide.auth"]
    assert ours[1] == f"sign-in by password: user {user.id}, address 10.0.0.1"
    assert re.fullmatch(r"failed sign-in: account [0-9a-f]{12}, address 10\.0\.0\.1", ours[2])
    assert len(ours) == 3
    for secret in (password, "a wrong guess", "ada@example.org", "Ada"):
        assert secret not in " ".join(ours)

"""Failed sign-ins are counted per account and per address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.context import TortoiseContext

from api.auth.rate_limit import WINDOW, counted_attempt
from api.errors import NotSignedIn, TooManyRequests
from api.models.user import SignInAttempt


async def fail(account: str, address: str = "10.0.0.1", limit: int = 3) -> None:
    with pytest.raises(NotSignedIn):
        async with counted_attempt(account, address, limit):
            raise NotSignedIn("wrong")


async def succeed(account: str, address: str = "10.0.0.1", limit: int = 3) -> None:
    async with counted_attempt(account, address, limit):
        pass


async def refused(account: str, address: str = "10.0.0.1", limit: int = 3) -> int:
    """Seconds to wait."""
    with pytest.raises(TooManyRequests) as error:
        async with counted_attempt(account, address, limit):
            pytest.fail("the attempt was made")
    assert error.value.code == "SIGN_IN_PAUSED"
    return error.value.retry_after_s


async def test_an_account_is_paused_after_its_failures(database: TortoiseContext) -> None:
    for number in range(3):
        await fail("ada", address=f"10.0.0.{number}")
    assert 895 <= await refused("ada", address="10.0.0.9") <= 900
    await succeed("eve", address="10.0.0.9")


async def test_an_address_is_paused_after_failures_at_any_account(database: TortoiseContext) -> None:
    for number in range(3):
        await fail(f"account {number}")
    assert await refused("ada") <= 900
    await succeed("ada", address="10.0.0.2")


async def test_success_forgives_the_account_but_not_the_address(sqlite_database: TortoiseContext) -> None:
    await fail("ada")
    await fail("ada")
    await succeed("ada", address="10.0.0.2")
    await fail("ada", address="10.0.0.2")
    await fail("eve")
    await refused("ada")
    await succeed("ada", address="10.0.0.2")


async def test_a_refusal_does_not_prolong_the_pause(sqlite_database: TortoiseContext) -> None:
    for number in range(3):
        await fail("ada", address=f"10.0.0.{number}")
    before = await SignInAttempt.all().count()
    for _ in range(5):
        await refused("ada", address="10.0.0.9")
    assert await SignInAttempt.all().count() == before


async def test_the_pause_ends_when_the_oldest_failure_is_fifteen_minutes_old(sqlite_database: TortoiseContext) -> None:
    for number in range(3):
        await fail("ada", address=f"10.0.0.{number}")
    oldest = await SignInAttempt.all().order_by("created_at").first()
    assert oldest is not None
    await SignInAttempt.filter(subject=oldest.subject).update(
        created_at=datetime.now(UTC) - WINDOW + timedelta(seconds=60)
    )
    assert 58 <= await refused("ada", address="10.0.0.9") <= 60
    await SignInAttempt.filter(subject=oldest.subject).update(created_at=datetime.now(UTC) - WINDOW)
    await succeed("ada", address="10.0.0.9")


async def test_an_error_that_is_no_failure_does_not_count(sqlite_database: TortoiseContext) -> None:
    with pytest.raises(ZeroDivisionError):
        async with counted_attempt("ada", "10.0.0.1", 3):
            raise ZeroDivisionError
    assert await SignInAttempt.all().count() == 0


async def test_many_guesses_at_once_do_not_slip_through(sqlite_database: TortoiseContext) -> None:
    tried = 0
    hold = asyncio.Event()

    async def guess(number: int) -> str:
        nonlocal tried
        try:
            async with counted_attempt("ada", f"10.0.{number}.1", 3):
                tried += 1
                await hold.wait()
                raise NotSignedIn("wrong")
        except NotSignedIn:
            return "wrong"
        except TooManyRequests:
            if sum(task.done() for task in guesses) >= 16:
                hold.set()
            return "refused"

    guesses = [asyncio.create_task(guess(number)) for number in range(20)]
    outcomes = await asyncio.wait_for(asyncio.gather(*guesses), timeout=30)
    assert tried == outcomes.count("wrong") <= 3
    assert outcomes.count("refused") == 20 - tried


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("2001:db8:1:2:3::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("unknown", "unknown", True),
    ],
)
async def test_which_addresses_count_together(
    sqlite_database: TortoiseContext, first: str, second: str, together: bool
) -> None:
    await fail("ada", address=first, limit=1)
    if together:
        await refused("eve", address=second, limit=1)
    else:
        await succeed("eve", address=second, limit=1)

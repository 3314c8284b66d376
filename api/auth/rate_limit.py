"""How many wrong sign-ins an account and an address may make, counted in the database so that all processes agree.

For an account an attempt counts from its beginning, so that many at once can't all pass before the first one fails.
For an address, behind which a whole hospital may sit, only failures count.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from api.errors import NotSignedIn, PlatformError, TooManyRequests
from api.models.user import SignInAttempt

WINDOW = timedelta(minutes=15)


@asynccontextmanager
async def counted_attempt(
    account: str, address: str, limit: int, *, failure: type[PlatformError] = NotSignedIn
) -> AsyncIterator[None]:
    """Let one attempt to prove an identity run in the body; the body raises `failure` when it fails.

    Args:
        account: what is being guessed at, such as a normalised e-mail address, existing or not.
        address: the client's IP address as text; IPv6 counts by its /64, which one client commands.
        limit: failures allowed in 15 minutes, for each of the two.
        failure: what the body raises for a wrong secret; any other error does not count.

    Raises:
        TooManyRequests: code `SIGN_IN_PAUSED`; nothing was tried.
    """
    place = _subject("address", _network(address))
    await _require_room(place, limit)
    attempt = await _record(_subject("account", account))
    try:
        await _require_room(attempt.subject, limit + 1)  # it counts itself
    except TooManyRequests:
        await attempt.delete()
        raise
    try:
        yield
    except failure:
        await _record(place)
        raise
    except BaseException:
        await attempt.delete()
        raise
    await SignInAttempt.filter(subject=attempt.subject).delete()


async def _record(subject: str) -> SignInAttempt:
    return await SignInAttempt.create(subject=subject, created_at=datetime.now(UTC))


async def _require_room(subject: str, limit: int) -> None:
    now = datetime.now(UTC)
    latest = (
        await SignInAttempt.filter(subject=subject, created_at__gt=now - WINDOW)
        .order_by("-created_at")
        .limit(limit)
        .only("created_at")
    )
    if len(latest) >= limit:
        wait_s = max(1, round((latest[-1].created_at + WINDOW - now).total_seconds()))
        raise TooManyRequests(
            f"Too many failed sign-ins. Try again in {-(-wait_s // 60)} min, or use a sign-in link.",
            retry_after_s=wait_s,
            code="SIGN_IN_PAUSED",
        )


def _subject(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)

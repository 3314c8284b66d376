"""What an administrator does to other people's accounts, from the command line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from api.auth import sessions
from api.auth.account_rules import normalise_email
from api.auth.accounts import random_password
from api.auth.passwords import password_pool
from api.errors import NotFound
from api.models.user import User

logger = logging.getLogger("coslide.auth")


async def find_account(email: str) -> User:
    """The account with this address.

    Raises:
        NotFound: code `USER_NOT_FOUND`.
    """
    address = normalise_email(email)
    user = await User.get_or_none(email=address)
    if user is None:
        raise NotFound(
            f"There is no account {address}. Make it: coslide user create {address} --name NAME", code="USER_NOT_FOUND"
        )
    return user


async def reset_password(user: User) -> str:
    """Give an account a random password, shown nowhere else, and end its sessions."""
    password = random_password()
    user.password_hash = await password_pool().hash(password)
    await user.save(update_fields=["password_hash"])
    await sessions.revoke_all(user.id)
    logger.info("password reset: user %s", user.id)
    return password


async def disable(user: User) -> None:
    """Shut an account out, at once and by every way; what it made stays."""
    user.disabled_at = datetime.now(UTC)
    await user.save(update_fields=["disabled_at"])
    await sessions.revoke_all(user.id)
    logger.info("account disabled: user %s", user.id)


async def enable(user: User) -> None:
    """Let a disabled account in again."""
    user.disabled_at = None
    await user.save(update_fields=["disabled_at"])
    logger.info("account enabled: user %s", user.id)

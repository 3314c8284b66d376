"""Single-use addresses that sign one account in: how the first administrator, or someone locked out, gets in."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from api.auth.accounts import require_enabled
from api.auth.secrets import hash_token, new_token
from api.errors import NotPermitted
from api.models.user import SignInLink, User

logger = logging.getLogger("coslide.auth")


async def create_link(user: User, minutes: int) -> str:
    """A token for `/auth/link?token=…` that signs `user` in once within `minutes`."""
    token = new_token()
    await SignInLink.create(
        token_hash=hash_token(token), user_id=user.id, expires_at=datetime.now(UTC) + timedelta(minutes=minutes)
    )
    return token


async def use_link(token: str) -> User:
    """The account a link signs in. Of several who follow it at once, one gets in.

    Raises:
        NotPermitted: codes `LINK_INVALID`, `LINK_USED`, `LINK_EXPIRED`, `ACCOUNT_DISABLED`.
    """
    now = datetime.now(UTC)
    digest = hash_token(token)
    used = await SignInLink.filter(token_hash=digest, used_at__isnull=True, expires_at__gt=now).update(used_at=now)
    link = await SignInLink.get_or_none(token_hash=digest).select_related("user")
    if link is None:
        raise _refused("is not one of this server's", "LINK_INVALID")
    if used != 1:
        raise _refused(*(("has been used", "LINK_USED") if link.used_at else ("is too old", "LINK_EXPIRED")))
    logger.info("sign-in by link: user %s", link.user_id)
    return require_enabled(link.user)


def _refused(why: str, code: str) -> NotPermitted:
    return NotPermitted(f"This sign-in link {why}. Make a new one: coslide user link EMAIL.", code=code)

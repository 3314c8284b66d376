"""Registering and signing in with a password: counted, checked, logged."""

from __future__ import annotations

import logging

from api.auth import audit
from api.auth.account_rules import normalise_email
from api.auth.accounts import check_credentials, create_account
from api.auth.rate_limit import counted_attempt
from api.auth.secrets import hash_token
from api.errors import Conflict, InvalidInput, NotSignedIn
from api.models.audit import AuditKind
from api.models.user import User

logger = logging.getLogger("coslide.auth")


async def sign_in_with_password(email: str, password: str, *, address: str, attempts: int) -> User:
    """The account that e-mail address and password open.

    Args:
        email: as typed.
        password: as typed.
        address: the client's IP address.
        attempts: failures allowed in 15 minutes, `Settings.sign_in_attempts`.

    Raises:
        NotSignedIn: code `WRONG_CREDENTIALS`, the same for an unknown account as for a wrong password.
        NotPermitted: code `ACCOUNT_DISABLED`.
        TooManyRequests: code `SIGN_IN_PAUSED` or `SIGN_IN_BUSY`.
    """
    account = _account_key(email)
    try:
        async with counted_attempt(account, address, attempts):
            user = await check_credentials(email, password)
    except NotSignedIn:
        logger.warning("failed sign-in: account %s, address %s", hash_token(account)[:12], address)
        # The name stays out: people type passwords into that field. The account's key finds repeated tries.
        await audit.record(AuditKind.SIGN_IN_REFUSED, None, subject_id=hash_token(account)[:12], address=address)
        raise
    logger.info("sign-in by password: user %s, address %s", user.id, address)
    return user


async def register_with_password(
    email: str, name: str, password: str, *, locale: str, address: str, attempts: int
) -> User:
    """A new account. Asking for taken addresses counts like failed sign-ins, so that no one can try a list of them.

    Raises:
        InvalidInput, Conflict: as `create_account`.
        TooManyRequests: code `SIGN_IN_PAUSED` or `SIGN_IN_BUSY`.
    """
    account = f"registration of {_account_key(email)}"
    async with counted_attempt(account, address, attempts, failure=Conflict):
        return await create_account(email=email, name=name, password=password, locale=locale)


def _account_key(email: str) -> str:
    """One spelling for one account, so that upper case gives no further attempts."""
    try:
        return normalise_email(email)
    except InvalidInput:
        return email.strip().lower()

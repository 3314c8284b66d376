"""Accounts: making them, checking a password, changing what one says about oneself."""

from __future__ import annotations

import logging
import secrets
from datetime import UTC, datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError

from api.auth import audit
from api.auth.account_rules import check_locale, check_password, clean_name, normalise_email
from api.auth.passwords import password_pool
from api.auth.rate_limit import counted_attempt
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotSignedIn
from api.models.audit import AuditKind
from api.models.user import User
from api.settings import Registration, Settings

logger = logging.getLogger("coslide.auth")

# Pastel colours for cursors, strokes and selections: apart from each other and from the terms' colours.
PERSON_COLORS = (
    "#7aa5ff",
    "#5fd3bc",
    "#ffb37a",
    "#c79bff",
    "#8fd46a",
    "#ff9ec4",
    "#6cc9f0",
    "#e3c65b",
    "#b0a8ff",
    "#f28f8f",
)


async def next_color() -> str:
    """The colour of the next account: each in turn, so that the people of a small group differ."""
    return PERSON_COLORS[await User.all().count() % len(PERSON_COLORS)]


def require_open_registration(settings: Settings) -> None:
    """Raise `NotPermitted` when only administrators make accounts."""
    if settings.registration is Registration.CLOSED:
        raise NotPermitted(
            "Registration is closed on this server. Ask its administrator for an account (coslide user create).",
            code="REGISTRATION_CLOSED",
        )


async def create_account(*, email: str, name: str, password: str, is_admin: bool = False, locale: str = "en") -> User:
    """A new account with a password.

    Raises:
        InvalidInput: a value breaks a rule; `field` names it.
        Conflict: code `EMAIL_TAKEN`.
    """
    address, shown, language = normalise_email(email), clean_name(name), check_locale(locale)
    check_password(password, email=address)
    if await User.exists(email=address):
        raise _email_taken()
    password_hash = await password_pool().hash(password)
    try:
        user = await User.create(
            email=address,
            name=shown,
            password_hash=password_hash,
            is_admin=is_admin,
            color=await next_color(),
            locale=language,
        )
    except IntegrityError as error:
        raise _email_taken() from error
    logger.info("account made: user %s, administrator %s", user.id, is_admin)
    return user


async def create_with_random_password(*, email: str, name: str, is_admin: bool = False) -> tuple[User, str]:
    """A new account and its password, which is nowhere else and is to be shown once."""
    password = random_password()
    return await create_account(email=email, name=name, password=password, is_admin=is_admin), password


def random_password() -> str:
    """96 random bits that a person can type."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


async def check_credentials(email: str, password: str) -> User:
    """The account that this password opens; an unknown account costs the same work and gets the same answer.

    Raises:
        NotSignedIn: code `WRONG_CREDENTIALS`.
        NotPermitted: code `ACCOUNT_DISABLED`, told only to who knows the password.
    """
    try:
        user = await User.get_or_none(email=normalise_email(email))
    except InvalidInput:
        user = None
    verdict = await password_pool().verify(password, user.password_hash if user else None)
    if user is None or not verdict.valid:
        raise NotSignedIn(
            "The e-mail address or the password is wrong. Check both and try again.", code="WRONG_CREDENTIALS"
        )
    if verdict.replacement:
        await User.filter(id=user.id).update(password_hash=verdict.replacement)
    return require_enabled(user)


def require_enabled(user: User) -> User:
    """The account itself unless an administrator has disabled it."""
    if user.disabled_at is not None:
        raise NotPermitted(
            "This account is disabled. Ask the server's administrator to enable it.", code="ACCOUNT_DISABLED"
        )
    return user


async def update_account(
    user_id: UUID, *, name: str | None = None, locale: str | None = None, toured: bool | None = None
) -> User:
    """Change what is given; None leaves a value as it is."""
    user = await _account(user_id)
    user.name = user.name if name is None else clean_name(name)
    user.locale = user.locale if locale is None else check_locale(locale)
    if toured is not None:
        user.toured_at = (user.toured_at or datetime.now(UTC)) if toured else None
    await user.save(update_fields=["name", "locale", "toured_at"])
    return user


async def change_password(user_id: UUID, *, current: str | None, new: str, attempts: int) -> User:
    """Set a new password; an account that has one must show it first.

    Args:
        user_id: whose.
        current: the password until now; None for an account without one.
        new: the password from now on.
        attempts: wrong current passwords allowed in 15 minutes.

    Raises:
        InvalidInput: `currentPassword` is wrong or missing, or the new one breaks a rule; nothing was set.
        TooManyRequests: code `SIGN_IN_PAUSED`.
    """
    user = await _account(user_id)
    check_password(new, email=user.email)
    if user.password_hash is not None:
        own = f"password of {user_id}"
        async with counted_attempt(own, own, attempts, failure=InvalidInput):
            verdict = await password_pool().verify(current or "", user.password_hash)
            if not verdict.valid:
                raise InvalidInput(
                    "The current password is wrong. The new one was not set.",
                    code="CURRENT_PASSWORD_WRONG",
                    field="currentPassword",
                )
    user.password_hash = await password_pool().hash(new)
    await user.save(update_fields=["password_hash"])
    await audit.record(AuditKind.PASSWORD_CHANGED, user, subject_id=user.id, subject_name=user.name)
    logger.info("password changed: user %s", user.id)
    return user


async def _account(user_id: UUID) -> User:
    user = await User.get_or_none(id=user_id)
    if user is None:
        raise NotFound("This account no longer exists. Sign in with another one.")
    return user


def _email_taken() -> Conflict:
    return Conflict(
        "There is already an account with this e-mail address. Sign in instead, or use another address.",
        code="EMAIL_TAKEN",
        field="email",
    )

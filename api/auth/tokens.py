"""API tokens for programs: `coslide_<prefix>_<secret>`, shown once, stored as a hash, with scopes and an end.

The prefix is there to recognise a token in a list or a leak; the secret alone has 256 random bits.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.auth import audit
from api.auth.account_rules import clean_name
from api.auth.secrets import hash_token, new_token
from api.auth.viewer import Scope, Viewer
from api.errors import Conflict, InvalidInput, NotFound
from api.models.audit import AuditKind
from api.models.user import ApiToken, User

logger = logging.getLogger("coslide.auth")

MAX_TOKENS = 50
MAX_DAYS = 3650
LAST_USED_STEP = timedelta(minutes=1)


async def create_token(
    user_id: UUID, *, name: str, scopes: Iterable[str], expires_in_days: int | None = None
) -> tuple[str, ApiToken]:
    """A new token and its row. The token itself is given only now.

    Raises:
        InvalidInput: name, scopes or days break a rule.
        Conflict: code `TOO_MANY_TOKENS`.
    """
    shown, allowed, now = clean_name(name), _scopes(scopes), datetime.now(UTC)
    if expires_in_days is not None and not 1 <= expires_in_days <= MAX_DAYS:
        raise InvalidInput(
            f"expiresInDays is {expires_in_days}; give 1 to {MAX_DAYS} days, or leave it out for no end.",
            code="TOKEN_DAYS",
            field="expiresInDays",
            params={"limit": MAX_DAYS},
        )
    if await ApiToken.filter(user_id=user_id, revoked_at__isnull=True).count() >= MAX_TOKENS:
        raise Conflict(f"You have {MAX_TOKENS} API tokens already. Revoke one first.", code="TOO_MANY_TOKENS")
    prefix = secrets.token_hex(4)
    token = f"coslide_{prefix}_{new_token()}"
    row = await ApiToken.create(
        user_id=user_id,
        name=shown,
        prefix=prefix,
        token_hash=hash_token(token),
        scopes=allowed,
        expires_at=now + timedelta(days=expires_in_days) if expires_in_days else None,
    )
    await _note(AuditKind.API_TOKEN_CREATED, row)
    logger.info("API token made: user %s, prefix %s, scopes %s", user_id, prefix, " ".join(allowed))
    return token, row


async def _note(kind: AuditKind, row: ApiToken) -> None:
    owner = await User.get(id=row.user_id)
    await audit.record(kind, owner, subject_id=row.id, subject_name=row.name, details={"scopes": row.scopes})


async def list_tokens(user_id: UUID) -> Sequence[ApiToken]:
    """A person's tokens that are not revoked, newest first."""
    return await ApiToken.filter(user_id=user_id, revoked_at__isnull=True).order_by("-created_at", "id")


async def revoke_token(user_id: UUID, token_id: UUID) -> str:
    """Revoke one of a person's own tokens; gives its hash, which viewers carry as their credential."""
    row = await ApiToken.get_or_none(id=token_id, user_id=user_id, revoked_at__isnull=True)
    if row is None:
        raise NotFound(f"There is no API token {token_id} among yours; it may be revoked already.")
    row.revoked_at = datetime.now(UTC)
    await row.save(update_fields=["revoked_at"])
    await _note(AuditKind.API_TOKEN_REVOKED, row)
    logger.info("API token revoked: user %s, prefix %s", user_id, row.prefix)
    return row.token_hash


async def find_viewer(credential: str) -> Viewer | None:
    """Who the token with this hash belongs to, while it stands and its account is enabled; notes that it was used."""
    row = await ApiToken.get_or_none(token_hash=credential).select_related("user")
    now = datetime.now(UTC)
    if row is None or row.revoked_at is not None or row.user.disabled_at is not None:
        return None
    if row.expires_at is not None and row.expires_at <= now:
        return None
    if row.last_used_at is None or now - row.last_used_at >= LAST_USED_STEP:
        await ApiToken.filter(id=row.id).update(last_used_at=now)
    return Viewer(
        user_id=row.user_id,
        name=row.user.name,
        credential=credential,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        is_admin=False,
        expires_at=row.expires_at,
        via_token=True,
    )


def _scopes(scopes: Iterable[str]) -> list[str]:
    asked = set(scopes)
    known = [scope.value for scope in Scope]
    if not asked or not asked <= set(known):
        raise InvalidInput(
            f"scopes is {sorted(asked)}; give one or more of: {', '.join(known)}.", code="TOKEN_SCOPES", field="scopes"
        )
    return [scope for scope in known if scope in asked]

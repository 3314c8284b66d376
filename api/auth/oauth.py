"""Signing in by a provider: the two legs, and the account they end at.

What protects it:
- the state is signed, ends after ten minutes, and works once;
- it works only in the browser that began, which holds a random cookie whose hash is in the state;
- the PKCE verifier and the nonce are derived from state and cookie with the server's key, so they are stored nowhere;
- an account is tied to the provider's own subject. An e-mail address never ties anything, verified or not: who
  registered an address first need not own it. Who wants both ways into one account signs in and adds the second.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError

from api.auth.account_rules import NAME_MAX, clean_name, normalise_email
from api.auth.accounts import next_color, require_enabled, require_open_registration
from api.auth.cookies import OAUTH_MINUTES
from api.auth.oauth_clients import ProviderClient, make_client
from api.auth.providers import Profile, Provider, configured_providers
from api.auth.secrets import derive, hash_token, sign, verify
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotSignedIn
from api.models.transaction import transaction
from api.models.user import OAuthIdentity, UsedState, User
from api.settings import Settings

logger = logging.getLogger("coslide.auth")


@dataclass(frozen=True)
class Returned:
    """What came back to the callback address, each None when absent."""

    state: str | None
    code: str | None
    error: str | None


class OAuth:
    """Sign-in by the providers that are turned on."""

    def __init__(self, settings: Settings, providers: Iterable[Provider] | None = None) -> None:
        self._settings = settings
        chosen = configured_providers(settings) if providers is None else providers
        self._providers = {provider.name: (provider, make_client(provider)) for provider in chosen}

    async def begin(
        self, name: str, *, redirect_uri: str, binding: str, link_to: UUID | None = None, page: str = "/"
    ) -> str:
        """Where to send the browser.

        Args:
            name: the provider's.
            redirect_uri: our callback address.
            binding: the value of the cookie that the browser gets or has.
            link_to: an account to add the provider to, instead of signing in.
            page: our page to go to in the end; the first page when it is no path of ours.

        Raises:
            NotFound: code `PROVIDER_UNKNOWN`.
            Unavailable: codes `OAUTH_UNREACHABLE`, `OAUTH_ANSWER_INVALID`.
        """
        _, client = self._provider(name)
        state_id = secrets.token_hex(16)
        payload = {"id": state_id, "provider": name, "binding": hash_token(binding), "page": own_page(page)}
        if link_to is not None:
            payload["link_to"] = str(link_to)
        state = sign(self._settings, "oauth-state", payload, ttl_s=OAUTH_MINUTES * 60)
        verifier, nonce = self._secrets(state_id, binding)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        return await client.authorization_url(redirect_uri, state, challenge, nonce)

    def page_of(self, state: str | None) -> str:
        """The page that a sign-in with this state was begun for."""
        return str(verify(self._settings, "oauth-state", state or "")["page"])

    async def finish(
        self, name: str, returned: Returned, *, redirect_uri: str, binding: str | None, signed_in: UUID | None
    ) -> User:
        """The account that the provider's answer signs in; made when there is none yet.

        Args:
            name: the provider's.
            returned: the callback's parameters.
            redirect_uri: as at the beginning.
            binding: the value of the browser's cookie.
            signed_in: who the browser is signed in as; must be whom a link was begun for.

        Raises:
            NotPermitted: codes `OAUTH_STATE`, `OAUTH_REPLAYED`, `REGISTRATION_CLOSED`, `ACCOUNT_DISABLED`.
            NotSignedIn: codes `OAUTH_DENIED`, `OAUTH_REFUSED`.
            Conflict: code `IDENTITY_TAKEN`.
            NotFound, Unavailable: as for `begin`.
        """
        provider, client = self._provider(name)
        payload = self._checked_state(name, returned.state, binding)
        link_to = UUID(payload["link_to"]) if "link_to" in payload else None
        if link_to is not None and link_to != signed_in:
            raise _state_refused()
        await _use_once(payload["id"])
        if returned.code is None:
            raise NotSignedIn(
                f"{provider.label} did not sign you in ({(returned.error or 'no reason given')[:60]}). "
                "Start again from the sign-in page.",
                code="OAUTH_DENIED",
            )
        verifier, nonce = self._secrets(payload["id"], binding or "")
        profile = await client.profile(redirect_uri, returned.code, returned.state or "", verifier, nonce)
        if link_to is not None:
            return await _link(provider, profile, link_to)
        return await self._account(provider, profile)

    def _provider(self, name: str) -> tuple[Provider, ProviderClient]:
        if name not in self._providers:
            raise NotFound(
                f"Signing in with '{name[:20]}' is not set up on this server. Choose another way, or ask its "
                "administrator to set COSLIDE_<PROVIDER>_CLIENT_ID.",
                code="PROVIDER_UNKNOWN",
            )
        return self._providers[name]

    def _checked_state(self, name: str, state: str | None, binding: str | None) -> dict[str, str]:
        try:
            payload: dict[str, str] = verify(self._settings, "oauth-state", state or "")
        except NotPermitted as error:
            raise _state_refused() from error
        ours = binding is not None and hmac.compare_digest(hash_token(binding), payload["binding"])
        if not ours or payload["provider"] != name:
            raise _state_refused()
        return payload

    def _secrets(self, state_id: str, binding: str) -> tuple[str, str]:
        """(PKCE verifier, nonce) of one attempt; a verifier of 43 characters, as RFC 7636 asks."""
        seed = f"{state_id} {binding}"
        return derive(self._settings, "oauth-verifier", seed), derive(self._settings, "oauth-nonce", seed)

    async def _account(self, provider: Provider, profile: Profile) -> User:
        identity = await _identity(provider, profile)
        if identity is None:
            require_open_registration(self._settings)
            identity = await _register(provider, profile)
        logger.info("sign-in by %s: user %s", provider.name, identity.user_id)
        return require_enabled(await User.get(id=identity.user_id))


def own_page(path: str) -> str:
    """`path` if it is a path on this server, else the first page: a sign-in must not lead elsewhere."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and len(path) <= 500
    return path if is_ours else "/"


def _subject_key(profile: Profile) -> str:
    """The subject's SHA-256 in hex: MySQL compares text without regard to case and accents, subjects differ by them."""
    return hashlib.sha256(profile.subject.encode()).hexdigest()


async def _identity(provider: Provider, profile: Profile) -> OAuthIdentity | None:
    return await OAuthIdentity.get_or_none(provider=provider.name, subject=_subject_key(profile))


async def _register(provider: Provider, profile: Profile) -> OAuthIdentity:
    """A new account for a new subject; of several returns at once, one makes it and the others find it."""
    address = _own_address(profile)
    if address is not None and await User.exists(email=address):
        address = None
    for email in dict.fromkeys((address, None)):
        try:
            async with transaction():
                user = await User.create(
                    email=email,
                    email_verified=email is not None,
                    name=_name(provider, profile),
                    color=await next_color(),
                )
                identity = await _attach(provider, profile, user.id)
        except IntegrityError:
            found = await _identity(provider, profile)
            if found is not None:
                return found
        else:
            logger.info("account made by %s: user %s", provider.name, user.id)
            return identity
    raise Conflict("The account could not be made. Start again from the sign-in page.", code="OAUTH_CONFLICT")


async def _link(provider: Provider, profile: Profile, user_id: UUID) -> User:
    """Add the provider to an account whose owner is signed in."""
    identity = await _identity(provider, profile)
    if identity is None:
        try:
            identity = await _attach(provider, profile, user_id)
            logger.info("%s added: user %s", provider.name, user_id)
        except IntegrityError:
            identity = await OAuthIdentity.get(provider=provider.name, subject=_subject_key(profile))
    if identity.user_id != user_id:
        raise Conflict(
            f"This {provider.label} account signs another account in already. Sign in with it to use that one.",
            code="IDENTITY_TAKEN",
        )
    return require_enabled(await User.get(id=user_id))


async def _attach(provider: Provider, profile: Profile, user_id: UUID) -> OAuthIdentity:
    return await OAuthIdentity.create(
        user_id=user_id,
        provider=provider.name,
        subject=_subject_key(profile),
        email=profile.email[:254] if profile.email else None,
    )


def _own_address(profile: Profile) -> str | None:
    """The address when the provider vouches for it; an unverified one never becomes an account's."""
    if profile.email is None or not profile.email_verified:
        return None
    try:
        return normalise_email(profile.email)
    except InvalidInput:
        return None


def _name(provider: Provider, profile: Profile) -> str:
    try:
        return clean_name(profile.name[:NAME_MAX])
    except InvalidInput:
        return f"{provider.label} user"[:NAME_MAX]


async def _use_once(state_id: str) -> None:
    try:
        await UsedState.create(id=state_id, expires_at=datetime.now(UTC) + timedelta(minutes=OAUTH_MINUTES))
    except IntegrityError as error:
        raise NotPermitted(
            "This sign-in was used already. Start again from the sign-in page.", code="OAUTH_REPLAYED"
        ) from error


def _state_refused() -> NotPermitted:
    return NotPermitted(
        "This sign-in began in another browser, or more than ten minutes ago. Start again from the sign-in page.",
        code="OAUTH_STATE",
    )

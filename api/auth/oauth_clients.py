"""Talking to one provider: where to send the browser, and what a code that came back says about the person.

httpx-oauth builds the addresses and fetches the tokens. What it reads of profiles (an id and an address, never whether
the address is verified) is not enough, so profiles are read here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
from httpx_oauth.clients.github import GitHubOAuth2
from httpx_oauth.clients.kakao import KakaoOAuth2
from httpx_oauth.clients.naver import NaverOAuth2
from httpx_oauth.clients.openid import OpenID
from httpx_oauth.exceptions import HTTPXOAuthError
from httpx_oauth.oauth2 import BaseOAuth2, OAuth2ClientAuthMethod, OAuth2RequestError

from api.auth.id_token import IdTokenVerifier
from api.auth.providers import (
    Endpoints,
    Profile,
    Provider,
    github_profile,
    kakao_profile,
    naver_profile,
    openid_profile,
)
from api.errors import NotSignedIn, PlatformError, Unavailable

logger = logging.getLogger("coslide.auth")

TIMEOUT_S = 15
CONFIGURATION_S = 3600

Client = BaseOAuth2[dict[str, Any]]


class ProviderClient(Protocol):
    """One provider."""

    async def authorization_url(self, redirect_uri: str, state: str, challenge: str, nonce: str) -> str:
        """Where the browser asks the provider for a code.

        Args:
            redirect_uri: where the provider sends the browser back to.
            state: comes back with the code.
            challenge: SHA-256 of the verifier in base64url (PKCE, S256).
            nonce: comes back inside an OpenID provider's id token.
        """

    async def profile(self, redirect_uri: str, code: str, state: str, verifier: str, nonce: str) -> Profile:
        """Who the code is about. Arguments as for `authorization_url`; `verifier` proves that we asked for the code."""


def make_client(provider: Provider) -> ProviderClient:
    """The client for a provider's kind."""
    if provider.endpoints is None:
        return OpenIdClient(provider)
    return OAuth2Client(provider, provider.endpoints)


class OAuth2Client:
    """Kakao, Naver and GitHub: a token for a code, a profile for the token."""

    def __init__(self, provider: Provider, endpoints: Endpoints) -> None:
        self._provider = provider
        self._endpoints = endpoints
        self._client = _oauth2(provider, endpoints)

    async def authorization_url(self, redirect_uri: str, state: str, challenge: str, nonce: str) -> str:
        return await self._client.get_authorization_url(
            redirect_uri, state=state, code_challenge=challenge, code_challenge_method="S256"
        )

    async def profile(self, redirect_uri: str, code: str, state: str, verifier: str, nonce: str) -> Profile:
        async with _failures_of(self._provider):
            data = {"grant_type": "authorization_code", "redirect_uri": redirect_uri, "code": code}
            token = await _token(self._client, {**data, "code_verifier": verifier, "state": state})
            async with self._client.get_httpx_client() as http:
                answer = await _get(http, self._endpoints.profile, token)
                if self._provider.name == "kakao":
                    return kakao_profile(_object(answer))
                if self._provider.name == "naver":
                    return naver_profile(_object(answer))
                emails = await _get(http, self._endpoints.emails, token)
                return github_profile(_object(answer), emails if isinstance(emails, list) else [])


class OpenIdClient:
    """Google and any other OpenID Connect provider: endpoints from its configuration, the person from its id token."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._lock = asyncio.Lock()
        self._loaded: tuple[OpenID, IdTokenVerifier] | None = None
        self._loaded_at_s = 0.0

    async def authorization_url(self, redirect_uri: str, state: str, challenge: str, nonce: str) -> str:
        async with _failures_of(self._provider):
            client, _ = await self._configured()
        return await client.get_authorization_url(
            redirect_uri,
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
            extras_params={"nonce": nonce},
        )

    async def profile(self, redirect_uri: str, code: str, state: str, verifier: str, nonce: str) -> Profile:
        async with _failures_of(self._provider):
            client, verify = await self._configured()
            data = {"grant_type": "authorization_code", "redirect_uri": redirect_uri, "code": code}
            answer = await _token_answer(client, {**data, "code_verifier": verifier})
            async with client.get_httpx_client() as http:
                claims = await verify.claims(http, answer.get("id_token"), nonce)
                userinfo_url = client.openid_configuration.get("userinfo_endpoint")
                if userinfo_url:
                    userinfo = _object(await _get(http, userinfo_url, str(answer["access_token"])))
                    if userinfo.get("sub") != claims["sub"]:
                        raise ValueError("userinfo is about someone else than the id token")
                    claims |= userinfo
            profile = openid_profile(claims)
            # A subject is unique only within its issuer, and the settings may name another issuer one day.
            return Profile(f"{verify.issuer} {profile.subject}", profile.name, profile.email, profile.email_verified)

    async def _configured(self) -> tuple[OpenID, IdTokenVerifier]:
        """The provider's configuration, read again after an hour. httpx-oauth reads it blocking, hence the thread."""
        async with self._lock:
            if self._loaded is None or time.monotonic() - self._loaded_at_s > CONFIGURATION_S:
                self._loaded = await asyncio.to_thread(self._load)
                self._loaded_at_s = time.monotonic()
            return self._loaded

    def _load(self) -> tuple[OpenID, IdTokenVerifier]:
        provider = self._provider
        url = _require_private(str(provider.configuration_url))
        client = OpenID(
            provider.client_id, provider.client_secret, url, provider.name, base_scopes=["openid", "profile", "email"]
        )
        facts = client.openid_configuration
        for key in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            if key in facts or key != "userinfo_endpoint":
                _require_private(facts[key])
        return client, IdTokenVerifier(facts["issuer"], provider.client_id, facts["jwks_uri"])


def _oauth2(provider: Provider, endpoints: Endpoints) -> Client:
    """The library's client, speaking to `endpoints`.

    Kakao and Naver get no scopes: both ask for what is set in their consoles, and Kakao refuses a scope that is not.
    """
    client: Client
    if provider.name == "kakao":
        client = KakaoOAuth2(provider.client_id, provider.client_secret, scopes=None)
    elif provider.name == "naver":
        client = NaverOAuth2(provider.client_id, provider.client_secret, scopes=None)
    else:
        client = GitHubOAuth2(provider.client_id, provider.client_secret, scopes=["read:user", "user:email"])  # type: ignore[assignment]
    client.authorize_endpoint = endpoints.authorize
    client.access_token_endpoint = endpoints.token
    return client


async def _token(client: Client, data: dict[str, str]) -> str:
    return str((await _token_answer(client, data))["access_token"])


async def _token_answer(client: Client, data: dict[str, str]) -> dict[str, Any]:
    """What the token endpoint gives for a code.

    Like the library's `get_access_token`, which can't send the `state` that Naver wants, nor leave an empty secret out.
    """
    method: OAuth2ClientAuthMethod | None = client.token_endpoint_auth_method
    if not client.client_secret:  # Kakao's is optional, and an empty one is refused
        method, data = None, {**data, "client_id": client.client_id}
    async with client.get_httpx_client() as http:
        request, auth = client.build_request(http, "POST", client.access_token_endpoint, auth_method=method, data=data)
        response = await client.send_request(http, request, auth, exc_class=OAuth2RequestError)
        answer = client.get_json(response, exc_class=OAuth2RequestError)
    if "access_token" not in answer:  # GitHub and Naver send errors with status 200
        raise OAuth2RequestError(f"no token: {answer.get('error')}", response)
    return answer


async def _get(http: httpx.AsyncClient, url: str, token: str) -> object:
    response = await http.get(url, headers={"accept": "application/json", "authorization": f"Bearer {token}"})
    response.raise_for_status()
    answer: object = response.json()
    return answer


@contextlib.asynccontextmanager
async def _failures_of(provider: Provider) -> AsyncIterator[None]:
    """Bound the time of a conversation with a provider, and turn what goes wrong in it into our errors."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            yield
    except PlatformError:
        raise
    except OAuth2RequestError as error:
        said = error.response.text[:200] if error.response is not None else ""
        logger.warning("%s refused a code: %s %s", provider.name, error, said)
        if error.response is not None and error.response.status_code < 500:
            raise NotSignedIn(
                f"{provider.label} did not accept the sign-in. Start again from the sign-in page.", code="OAUTH_REFUSED"
            ) from error
        raise _unreachable(provider) from error
    except (HTTPXOAuthError, httpx.HTTPError, TimeoutError) as error:
        logger.warning("%s can't be reached: %r", provider.name, error)
        raise _unreachable(provider) from error
    except (KeyError, TypeError, ValueError, IndexError) as error:
        logger.warning("%s answered in a way that can't be trusted: %r", provider.name, error)
        raise Unavailable(
            f"{provider.label} answered in a way that can't be trusted. Tell the server's administrator: {error}",
            code="OAUTH_ANSWER_INVALID",
        ) from error


def _unreachable(provider: Provider) -> Unavailable:
    return Unavailable(
        f"{provider.label} can't be reached from this server. Try again later, or sign in another way.",
        code="OAUTH_UNREACHABLE",
    )


def _require_private(url: str) -> str:
    """The address itself when no one between can read along: https, or this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError(f"{url} is not https")
    return url


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("the answer is no JSON object")
    return value

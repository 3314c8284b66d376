"""Checking OpenID Connect id tokens (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt

# Never "none", and no HS*: the client secret is no key to trust a stranger's statement by.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_S = 60
RELOAD_S = 60.0


class IdTokenVerifier:
    """Checks one issuer's tokens for one client, with the issuer's published keys."""

    def __init__(self, issuer: str, client_id: str, jwks_url: str) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._jwks_url = jwks_url
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._loaded_at_s = -RELOAD_S

    async def claims(self, http: httpx.AsyncClient, token: object, nonce: str) -> dict[str, Any]:
        """The claims of a token whose signature, issuer, audience, times and nonce are right.

        Raises:
            ValueError: they are not, or there is no token.
            httpx.HTTPError: the issuer's keys can't be loaded.
        """
        if not isinstance(token, str):
            raise ValueError("there is no id token")
        try:
            key = await self._key(http, jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self.issuer,
                audience=self._client_id,
                leeway=LEEWAY_S,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise ValueError(f"the id token is not valid: {error}") from error
        if claims.get("nonce") != nonce:
            raise ValueError("the id token has another nonce")
        if claims.get("azp", self._client_id) != self._client_id:
            raise ValueError("the id token was made for another client")
        return claims

    async def _key(self, http: httpx.AsyncClient, key_id: str | None) -> jwt.PyJWK:
        """The key a token names; the list is loaded again when a new name appears, at most once a minute."""
        if key_id not in self._keys and time.monotonic() - self._loaded_at_s >= RELOAD_S:
            response = await http.get(self._jwks_url)
            response.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(response.json()).keys
            self._keys = {key.key_id: key for key in keys}
            self._loaded_at_s = time.monotonic()
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if key_id not in self._keys:
            raise ValueError("the id token is signed with a key that its issuer does not publish")
        return self._keys[key_id]

"""Id tokens: keys that change, keys of other kinds, keys that can't be loaded."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from api.auth import id_token
from api.auth.id_token import IdTokenVerifier
from tests.auth.provider_server import new_key

ISSUER, CLIENT, NONCE = "https://id.example.org", "coslide-test", "n-0S6_WzA2Mj"
Key = tuple[str, Any, Any]


def rsa_key(name: str) -> Key:
    return "RS256", new_key(name), jwt.algorithms.RSAAlgorithm


class Issuer:
    """Publishes keys by name and counts how often it was asked."""

    def __init__(self) -> None:
        self.published: dict[str | None, Key] = {}
        self.asked = 0
        self.status = 200

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        keys = []
        for name, (_, key, kind) in self.published.items():
            public = json.loads(kind.to_jwk(key.public_key()))
            keys.append(public if name is None else {**public, "kid": name})
        return httpx.Response(self.status, json={"keys": keys})

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.handle))


def signed(key: Key, kid: str | None, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 300, "nonce": NONCE} | changes
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims, key[1], algorithm=key[0], headers=headers)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def verifier() -> IdTokenVerifier:
    return IdTokenVerifier(ISSUER, CLIENT, f"{ISSUER}/keys")


async def test_keys_are_loaded_once_and_again_when_a_new_one_appears(
    issuer: Issuer, verifier: IdTokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 1000.0
    monkeypatch.setattr(id_token.time, "monotonic", lambda: now_s)
    issuer.published = {"k1": rsa_key("published")}
    async with issuer.client() as http:
        for _ in range(3):
            claims = await verifier.claims(http, signed(rsa_key("published"), "k1"), NONCE)
            assert claims["sub"] == "7"
        assert issuer.asked == 1
        issuer.published = {"k2": rsa_key("another")}
        with pytest.raises(ValueError, match="a key that its issuer does not publish"):
            await verifier.claims(http, signed(rsa_key("another"), "k2"), NONCE)
        assert issuer.asked == 1, "made-up key names must not make us ask again and again"
        now_s += 60
        assert (await verifier.claims(http, signed(rsa_key("another"), "k2"), NONCE))["sub"] == "7"
        with pytest.raises(ValueError, match="does not publish"):
            await verifier.claims(http, signed(rsa_key("published"), "k1"), NONCE)
        assert issuer.asked == 2


@pytest.mark.parametrize(
    "key",
    [
        ("ES256", ec.generate_private_key(ec.SECP256R1()), jwt.algorithms.ECAlgorithm),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate(), jwt.algorithms.OKPAlgorithm),
    ],
    ids=["ES256", "EdDSA"],
)
async def test_other_kinds_of_keys(issuer: Issuer, verifier: IdTokenVerifier, key: Key) -> None:
    issuer.published = {"k1": key}
    async with issuer.client() as http:
        assert (await verifier.claims(http, signed(key, "k1"), NONCE))["sub"] == "7"


async def test_a_single_key_without_a_name(issuer: Issuer, verifier: IdTokenVerifier) -> None:
    issuer.published = {None: rsa_key("published")}
    async with issuer.client() as http:
        assert (await verifier.claims(http, signed(rsa_key("published"), None), NONCE))["sub"] == "7"


@pytest.mark.parametrize(
    "token",
    [None, 7, "", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiI3In0."],
    ids=["none", "number", "empty", "nonsense", "unsigned"],
)
async def test_what_is_no_token(issuer: Issuer, verifier: IdTokenVerifier, token: object) -> None:
    issuer.published = {"k1": rsa_key("published")}
    async with issuer.client() as http:
        with pytest.raises(ValueError, match="id token"):
            await verifier.claims(http, token, NONCE)


async def test_keys_that_can_not_be_loaded(issuer: Issuer, verifier: IdTokenVerifier) -> None:
    issuer.status = 500
    async with issuer.client() as http:
        with pytest.raises(httpx.HTTPStatusError):
            await verifier.claims(http, signed(rsa_key("published"), "k1"), NONCE)


async def test_an_issuer_without_usable_keys(issuer: Issuer, verifier: IdTokenVerifier) -> None:
    async with issuer.client() as http:
        with pytest.raises(ValueError, match="the id token is not valid"):
            await verifier.claims(http, signed(rsa_key("published"), "k1"), NONCE)

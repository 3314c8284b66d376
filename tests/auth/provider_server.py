"""An OAuth server on loopback that speaks like Kakao, Naver, GitHub and an OpenID Connect provider.

It is as strict as the real ones: one use of a code, the same redirect address, the client's secret, the PKCE verifier,
Naver's `state` at the token endpoint; and it refuses the way each of them does.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.auth.providers import Endpoints, Provider

CLIENT_ID = "coslide-test"
CLIENT_SECRET = "loopback secret"


@lru_cache
def new_key(name: str) -> rsa.RSAPrivateKey:
    """A key pair, made once for each name: making one takes a good part of a second."""
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Grant:
    """What the server remembers of an authorization: the browser's parameters."""

    style: str
    parameters: dict[str, str]


@dataclass
class ProviderServer:
    """The server's people and its faults.

    Attributes:
        profile: what the profile endpoint answers next, in the provider's own shape.
        emails: what GitHub's `/user/emails` answers.
        claims: changes to the next id token; a value of None removes a claim.
        signing_key: another key to sign id tokens with, instead of the published one.
        deny: whether the person refuses.
        broken: whether every endpoint answers 500.
        seen: parameters of each authorization, in order.
    """

    url: str = ""
    profile: dict[str, Any] = field(default_factory=dict)
    emails: list[dict[str, Any]] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    signing_key: rsa.RSAPrivateKey | None = None
    algorithm: str = "RS256"
    deny: bool = False
    broken: bool = False
    seen: list[dict[str, str]] = field(default_factory=list)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    access_tokens: set[str] = field(default_factory=set)
    published_key: rsa.RSAPrivateKey = field(default_factory=lambda: new_key("published"))

    def provider(self, name: str, **changes: Any) -> Provider:
        """The settings' side of this server as provider `name`."""
        base = f"{self.url}/{name}"
        values: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        if name in {"google", "openid"}:
            values["configuration_url"] = f"{base}/.well-known/openid-configuration"
        else:
            values["endpoints"] = Endpoints(f"{base}/authorize", f"{base}/token", f"{base}/me", f"{base}/emails")
        return Provider(name=name, label=name.capitalize(), **{**values, **changes})

    async def authorize(self, request: Request) -> Response:
        """A person who is signed in at the provider agrees at once (or refuses)."""
        parameters = dict(request.query_params)
        self.seen.append(parameters)
        assert parameters["response_type"] == "code"
        assert parameters["client_id"] == CLIENT_ID
        if self.deny:
            answer = {"error": "access_denied", "state": parameters["state"]}
        else:
            code = secrets.token_hex(8)
            self.grants[code] = Grant(request.path_params["style"], parameters)
            answer = {"code": code, "state": parameters["state"]}
        return RedirectResponse(f"{parameters['redirect_uri']}?{urlencode(answer)}")

    async def token(self, request: Request) -> Response:
        style = request.path_params["style"]
        form = {key: str(value) for key, value in (await request.form()).items()}
        self.token_requests.append(form)
        if self.broken:
            return JSONResponse({"error": "server_error"}, status_code=500)
        grant = self.grants.pop(form.get("code", ""), None)
        fault = self._fault(style, form, request.headers.get("authorization"), grant)
        if fault or grant is None:
            # GitHub and Naver answer errors with 200.
            return JSONResponse({"error": fault}, status_code=200 if style in {"github", "naver"} else 400)
        access_token = secrets.token_hex(8)
        self.access_tokens.add(access_token)
        answer: dict[str, Any] = {"access_token": access_token, "token_type": "bearer", "expires_in": 3600}
        if style in {"google", "openid"}:
            answer["id_token"] = self._id_token(style, grant)
        return JSONResponse({key: value for key, value in answer.items() if value is not None})

    def _fault(self, style: str, form: dict[str, str], authorization: str | None, grant: Grant | None) -> str | None:
        basic = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        if not by_form and authorization != basic:
            return "invalid_client"
        if grant is None or grant.style != style or form["redirect_uri"] != grant.parameters["redirect_uri"]:
            return "invalid_grant"
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (grant.parameters.get("code_challenge_method"), grant.parameters.get("code_challenge")) != (
            "S256",
            challenge,
        ):
            return "invalid_grant"
        if style == "naver" and form.get("state") != grant.parameters["state"]:
            return "invalid_request"
        return None

    def _id_token(self, style: str, grant: Grant) -> str | None:
        now = int(time.time())
        claims = {
            "iss": f"{self.url}/{style}",
            "aud": CLIENT_ID,
            "sub": self.profile["sub"],
            "iat": now,
            "exp": now + 300,
            "nonce": grant.parameters.get("nonce"),
        } | self.claims
        kept = {key: value for key, value in claims.items() if value is not None}
        key: Any = (self.signing_key or self.published_key) if self.algorithm == "RS256" else CLIENT_SECRET * 3
        return jwt.encode(kept, key, algorithm=self.algorithm, headers={"kid": "k1"})

    async def me(self, request: Request) -> Response:
        if self.broken or not self._is_known(request):
            return JSONResponse({"error": "no"}, status_code=500 if self.broken else 401)
        return JSONResponse(self.profile)

    async def my_emails(self, request: Request) -> Response:
        return JSONResponse(self.emails, status_code=200 if self._is_known(request) else 401)

    def _is_known(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.access_tokens

    async def configuration(self, request: Request) -> Response:
        base = f"{self.url}/{request.path_params['style']}"
        facts = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/me",
            "jwks_uri": f"{base}/keys",
        }
        return JSONResponse(facts, status_code=500 if self.broken else 200)

    async def keys(self, request: Request) -> Response:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published_key.public_key()))
        return JSONResponse({"keys": [{**key, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    def routes(self) -> list[Route]:
        return [
            Route("/{style}/authorize", self.authorize),
            Route("/{style}/token", self.token, methods=["POST"]),
            Route("/{style}/me", self.me, methods=["GET", "POST"]),
            Route("/{style}/emails", self.my_emails),
            Route("/{style}/.well-known/openid-configuration", self.configuration),
            Route("/{style}/keys", self.keys),
        ]


@asynccontextmanager
async def running_provider_server() -> AsyncIterator[ProviderServer]:
    """The server on a free loopback port, in this event loop, until the body ends."""
    provider_server = ProviderServer()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        provider_server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = Starlette(routes=provider_server.routes())
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield provider_server
        finally:
            server.should_exit = True
            await task

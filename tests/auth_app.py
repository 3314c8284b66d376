"""The sign-in routes behind a browser that keeps cookies, and password hashes that cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from starlette.applications import Starlette

from api.auth.passwords import PasswordPool
from api.errors import PlatformError
from api.routes.auth import routes
from api.routes.errors import platform_error
from api.settings import Settings

CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@contextmanager
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[PasswordPool]:
    """Argon2id with the least work in the body, for all that is not about its strength."""
    pool = PasswordPool(1, hasher=CHEAP)
    monkeypatch.setattr("api.auth.accounts.password_pool", lambda: pool)
    try:
        yield pool
    finally:
        pool.close()


def make_app(settings: Settings) -> Starlette:
    app = Starlette(routes=routes, exception_handlers={PlatformError: platform_error})
    app.state.settings = settings
    return app


def make_client(app: Starlette, base_url: str = "http://coslide.test") -> httpx.AsyncClient:
    """A browser: keeps cookies and sends its own page's Origin."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base_url, headers={"origin": base_url})

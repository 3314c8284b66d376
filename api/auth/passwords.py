"""Password hashes: Argon2id. Each takes 64 MiB and a good part of a second of one core: few threads, a short queue."""

from __future__ import annotations

import asyncio
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import ParamSpec, TypeVar

from pwdlib import PasswordHash

from api.errors import TooManyRequests
from api.settings import get_settings

MAX_WAITING = 64
TIMEOUT_S = 30

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """Whether a password was right, and its new hash when the stored one uses outdated parameters."""

    valid: bool
    replacement: str | None = None


class PasswordPool:
    """Hashes and verifies in `workers` threads; at most `waiting` more callers queue, others are asked to come back."""

    def __init__(self, workers: int, *, waiting: int = MAX_WAITING, hasher: PasswordHash | None = None) -> None:
        self._hasher = hasher or PasswordHash.recommended()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._places = threading.BoundedSemaphore(workers + waiting)
        # First in the queue, so that no verification ever waits for it behind itself.
        self._decoy: Future[str] = self._threads.submit(self._hasher.hash, secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The encoded Argon2id hash of `password`."""
        return await self._run(self._hasher.hash, _canonical(password))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Whether `password` belongs to the hash `stored`.

        None, for an account that is unknown or has no password, costs the same work and is never valid.
        """
        return await self._run(self._verify, _canonical(password), stored)

    def _verify(self, password: str, stored: str | None) -> Verdict:
        valid, replacement = self._hasher.verify_and_update(password, stored or self._decoy.result())
        return Verdict(valid, replacement) if stored and valid else Verdict(valid=False)

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if not self._places.acquire(blocking=False):
            raise _too_busy()
        future = self._threads.submit(work, *args, **kwargs)
        future.add_done_callback(lambda _: self._places.release())
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise _too_busy() from error

    def close(self) -> None:
        """Let the threads finish and end them."""
        self._threads.shutdown(cancel_futures=True)


@lru_cache(maxsize=1)
def password_pool() -> PasswordPool:
    """The process's pool, made at first use with `COSLIDE_PASSWORD_WORKERS` threads."""
    return PasswordPool(get_settings().password_workers)


def _canonical(password: str) -> str:
    """One form for what keyboards spell differently: a Korean password typed on macOS arrives decomposed."""
    return unicodedata.normalize("NFKC", password)


def _too_busy() -> TooManyRequests:
    return TooManyRequests(
        "Too many people are signing in at this moment. Try again in a few seconds.",
        retry_after_s=5,
        code="SIGN_IN_BUSY",
    )

"""Argon2id in a bounded pool."""

from __future__ import annotations

import asyncio
import threading
import unicodedata

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from api.auth.passwords import PasswordPool, Verdict
from api.errors import TooManyRequests
from tests.auth_app import CHEAP


async def test_the_hash_is_argon2id_with_64_mib_and_salted() -> None:
    pool = PasswordPool(1)
    try:
        first = await pool.hash("correct horse battery")
        assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert await pool.verify("correct horse battery", first) == Verdict(valid=True)
        assert await pool.verify("correct horse batterx", first) == Verdict(valid=False)
    finally:
        pool.close()


async def test_two_hashes_of_one_password_differ(password_pool: PasswordPool) -> None:
    assert await password_pool.hash("same words here") != await password_pool.hash("same words here")


async def test_composed_and_decomposed_hangul_are_one_password(password_pool: PasswordPool) -> None:
    stored = await password_pool.hash(unicodedata.normalize("NFD", "병리학 슬라이드"))
    assert (await password_pool.verify(unicodedata.normalize("NFC", "병리학 슬라이드"), stored)).valid


async def test_outdated_parameters_give_a_replacement(password_pool: PasswordPool) -> None:
    old = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=8, parallelism=1),)).hash("correct horse")
    verdict = await password_pool.verify("correct horse", old)
    assert verdict.valid
    assert verdict.replacement is not None
    assert verdict.replacement.startswith("$argon2id$v=19$m=8,t=1,p=1$")


class CountingHasher(Argon2Hasher):
    """Counts verifications and can hold them back."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        assert self.go.wait(timeout=30)
        self.verified.append(str(hash))
        return super().verify(password, hash)


async def test_an_unknown_account_costs_one_real_verification() -> None:
    hasher = CountingHasher()
    pool = PasswordPool(1, hasher=PasswordHash((hasher,)))
    try:
        assert await pool.verify("whatever it is", None) == Verdict(valid=False)
        assert len(hasher.verified) == 1
        assert hasher.verified[0].startswith("$argon2id$v=19$m=8,t=1,p=1$")
    finally:
        pool.close()


async def test_a_full_queue_refuses_and_recovers() -> None:
    hasher = CountingHasher()
    pool = PasswordPool(1, waiting=1, hasher=PasswordHash((hasher,)))
    try:
        stored = await pool.hash("correct horse")
        hasher.go.clear()
        running = [asyncio.create_task(pool.verify("correct horse", stored)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequests) as refused:
            await pool.verify("correct horse", stored)
        assert (refused.value.code, refused.value.retry_after_s) == ("SIGN_IN_BUSY", 5)
        hasher.go.set()
        assert [verdict.valid for verdict in await asyncio.gather(*running)] == [True, True]
        assert (await pool.verify("correct horse", stored)).valid
    finally:
        pool.close()


async def test_the_event_loop_runs_while_hashes_are_computed() -> None:
    hasher = CountingHasher()
    pool = PasswordPool(1, hasher=PasswordHash((hasher,)))
    try:
        stored = CHEAP.hash("correct horse")
        hasher.go.clear()
        verification = asyncio.create_task(pool.verify("correct horse", stored))
        await asyncio.sleep(0)
        assert not verification.done()
        hasher.go.set()
        assert (await verification).valid
    finally:
        pool.close()

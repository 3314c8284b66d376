"""Signed statements and the key that signs them."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from api.auth import secrets
from api.auth.secrets import KEY_FILE, derive, hash_token, new_token, sign, signing_key, verify
from api.errors import NotPermitted
from api.settings import Settings

FIXED = Settings(secret=SecretStr("a key for tests"))


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "data")
    key = signing_key(settings)
    file = settings.data / KEY_FILE
    assert len(key) == 32
    assert file.read_bytes() == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secrets.signing_key.cache_clear()
    assert signing_key(settings) == key
    assert [path.name for path in settings.data.iterdir()] == [KEY_FILE]


def test_of_two_processes_that_make_the_key_the_first_one_wins(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    secrets._write_once(tmp_path / KEY_FILE, b"first" * 8)
    secrets._write_once(tmp_path / KEY_FILE, b"second" * 8)
    assert signing_key(settings) == b"first" * 8


def test_a_statement_says_what_was_signed() -> None:
    statement = sign(FIXED, "tiles", {"slide": "s1", "size": 256}, ttl_s=60)
    assert verify(FIXED, "tiles", statement) == {"slide": "s1", "size": 256}


def test_a_statement_is_for_one_purpose_and_one_key() -> None:
    statement = sign(FIXED, "tiles", {}, ttl_s=60)
    for settings, purpose in ((FIXED, "oauth"), (Settings(secret=SecretStr("another")), "tiles")):
        with pytest.raises(NotPermitted) as refused:
            verify(settings, purpose, statement)
        assert refused.value.code == "SIGNATURE_INVALID"


def test_a_statement_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = sign(FIXED, "tiles", {}, ttl_s=60)
    now = time.time()
    monkeypatch.setattr("api.auth.secrets.time.time", lambda: now + 61)
    with pytest.raises(NotPermitted) as refused:
        verify(FIXED, "tiles", statement)
    assert refused.value.code == "SIGNATURE_EXPIRED"


@given(position=st.integers(0, 200), replacement=st.characters(codec="utf-8"))
def test_a_changed_statement_is_refused(position: int, replacement: str) -> None:
    statement = sign(FIXED, "tiles", {"slide": "s1"}, ttl_s=60)
    position %= len(statement)
    changed = statement[:position] + replacement + statement[position + 1 :]
    try:
        assert verify(FIXED, "tiles", changed) == {"slide": "s1"}
    except NotPermitted as refused:
        assert refused.code == "SIGNATURE_INVALID"
    else:
        # The last character of each half has unused bits: only spellings of the same bytes may pass.
        assert secrets._decode(changed.split(".")[0]) == secrets._decode(statement.split(".")[0])
        assert secrets._decode(changed.split(".")[1]) == secrets._decode(statement.split(".")[1])


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(NotPermitted):
        verify(FIXED, "tiles", text)


def test_derived_secrets_are_stable_and_apart() -> None:
    assert derive(FIXED, "verifier", "a") == derive(FIXED, "verifier", "a")
    assert len({derive(FIXED, "verifier", "a"), derive(FIXED, "verifier", "b"), derive(FIXED, "nonce", "a")}) == 3
    assert len(derive(FIXED, "verifier", "a")) == 43


def test_tokens_are_long_and_stored_by_their_sha256() -> None:
    assert len(new_token()) == 43
    assert new_token() != new_token()
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

"""Random tokens, their hashes, and signed statements that the server can check without a database.

A statement is `base64url(json) "." base64url(HMAC-SHA256)`, under a key of its own for each purpose: a tile grant can
never pass for an OAuth state. It is readable by whoever holds it; put nothing secret in it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from api.errors import NotPermitted
from api.settings import Settings

KEY_FILE = "secret.key"


def new_token() -> str:
    """A random token of 256 bits, safe in addresses and cookies."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """SHA-256 in hex: what is stored of a token. Tokens have 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=8)
def signing_key(settings: Settings) -> bytes:
    """The server's key: `COSLIDE_SECRET`, or 32 random bytes made once and kept in the data folder, mode 0600."""
    if settings.secret is not None:
        return settings.secret.get_secret_value().encode()
    path = settings.data / KEY_FILE
    if not path.exists():
        _write_once(path, secrets.token_bytes(32))
    return path.read_bytes()


def _write_once(path: Path, content: bytes) -> None:
    """Write a file that appears complete or not at all; of several processes the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def sign(settings: Settings, purpose: str, payload: Mapping[str, Any], ttl_s: float) -> str:
    """A signed statement.

    Args:
        settings: holds or locates the key.
        purpose: what it is for, such as `tiles`; `verify` must name the same.
        payload: JSON values under keys other than `exp`.
        ttl_s: seconds until it ends.
    """
    body = json.dumps({**payload, "exp": time.time() + ttl_s}, separators=(",", ":")).encode()
    return f"{_encode(body)}.{_encode(_mac(settings, purpose, body))}"


def verify(settings: Settings, purpose: str, statement: str) -> dict[str, Any]:
    """The payload of a statement made by `sign` for the same purpose.

    Raises:
        NotPermitted: code `SIGNATURE_INVALID` when it is forged, damaged or for another purpose,
            `SIGNATURE_EXPIRED` when it has ended.
    """
    encoded_body, _, encoded_mac = statement.partition(".")
    try:
        body, mac = _decode(encoded_body), _decode(encoded_mac)
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error
    if not hmac.compare_digest(mac, _mac(settings, purpose, body)):
        raise _invalid()
    payload: dict[str, Any] = json.loads(body)
    if payload.pop("exp") <= time.time():
        raise NotPermitted("This grant has ended. Load the page again to get a new one.", code="SIGNATURE_EXPIRED")
    return payload


def derive(settings: Settings, purpose: str, text: str) -> str:
    """A secret of 256 bits in base64url that only this server can compute again from `text`."""
    return _encode(_mac(settings, purpose, text.encode()))


def _mac(settings: Settings, purpose: str, body: bytes) -> bytes:
    return hmac.digest(_purpose_key(signing_key(settings), purpose), body, "sha256")


@lru_cache(maxsize=64)
def _purpose_key(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"coslide:" + purpose.encode(), "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _invalid() -> NotPermitted:
    return NotPermitted("The signature of this grant is not valid. Load the page again.", code="SIGNATURE_INVALID")

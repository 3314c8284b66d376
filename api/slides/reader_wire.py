"""Messages between the server and an isolated reader process: a JSON head and raw bytes. PURE.

Never pickle: a reader that a hostile file has taken over must not be able to run code in the server.

    message = u32 length of the head (little endian), head (JSON), blobs
    head    = {"body": {...}, "blobs": [length, ...]}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_HEAD_BYTES = 16 << 20
MAX_BLOB_BYTES = 512 << 20
LENGTH_BYTES = 4


@dataclass(frozen=True)
class Message:
    """One request or answer."""

    body: dict[str, Any]
    blobs: Sequence[bytes] = field(default_factory=tuple)


def encode(message: Message) -> list[bytes]:
    """The message as chunks to be written one after the other."""
    head = json.dumps({"body": message.body, "blobs": [len(blob) for blob in message.blobs]}).encode()
    return [len(head).to_bytes(LENGTH_BYTES, "little") + head, *message.blobs]


def head_length(prefix: bytes) -> int:
    """How many bytes of head follow these four.

    Raises:
        ValueError: more than any honest message has.
    """
    length = int.from_bytes(prefix, "little")
    if length > MAX_HEAD_BYTES:
        raise ValueError(f"a head of {length} bytes is over the limit of {MAX_HEAD_BYTES}")
    return length


def decode_head(head: bytes) -> tuple[dict[str, Any], list[int]]:
    """The body, and the length of each blob that follows.

    Raises:
        ValueError: not a head, or blobs over the limit.
    """
    value = json.loads(head)
    try:
        body, blobs = value["body"], value["blobs"]
        lengths = [int(length) for length in blobs]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a head: {head[:80]!r}") from error
    if not isinstance(body, dict) or min(lengths, default=0) < 0 or sum(lengths) > MAX_BLOB_BYTES:
        raise ValueError(f"not a head: {head[:80]!r}")
    return body, lengths

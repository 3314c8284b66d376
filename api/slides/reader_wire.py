"""Messages between the server and an isolated reader process: a JSON head and raw bytes. PURE.

Never pickle: a reader that a hostile file has taken over must not be able to run code in the server.

    message = u32 length of the head (little endian), head (JSON), blobs
    head    = {"body": {...}, "blobs": [length, ...]}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

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
    head = orjson.dumps({"body": message.body, "blobs": [len(blob) for blob in message.blobs]})
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
    value = orjson.loads(head)
    try:
        body, blobs = value["body"], value["blobs"]
        lengths = [int(length) for length in blobs]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a head: {head[:80]!r}") from error
    if not isinstance(body, dict) or min(lengths, default=0) < 0 or sum(lengths) > MAX_BLOB_BYTES:
        raise ValueError(f"not a head: {head[:80]!r}")
    return body, lengths


class MessageBuffer:
    """Puts one message at a time together from pieces as they arrive."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._needed = LENGTH_BYTES
        self._head_end = 0
        self._body: dict[str, Any] | None = None
        self._lengths: list[int] = []

    def feed(self, piece: bytes) -> Message | None:
        """The message, when this piece completes it.

        Raises:
            ValueError: the pieces make no honest message, or more than one.
        """
        self._data += piece
        while len(self._data) >= self._needed:
            if not self._head_end:
                self._head_end = self._needed = LENGTH_BYTES + head_length(bytes(self._data[:LENGTH_BYTES]))
            elif self._body is None:
                self._body, self._lengths = decode_head(bytes(self._data[LENGTH_BYTES : self._head_end]))
                self._needed += sum(self._lengths)
            elif len(self._data) > self._needed:
                raise ValueError(f"{len(self._data) - self._needed} bytes too many after a message")
            else:
                return self._take(self._body)
        return None

    def _take(self, body: dict[str, Any]) -> Message:
        data, at, blobs = memoryview(bytes(self._data)), self._head_end, []
        for length in self._lengths:
            blobs.append(bytes(data[at : at + length]))
            at += length
        self.__init__()  # type: ignore[misc]
        return Message(body, blobs)

"""ENTRY: many sockets in one process that count what arrives, cheaply enough not to disturb what is measured.

Reads one JSON line, `{"port", "path", "cookies", "first": [messages], "expected"}`; prints `ready` when every socket
has said its first messages, and, when the expected number of events has come to each or nothing came for 3 s, one JSON
line: `{"deliveries", "lost", "duplicated", "p50_ms", "p99_ms", "bytes"}`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop

QUIET_S = 3.0
_SEQ = re.compile(rb'"seq":(\d+)')
_SENT = re.compile(rb"t=(\d+);")


@dataclass
class Tally:
    """What all sockets together received."""

    expected: int
    delays_ms: list[float] = field(default_factory=list)
    deliveries: int = 0
    duplicated: int = 0
    octets: int = 0
    last_at: float = 0.0


class Socket(asyncio.Protocol):
    """One WebSocket client; frames from the server are text and unmasked."""

    def __init__(self, path: str, cookie: str, first: list[str], tally: Tally) -> None:
        self._path, self._cookie, self._first, self._tally = path, cookie, first, tally
        self._rest = b""
        self._up = False
        self.seen: set[int] = set()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:  # uvloop's transports are no asyncio.Transport
        self._transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"sec-websocket-protocol: graphql-transport-ws\r\ncookie: {self._cookie}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the server closed the socket"))

    def say(self, text: str) -> None:
        data = text.encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self._transport.write(b"\x81" + length + b"\0\0\0\0" + data)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if not self._up:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if b" 101 " not in head[:40]:
                raise ConnectionError(head.decode())
            self._up = True
            for message in self._first[:1]:
                self.say(message)
            if not self._first:
                self.ready.set_result(None)
        at = 0
        while (frame := _frame_at(data, at)) is not None:
            begin, at, opcode = frame
            if opcode == 1:
                self._heard(data[begin:at])
        self._rest = data[at:]

    def _heard(self, text: bytes) -> None:
        if not self.ready.done():
            if b"connection_ack" not in text:
                raise ConnectionError(text.decode())
            for message in self._first[1:]:
                self.say(message)
            self.ready.set_result(None)
            return
        if (seq := _SEQ.search(text)) is None:
            return
        tally, number = self._tally, int(seq[1])
        tally.deliveries += 1
        tally.octets += len(text)
        tally.last_at = time.perf_counter()
        tally.duplicated += number in self.seen
        self.seen.add(number)
        if number % 4 == 0 and (sent := _SENT.search(text)):
            tally.delays_ms.append((time.time_ns() - int(sent[1])) / 1e6)


def _frame_at(data: bytes, at: int) -> tuple[int, int, int] | None:
    """(begin, end, opcode) of the payload of the frame at `at`; None while it is incomplete."""
    if len(data) - at < 2:
        return None
    length, begin = data[at + 1] & 127, at + 2
    if length == 126:
        begin = at + 4
        length = int.from_bytes(data[at + 2 : at + 4], "big") if len(data) >= begin else len(data)
    elif length == 127:
        begin = at + 10
        length = int.from_bytes(data[at + 2 : at + 10], "big") if len(data) >= begin else len(data)
    return (begin, begin + length, data[at] & 15) if len(data) >= begin + length else None


async def run(wanted: dict[str, Any]) -> None:
    tally, loop = Tally(wanted["expected"]), asyncio.get_running_loop()
    sockets: list[Socket] = []
    for cookie in wanted["cookies"]:
        _, socket = await loop.create_connection(
            lambda cookie=cookie: Socket(wanted["path"], cookie, wanted["first"], tally), "127.0.0.1", wanted["port"]
        )
        sockets.append(socket)
    async with asyncio.timeout(60):
        await asyncio.gather(*(socket.ready for socket in sockets))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    whole = tally.expected * len(sockets)
    tally.last_at = time.perf_counter() + 15
    while tally.deliveries < whole and time.perf_counter() - tally.last_at < QUIET_S:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    delays = sorted(tally.delays_ms) or [0.0]
    lost = whole - sum(len(socket.seen) for socket in sockets)
    result = {
        "deliveries": tally.deliveries,
        "lost": lost,
        "duplicated": tally.duplicated,
        "p50_ms": delays[len(delays) // 2],
        "p99_ms": delays[int(len(delays) * 0.99)],
        "bytes": tally.octets / max(1, tally.deliveries),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    uvloop.run(run(json.loads(sys.stdin.readline())))

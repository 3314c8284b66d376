"""uvicorn's WebSocket protocol with one message more: several texts at once, of parts that many sockets share.

An ASGI extension, as the specification foresees: where `scope["extensions"]` has `EXTENSION`, an application may put
`TEXTS` into a `websocket.send` message. A text is (head, rest): its own beginning and what it shares with other
sockets, both UTF-8. All are framed and written in one call, and what is shared is not copied or encoded again.
Servers without it, and sockets with compression, get one message a text.

`uvicorn --ws api.texts:TextsProtocol`
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

EXTENSION = "coslide.texts"
TEXTS = "coslide.texts"
Text = tuple[bytes, bytes]

_FINAL_TEXT = 0x81


def frames_of(texts: Iterable[Text]) -> list[bytes]:
    """The parts of unmasked, unfragmented text frames (RFC 6455, 5.2), to be written one after the other."""
    parts: list[bytes] = []
    for head, rest in texts:
        length = len(head) + len(rest)
        if length < 126:
            opening = struct.pack("!BB", _FINAL_TEXT, length)
        elif length < 65536:
            opening = struct.pack("!BBH", _FINAL_TEXT, 126, length)
        else:
            opening = struct.pack("!BBQ", _FINAL_TEXT, 127, length)
        parts += (opening + head, rest)
    return parts


class TextsProtocol(WebSocketsSansIOProtocol):
    """As uvicorn's own, and with the extension."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.conn.extensions:
            self.scope["extensions"][EXTENSION] = {}

    async def send(self, message: Any) -> None:
        texts = message.get(TEXTS)
        if texts is None:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
            raise ClientDisconnected
        self.transport.writelines(frames_of(texts))

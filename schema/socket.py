"""The GraphQL socket (graphql-transport-ws): closed with 4403 when the viewer's session or token ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage

from api.auth.sessions import until_ended
from api.auth.viewer import Viewer
from schema.context import Context

FORBIDDEN = 4403


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Strawberry's handler, with a watch over the credential the socket was opened with."""

    _watch: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._watch is None and self.context.viewer is not None:
            self._watch = asyncio.create_task(self._close_when_ended(self.context.viewer))

    async def shutdown(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await super().shutdown()

    async def _close_when_ended(self, viewer: Viewer) -> None:
        await until_ended(viewer)
        self.context.viewer = None
        await self.websocket.close(code=FORBIDDEN, reason="Your session has ended. Sign in again.")

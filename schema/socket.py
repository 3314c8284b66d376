"""The GraphQL socket (graphql-transport-ws): who follows a slide shares its events' execution with others who do.

The protocol is Strawberry's handler; a `slideEvents` subscription is run here instead, whenever
`schema.stream_plan` can read it. The socket is closed with

| code | when |
|---|---|
| 4403 | the viewer's session or token ended |
| 4400 | a message is none of the protocol, or a document can't be parsed |
| 4401 | an operation comes before the first message was acknowledged |
| 4406 | the client asks for another protocol |
| 4408 | the first message does not come in time |
| 4409 | an operation has the id of one that runs |
| 4429 | a second first message comes |
| 4500 | a message meets a fault of the server |
| 1013 | the database is away, or an event can't be made: connect again and follow from the last one |
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable
from contextlib import aclosing, suppress
from typing import Any

from graphql import GraphQLError
from graphql.error import located_error
from starlette.websockets import WebSocketDisconnect
from starlette.websockets import WebSocketDisconnected as StarletteDisconnected
from strawberry.http.exceptions import WebSocketDisconnected as StrawberryDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    CompleteMessage,
    ConnectionInitMessage,
    Message,
)

from api.auth.permissions import SlideAccess, require_viewer
from api.auth.sessions import until_ended
from api.auth.viewer import Viewer
from api.collaboration.feed import Item
from api.collaboration.log import LoggedEvent, may_pass
from api.errors import NotSignedIn, PlatformError, Unavailable
from schema.context import Context
from schema.stream_frames import Frames, Groups
from schema.stream_plan import FIELD, StreamPlan
from schema.subscription import Standing, event_of, followed, permit_stream

FORBIDDEN = 4403
INTERNAL_ERROR = 4500
TRY_AGAIN_LATER = 1013

DISCONNECTED = (WebSocketDisconnect, StarletteDisconnected, StrawberryDisconnected)
"""What is raised when a socket that is closed is written to."""

logger = logging.getLogger("coslide.graphql")


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Strawberry's handler, with shared streams and a watch over the credential the socket was opened with."""

    _watch: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._watch is None and self.context.viewer is not None:
            self._watch = asyncio.create_task(self._close_when_ended(self.context.viewer))

    async def handle_message(self, message: Message) -> None:
        """Refuse what is no message of the protocol before anything looks into it."""
        if complaint := _complaint(message):
            await self.handle_invalid_message(complaint)
            return
        try:
            await super().handle_message(message)
        except DISCONNECTED:
            return  # the client has gone; nothing further comes from it
        except Exception as error:
            if may_pass(error):
                await self._close(TRY_AGAIN_LATER, "A part of the server is away. Try again in a minute.")
                return
            logger.exception("A message of type %s could not be handled", message["type"])
            await self._close(INTERNAL_ERROR, "Something went wrong on the server.")

    async def handle_task_exception(self, error: Exception) -> None:
        """Nothing is to be told about an operation whose socket was closed meanwhile."""
        if not isinstance(error, DISCONNECTED):
            await super().handle_task_exception(error)

    async def shutdown(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await super().shutdown()

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Run a stream of a slide's events together with others; anything else as Strawberry does."""
        view: Any = self.view
        plan = view.planner.plan(operation.query, operation.variables, operation.operation_name)
        if plan is None:
            await super().run_operation(operation)
            return
        try:
            await self._stream(operation, plan, view.groups)
            await operation.send_operation_message(CompleteMessage(id=operation.id, type="complete"))
        except DISCONNECTED:
            self.operations.pop(operation.id, None)
        except Unavailable as error:
            await self._close(TRY_AGAIN_LATER, error.message)
        except PlatformError as error:
            located = located_error(error, [plan.node], [FIELD])
            await operation.send_initial_errors(
                [GraphQLError(error.message, located.nodes, path=[FIELD], original_error=error)]
            )
            if isinstance(error, NotSignedIn) and self.context.viewer is not None:
                await self._close(FORBIDDEN, error.message)
        except Exception as error:
            await self.handle_task_exception(error)
            await self._close(TRY_AGAIN_LATER, "Something went wrong on the server. Follow the slide again.")

    async def _stream(self, operation: Operation[Context, None], plan: StreamPlan, groups: Groups) -> None:
        """Send the slide's events until the stream ends.

        Raises:
            PlatformError: the viewer may not follow the slide, or no longer.
        """
        access = await permit_stream(self.context, plan.slide_id, plan.since_seq)
        place = _Place(groups, plan, self.context, self.schema, access)
        websocket: Any = self.websocket
        send, head = websocket.ws.send, f'{{"id":{json.dumps(operation.id)}'
        try:
            async with aclosing(followed(self.context, plan.since_seq, place)) as items:
                async for item in items:
                    rest = place.frames.ready(item) or await place.frames.rest(item)
                    await send({"type": "websocket.send", "text": head + rest})
        finally:
            place.leave()

    async def _close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it may be closed already
            await self.websocket.close(code=code, reason=reason[:100])

    async def _close_when_ended(self, viewer: Viewer) -> None:
        await until_ended(viewer)
        self.context.viewer = None
        await self._close(FORBIDDEN, "Your session has ended. Sign in again.")


def _complaint(message: object) -> str | None:
    """What is wrong with the form of a message; None when nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is a JSON object with a type"
    if message["type"] in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return "The message has no id"
    payload = message.get("payload")
    if message["type"] == "subscribe":
        return _subscribe_complaint(payload)
    return None if isinstance(payload, dict | None) else "The payload is no JSON object"


def _subscribe_complaint(payload: object) -> str | None:
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The subscribe message has no query"
    if not isinstance(payload.get("variables"), dict | None):
        return "The variables are no JSON object"
    return None if isinstance(payload.get("operationName"), str | None) else "The operation's name is no text"


class _Place(Standing):
    """Which group a member stands in; it moves to another when what its person may see has changed."""

    def __init__(self, groups: Groups, plan: StreamPlan, context: Context, schema: Any, access: SlideAccess) -> None:
        self._groups = groups
        self._plan = plan
        self._context = context
        self._schema = schema
        self._viewer = require_viewer(context.viewer)
        super().__init__(access)
        self._enter()

    def moved(self, access: SlideAccess) -> None:
        if access != self.access:
            self.leave()
            super().moved(access)
            self._enter()

    def prepare(self, event: LoggedEvent) -> Awaitable[object] | None:
        return None if self.frames.has(event) else self.frames.rest(event)

    def leave(self) -> None:
        """The member's stream has ended."""
        self._groups.leave(self._key)

    def _enter(self) -> None:
        access = self.access
        personal = self._viewer if self._plan.personal else None
        self._key = (self._plan.key, access.slide_id, access.only_own, personal)
        self.frames = self._groups.enter(self._key, lambda: self._new_frames(access))

    def _new_frames(self, access: SlideAccess) -> Frames:
        viewer, settings, app = self._viewer, self._context.settings, self._context.app

        async def make(context: Context, item: Item) -> object:
            return await event_of(context, access, item)

        return Frames(self._schema._schema, self._plan, lambda: Context(viewer, settings, app), make)

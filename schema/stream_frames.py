"""A slide's events as frames of the socket: one execution and one serialisation for all who asked the same.

A member's frame is `{"id":` + its own id + the shared rest, so that what an event costs does not grow with how many
follow.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute

from api.collaboration.feed import PATIENCE, POLL_S, Item
from api.collaboration.log import LoggedEvent, may_pass
from api.errors import PlatformError, Unavailable
from schema.annotation_loaders import LayerByIdLoader
from schema.context import Context
from schema.loaders import UserByIdLoader
from schema.stream_plan import StreamPlan

CONTEXT_S = 2.0
"""How long names and layers once read are used for further events."""
KEPT_FRAMES = 256
KEPT_LENGTH = 4_000_000
"""Characters of frames kept for slower members; the newest is kept whatever its length."""

logger = logging.getLogger("coslide.graphql")

EventMaker = Callable[[Context, Item], Coroutine[Any, Any, object]]


class Frames:
    """What the members of one group are sent: each item made once, by a task of its own that no member can cancel.

    Args:
        event_of: the item as the schema's type.
    """

    def __init__(
        self, schema: GraphQLSchema, plan: StreamPlan, new_context: Callable[[], Context], event_of: EventMaker
    ) -> None:
        self.members = 0
        self._schema = schema
        self._plan = plan
        self._new_context = new_context
        self._event_of = event_of
        self._context: Context | None = None
        self._context_until = 0.0
        self._frames: OrderedDict[Hashable, tuple[Item, str]] = OrderedDict()
        self._length = 0
        self._making: dict[Hashable, asyncio.Task[str]] = {}

    def ready(self, item: Item) -> str | None:
        """The frame's rest when it is there already."""
        kept = self._frames.get(_key(item))
        return kept[1] if kept else None

    def has(self, item: Item) -> bool:
        """Whether the frame is there or being made."""
        key = _key(item)
        return key in self._frames or key in self._making

    async def rest(self, item: Item) -> str:
        """The frame's rest: all after the member's id.

        Raises:
            Unavailable: the database stayed away.
        """
        if (kept := self.ready(item)) is not None:
            return kept
        key = _key(item)
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, item), name="stream-frame")
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)

    def _made(self, key: Hashable, task: asyncio.Task[str]) -> None:
        self._making.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; with nobody waiting it is of no interest

    async def _make(self, key: Hashable, item: Item) -> str:
        payload = await self._executed(item)
        rest = f',"type":"next","payload":{orjson.dumps(payload).decode()}}}'
        self._frames[key] = (item, rest)
        self._length += len(rest)
        while len(self._frames) > 1 and (len(self._frames) > KEPT_FRAMES or self._length > KEPT_LENGTH):
            _, (_, oldest) = self._frames.popitem(last=False)
            self._length -= len(oldest)
        return rest

    async def _executed(self, item: Item) -> dict[str, Any]:
        """The operation's result for the item; while the database is away it is tried again, so that none is lost."""
        for _ in range(PATIENCE):
            result = await self._execute(item)
            failed = [error for error in result.errors or () if is_unexpected(error)]
            if not failed:
                payload: dict[str, Any] = {"data": result.data}
                if result.errors:
                    payload["errors"] = [error.formatted for error in result.errors]
                return payload
            self._context = None
            for error in failed:
                if error.original_error is None or not may_pass(error.original_error):
                    logger.error("GraphQL %s failed", error.path, exc_info=error.original_error)
                    raise Unavailable(
                        "An event of the slide can't be shown. Follow it again from the last one you have."
                    )
            await asyncio.sleep(POLL_S)
        raise Unavailable("The database is away. Follow the slide again from the last event you have.")

    async def _execute(self, item: Item) -> ExecutionResult:
        plan, context = self._plan, self._present_context()
        try:
            event = await self._event_of(context, item)
        except Exception as exc:
            return ExecutionResult(None, [GraphQLError(str(exc), plan.node, original_error=exc)])
        result = execute(
            self._schema,
            plan.document,
            root_value=event,
            context_value=context,
            variable_values=dict(plan.variables),
            operation_name=plan.operation_name,
        )
        return result if isinstance(result, ExecutionResult) else await result

    def _present_context(self) -> Context:
        now = asyncio.get_running_loop().time()
        if self._context is None or now >= self._context_until:
            self._context, self._context_until = self._new_context(), now + CONTEXT_S
            self._context.loaders[UserByIdLoader] = UserByIdLoader(remember=True)
            self._context.loaders[LayerByIdLoader] = LayerByIdLoader(remember=True)
        return self._context


class Groups:
    """The frames of everyone in this process, by what they asked and what they may see."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Frames] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def enter(self, key: Hashable, make: Callable[[], Frames]) -> Frames:
        """Join the group, which is made for its first member."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = make()
        group.members += 1
        return group

    def leave(self, key: Hashable) -> None:
        """Leave it; the last one takes it away."""
        group = self._groups[key]
        group.members -= 1
        if not group.members:
            del self._groups[key]


def is_unexpected(error: GraphQLError) -> bool:
    """Whether an error is a bug or an outage, whose text must not reach a client."""
    return error.original_error is not None and not isinstance(error.original_error, (PlatformError, GraphQLError))


def _key(item: Item) -> Hashable:
    return item.seq if isinstance(item, LoggedEvent) else (type(item), id(item))

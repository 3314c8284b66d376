"""Many writers' changes of one slide in one transaction: each its own event, all on disk with one commit.

The rules are those of `api.collaboration.log`: the sequence is advanced first, a replay gets its first event, a client
id keeps its owner, numbers have no gap. Events are kept back and written together at the end, so that the price of a
transaction is shared by all who wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.collaboration.log import (
    EVENT_COLUMNS,
    EventKind,
    LoggedEvent,
    NothingWritten,
    Origin,
    advance,
    client_id_taken,
    event_values,
    logged_event,
    mutation_id_reused,
    retrying,
)
from api.errors import PlatformError
from api.models.event import SlideEvent
from api.models.sql import insert_statement, is_sqlite, marked
from api.models.transaction import transaction as database_transaction

_Key = tuple[str, str]


@dataclass
class GroupTransaction:
    """One transaction for several writers. `seq` is the slide's last number, with what was appended so far."""

    slide_id: UUID
    connection: BaseDBAsyncClient
    seq: int
    _written: dict[_Key, LoggedEvent | PlatformError] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    _waiting: list[list[Any]] = field(default_factory=list)

    def settled(self, origin: Origin) -> LoggedEvent | PlatformError | None:
        """What the mutation did before, or why it is refused; None when it is new."""
        owner = self._owners.get(origin.client_id)
        if owner is not None and owner != str(origin.actor_id or ""):
            return client_id_taken(origin)
        return self._written.get((origin.client_id, origin.mutation_id))

    def append(
        self, origin: Origin, kind: EventKind, body: object, *, result: object = None, inverse: object = None
    ) -> LoggedEvent:
        """The slide's next event; it is written with the others when the work is done."""
        self.seq += 1
        event = LoggedEvent(
            self.seq, kind, origin.actor_id, origin.client_id, origin.mutation_id, body, result, datetime.now(UTC)
        )
        self._waiting.append(event_values(self.slide_id, event, inverse=inverse, undoes=None))
        self._written[origin.client_id, origin.mutation_id] = event
        self._owners[origin.client_id] = str(origin.actor_id or "")
        return event

    async def read_settled(self, origins: Iterable[Origin]) -> None:
        """Look up which mutations were written before and whose the client ids are, in one query."""
        keys = list({(origin.client_id, origin.mutation_id): origin for origin in origins}.values())
        clients = list(dict.fromkeys(origin.client_id for origin in keys))
        written = "(SELECT seq FROM slide_event WHERE client_id = ? AND mutation_id = ?)"
        owner = "(SELECT COALESCE(actor_id, '') FROM slide_event WHERE client_id = ? LIMIT 1)"
        parts = [*(f"{written} AS s{n}" for n in range(len(keys))), *(f"{owner} AS o{n}" for n in range(len(clients)))]
        values = [part for origin in keys for part in (origin.client_id, origin.mutation_id)]
        statement = marked(self.connection, f"SELECT {', '.join(parts)}")
        [row] = await self.connection.execute_query_dict(statement, [*values, *clients])
        self._owners = {client: row[f"o{n}"] for n, client in enumerate(clients) if row[f"o{n}"] is not None}
        for n, origin in enumerate(keys):
            if row[f"s{n}"] is not None:
                self._written[origin.client_id, origin.mutation_id] = await self._first(origin)

    async def _first(self, origin: Origin) -> LoggedEvent | PlatformError:
        row = await SlideEvent.get(client_id=origin.client_id, mutation_id=origin.mutation_id, using_db=self.connection)
        elsewhere = row.slide_id != self.slide_id  # type: ignore[attr-defined]
        return mutation_id_reused(origin) if elsewhere else logged_event(row)

    async def finish(self) -> None:
        """Write what was appended and where the sequence is now."""
        if not self._waiting:
            raise NothingWritten
        if len(self._waiting) > 1:
            statement = marked(self.connection, "UPDATE slide_sequence SET seq = ? WHERE slide_id = ?")
            await self.connection.execute_query(statement, [self.seq, str(self.slide_id)])
        statement = insert_statement("slide_event", EVENT_COLUMNS, sqlite=is_sqlite(self.connection))
        if len(self._waiting) == 1:
            await self.connection.execute_insert(statement, self._waiting[0])
        else:
            await self.connection.execute_many(statement, self._waiting)


async def write_group(
    slide_id: UUID, origins: Iterable[Origin], work: Callable[[GroupTransaction], Awaitable[None]]
) -> None:
    """Run `work` in one transaction for all these writers; it may run again, as `api.collaboration.log.write` says.

    Raises:
        Unavailable: the slide stayed busy.
        NotFound: no such slide.
        IntegrityError: a key that one of them writes was taken elsewhere a moment ago; nothing was written.
    """
    wanted = list(origins)

    async def once() -> None:
        try:
            async with database_transaction() as connection:
                group = GroupTransaction(slide_id, connection, await advance(connection, slide_id) - 1)
                await group.read_settled(wanted)
                await work(group)
                await group.finish()
        except NothingWritten:
            return

    await retrying(f"slide {slide_id}", once)

"""The log of a slide: the only place that advances its sequence and writes its events. Rules L1-L9 of docs/spec.md.

A write is one transaction: advance the sequence (this row lock puts the slide's writers in line), look whether the
same mutation was written before, change rows, append events, commit. Nothing appended means nothing written: the
sequence falls back and no number is lost.
"""

from __future__ import annotations

import asyncio
import enum
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pymysql.err import MySQLError  # type: ignore[import-untyped]
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import BaseORMException, DBConnectionError, IntegrityError

from api.errors import Conflict, InvalidInput, NotFound, PlatformError, Unavailable
from api.models.event import AnnotationStep, SlideEvent
from api.models.slide import SlideSequence
from api.models.sql import insert_statement, is_sqlite, marked
from api.models.transaction import transaction as database_transaction

T = TypeVar("T")

MAX_KEY_LENGTH = 48
"""Of a client id or mutation id as sent; the column has room for the numbering of further events."""
ATTEMPTS = 8
COMMIT_TIMEOUT_S = 60.0
EVENT_COLUMNS = (
    "slide_id",
    "seq",
    "kind",
    "actor_id",
    "client_id",
    "mutation_id",
    "body",
    "result",
    "inverse",
    "undoes",
    "created_at",
)
_BUSY = ("(1213,", "(1205,", "database is locked", "database table is locked")
_AWAY = ("(2002,", "(2003,", "(2006,", "(2013,", "(2014,", "(1053,", "(0, ", "Not connected", "Connection closed")


class EventKind(enum.StrEnum):
    """What an event of a slide is about; stored in `SlideEvent.kind`."""

    ANNOTATIONS = "annotations"
    UNDO = "annotations.undo"
    REDO = "annotations.redo"
    SLIDE = "slide"
    COMMENTS = "comments"


@dataclass(frozen=True)
class Origin:
    """Who writes, and under which idempotency key. `actor_id` is None for what the platform does by itself."""

    actor_id: UUID | None
    client_id: str
    mutation_id: str

    def __post_init__(self) -> None:
        for name, value in (("clientId", self.client_id), ("mutationId", self.mutation_id)):
            if not 1 <= len(value) <= MAX_KEY_LENGTH or not value.isprintable():
                raise InvalidInput(
                    f"{name} has {len(value)} characters; send 1 to {MAX_KEY_LENGTH} printable ones, such as a UUID.",
                    field=name,
                )


@dataclass(frozen=True)
class LoggedEvent:
    """One committed step of a slide's sequence, as subscribers get it."""

    seq: int
    kind: EventKind
    actor_id: UUID | None
    client_id: str
    mutation_id: str
    body: Any
    result: Any
    created_at: datetime


class HistoryPruned(PlatformError):
    """Events after the asked seq are gone from the log: take a snapshot at `seq` and go on from there."""

    status = 410
    default_code = "HISTORY_PRUNED"

    def __init__(self, since: int, seq: int) -> None:
        super().__init__(
            f"The log no longer reaches back to {since}. Load the slide's annotations again; they are at {seq}."
        )
        self.seq = seq


class Replayed(Exception):
    """The same mutation was written before; `event` is what it did then."""

    def __init__(self, event: LoggedEvent) -> None:
        super().__init__(f"mutation {event.mutation_id} of {event.client_id} was written as {event.seq}")
        self.event = event


class NothingWritten(Exception):
    """Rolls a transaction back that appended no event."""


@dataclass
class SlideTransaction:
    """One write to a slide. `seq` is the number the next `append` gets; `events` what was appended so far."""

    slide_id: UUID
    origin: Origin
    connection: BaseDBAsyncClient
    seq: int
    events: list[LoggedEvent] = field(default_factory=list)

    async def append(
        self,
        kind: EventKind,
        body: object,
        *,
        result: object = None,
        inverse: object = None,
        undoes: int | None = None,
    ) -> LoggedEvent:
        """Write the next event of the slide.

        Args:
            body: what subscribers receive, JSON.
            result: what only the author is told, returned again on a replay.
            inverse: the changes that undo this event; None when it can't be undone.
            undoes: the seq that this event undoes or redoes.
        """
        if self.events:
            self.seq = await advance(self.connection, self.slide_id)
        number = f"#{len(self.events) + 1}" if self.events else ""
        event = LoggedEvent(
            self.seq,
            kind,
            self.origin.actor_id,
            self.origin.client_id,
            self.origin.mutation_id + number,
            body,
            result,
            datetime.now(UTC),
        )
        values = event_values(self.slide_id, event, inverse=inverse, undoes=undoes)
        statement = insert_statement("slide_event", EVENT_COLUMNS, sqlite=is_sqlite(self.connection))
        await self.connection.execute_insert(statement, values)
        self.events.append(event)
        return self.events[-1]


@asynccontextmanager
async def slide_transaction(slide_id: UUID, origin: Origin) -> AsyncIterator[SlideTransaction]:
    """One write to a slide, committed when the block ends and rolled back when it raises or appends nothing.

    Raises:
        Replayed: the mutation was written before; the block does not run.
        NotFound: no such slide.
        Conflict: the client id belongs to someone else, or the mutation id was used on another slide.
    """
    try:
        async with database_transaction() as connection:
            seq = await advance(connection, slide_id)
            await _refuse_replay(connection, slide_id, origin)
            transaction = SlideTransaction(slide_id, origin, connection, seq)
            yield transaction
            if not transaction.events:
                raise NothingWritten
    except NothingWritten:
        return


async def write(
    slide_id: UUID, origin: Origin, work: Callable[[SlideTransaction], Awaitable[None]]
) -> tuple[LoggedEvent, ...]:
    """Run `work` in a slide transaction and return the events it appended; on a replay, the first one it appended then.

    Tried again when the database chose it to break a deadlock or a lock took too long. A caller that goes away does
    not tear the transaction: it is finished without it.

    Raises:
        Unavailable: the slide stayed busy.
    """
    return await asyncio.shield(asyncio.ensure_future(_write(slide_id, origin, work)))


async def _write(
    slide_id: UUID, origin: Origin, work: Callable[[SlideTransaction], Awaitable[None]]
) -> tuple[LoggedEvent, ...]:
    async def once() -> tuple[LoggedEvent, ...]:
        async with slide_transaction(slide_id, origin) as transaction:
            await work(transaction)
        return tuple(transaction.events)

    try:
        return await retrying(f"slide {slide_id}", once)
    except Replayed as replay:
        return (replay.event,)
    except IntegrityError as exc:
        if await SlideEvent.exists(client_id=origin.client_id, mutation_id=origin.mutation_id):
            raise mutation_id_reused(origin) from exc
        raise


async def retrying(what: str, once: Callable[[], Awaitable[T]]) -> T:
    """What `once` gives; tried again while the database says that another try may help.

    Args:
        what: is written, for the message.

    Raises:
        Unavailable: it did not help (code `SLIDE_BUSY`).
    """
    for attempt in range(ATTEMPTS):
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                return await once()
        except TimeoutError:
            break
        except (BaseORMException, MySQLError, OSError, EOFError) as exc:
            if isinstance(exc, IntegrityError) or not may_pass(exc):
                raise
        await asyncio.sleep(random.uniform(0.5, 1.5) * 0.01 * 2**attempt)  # noqa: S311
    raise Unavailable(
        f"The {what} can't be written now: many change it at once, or the database is away. Nothing is lost; "
        "send the same change again.",
        code="SLIDE_BUSY",
    )


def may_pass(exc: BaseException) -> bool:
    """Whether trying again may help: a deadlock, a busy lock, or a database that is away.

    Trying again is safe even when a commit went through and only its answer was lost: the replay finds it.
    """
    text = str(exc)
    return isinstance(exc, OSError | EOFError | DBConnectionError) or any(sign in text for sign in (*_BUSY, *_AWAY))


async def current_seq(slide_id: UUID) -> int:
    """The slide's sequence now; 0 when nothing ever happened."""
    seqs = await SlideSequence.filter(slide_id=slide_id).values("seq")
    return int(seqs[0]["seq"]) if seqs else 0


async def since(slide_id: UUID, seq: int, limit: int = 500) -> list[LoggedEvent]:
    """Up to `limit` events after `seq`, contiguous and in order.

    Raises:
        HistoryPruned: the log does not reach back that far, or `seq` lies ahead of it.
    """
    rows = await SlideEvent.filter(slide_id=slide_id, seq__gt=seq).order_by("seq").limit(limit)
    if rows:
        if rows[0].seq != seq + 1:
            raise HistoryPruned(seq, await current_seq(slide_id))
        return [logged_event(row) for row in rows]
    now = await current_seq(slide_id)
    if now != seq and not await SlideEvent.exists(slide_id=slide_id, seq=seq + 1):
        raise HistoryPruned(seq, now)
    return [] if now == seq else await since(slide_id, seq, limit)


async def prune(slide_id: UUID, through: int) -> int:
    """Delete the events up to and including `through`; returns how many. Undo reaches back only to what is kept."""
    await AnnotationStep.filter(slide_id=slide_id, seq__lte=through).delete()
    return await SlideEvent.filter(slide_id=slide_id, seq__lte=through).delete()


async def advance(connection: BaseDBAsyncClient, slide_id: UUID) -> int:
    """Take the slide's lock and its next number.

    Raises:
        NotFound: no such slide.
    """
    # The first statement of the transaction is a write, on SQLite too: it takes the lock before anything is read.
    seq = await _add_one(connection, slide_id)
    if seq is None:
        try:
            await SlideSequence.create(using_db=connection, slide_id=slide_id, seq=0)
        except IntegrityError as exc:
            raise NotFound(f"There is no slide {slide_id}.") from exc
        seq = await _add_one(connection, slide_id)
    assert seq is not None, "the row was made in this transaction"
    return seq


async def _add_one(connection: BaseDBAsyncClient, slide_id: UUID) -> int | None:
    """The slide's next number; None when it has no counter yet."""
    if is_sqlite(connection):
        rows = await connection.execute_query_dict(
            "UPDATE slide_sequence SET seq = seq + 1 WHERE slide_id = ? RETURNING seq", [str(slide_id)]
        )
        return int(rows[0]["seq"]) if rows else None
    advance = "UPDATE slide_sequence SET seq = LAST_INSERT_ID(seq + 1) WHERE slide_id = %s"
    return await connection.execute_insert(advance, [str(slide_id)]) or None


async def _refuse_replay(connection: BaseDBAsyncClient, slide_id: UUID, origin: Origin) -> None:
    rows = await connection.execute_query_dict(
        marked(
            connection,
            "SELECT (SELECT seq FROM slide_event WHERE client_id = ? AND mutation_id = ?) AS seq, "
            "(SELECT COALESCE(actor_id, '') FROM slide_event WHERE client_id = ? LIMIT 1) AS owner",
        ),
        [origin.client_id, origin.mutation_id, origin.client_id],
    )
    owner, seq = rows[0]["owner"], rows[0]["seq"]
    if owner is not None and owner != str(origin.actor_id or ""):
        raise client_id_taken(origin)
    if seq is None:
        return
    row = await SlideEvent.get(client_id=origin.client_id, mutation_id=origin.mutation_id, using_db=connection)
    if row.slide_id != slide_id:  # type: ignore[attr-defined]
        raise mutation_id_reused(origin)
    raise Replayed(logged_event(row))


def client_id_taken(origin: Origin) -> Conflict:
    """Rule L5."""
    return Conflict(
        f"The client id {origin.client_id} belongs to someone else. Make a new one, such as a random UUID.",
        code="CLIENT_ID_TAKEN",
        field="clientId",
    )


def mutation_id_reused(origin: Origin) -> Conflict:
    """Rule L6."""
    return Conflict(
        f"The mutation id {origin.mutation_id} was already used on another slide. Make a new one for each mutation.",
        code="MUTATION_ID_REUSED",
        field="mutationId",
    )


def event_values(slide_id: UUID, event: LoggedEvent, *, inverse: object, undoes: int | None) -> list[Any]:
    """What `EVENT_COLUMNS` hold for an event."""
    return [
        str(slide_id),
        event.seq,
        event.kind.value,
        str(event.actor_id) if event.actor_id else None,
        event.client_id,
        event.mutation_id,
        *(None if part is None else orjson.dumps(part).decode() for part in (event.body, event.result, inverse)),
        undoes,
        event.created_at,
    ]


def logged_event(row: SlideEvent) -> LoggedEvent:
    """A row of the log as a value."""
    actor_id: UUID | None = row.actor_id  # type: ignore[attr-defined]
    return LoggedEvent(
        row.seq,
        EventKind(row.kind),
        actor_id,
        row.client_id,
        row.mutation_id,
        row.body,
        row.result,
        row.created_at,
    )

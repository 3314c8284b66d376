"""Undo and redo of one's own operations, in any session, while others edit. Rules U1-U6 of docs/spec.md.

Nothing is taken out of the log: an undo is an event of its own that carries the undone rows and the inverse of the
inverse. Which event is next follows from the log alone, so it is the same on every device and after a reload.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from api.annotations.applied import Applied, editor_of
from api.annotations.changes import Editor
from api.annotations.edit import save_and_append
from api.annotations.inverse import Skipped, put_back
from api.annotations.rows import AnnotationRow
from api.annotations.sight import layers_to_tell, sees
from api.annotations.table import load_rows
from api.auth.permissions import SlideAccess
from api.collaboration.log import EventKind, Origin, SlideTransaction, write
from api.errors import Conflict
from api.models.event import SlideEvent


async def undo(access: SlideAccess, origin: Origin) -> Applied:
    """Undo the caller's latest operation on the slide that still stands.

    Annotations that someone changed since stay as they are and are listed in `skipped`.

    Raises:
        Conflict: there is nothing to undo (code `NOTHING_TO_UNDO`).
    """
    return await _reverse(access, origin, EventKind.UNDO)


async def redo(access: SlideAccess, origin: Origin) -> Applied:
    """Do again what the caller undid last, unless they did something new since.

    Raises:
        Conflict: there is nothing to redo (code `NOTHING_TO_REDO`).
    """
    return await _reverse(access, origin, EventKind.REDO)


async def _reverse(access: SlideAccess, origin: Origin, kind: EventKind) -> Applied:
    editor = editor_of(access, origin)

    async def work(transaction: SlideTransaction) -> None:
        connection, now = transaction.connection, datetime.now(UTC)
        target = await _target(connection, access.slide_id, editor.user_id, kind)
        stored = await load_rows(connection, (UUID(inverse["id"]) for inverse in target.inverse))
        layers = await layers_to_tell(access, connection)
        before = {id_: row for id_, row in stored.items() if sees(access.only_own, layers.get(row.layer_id))}
        rows, skipped = _put_back_all(target.inverse, before, editor, now)
        await save_and_append(
            transaction,
            kind,
            before,
            rows,
            result={"skipped": [{"id": str(s.id), "code": s.code, "message": s.message} for s in skipped]},
            undoes=target.seq,
            always=True,  # also when all was skipped, so that the next undo moves on
        )
        undone = SlideEvent.filter(slide_id=access.slide_id, seq=target.seq).using_db(connection)
        await undone.update(undone_by=transaction.events[0].seq)

    events = await write(access.slide_id, origin, work)
    return Applied.from_event(access.slide_id, events[0]).seen_by(access.only_own, await layers_to_tell(access))


def _put_back_all(
    inverses: list[dict[str, Any]], before: dict[UUID, AnnotationRow], editor: Editor, now: datetime
) -> tuple[list[AnnotationRow], list[Skipped]]:
    rows: list[AnnotationRow] = []
    skipped: list[Skipped] = []
    for inverse in inverses:
        outcome = put_back(before.get(UUID(inverse["id"])), inverse, editor, now)
        if isinstance(outcome, Skipped):
            skipped.append(outcome)
        else:
            rows.append(outcome)
    return rows, skipped


async def _target(connection: BaseDBAsyncClient, slide_id: UUID, user_id: UUID, kind: EventKind) -> SlideEvent:
    """The caller's event that comes next: for an undo the latest operation or redo that stands, for a redo the latest
    undo that stands and that no newer operation of theirs follows."""
    own = SlideEvent.filter(slide_id=slide_id, actor_id=user_id).using_db(connection).order_by("-seq")
    standing = own.filter(undone_by__isnull=True, inverse__isnull=False)
    if kind is EventKind.UNDO:
        event = await standing.filter(kind__in=[EventKind.ANNOTATIONS, EventKind.REDO]).first()
        if event is None:
            raise Conflict("You have nothing to undo on this slide.", code="NOTHING_TO_UNDO")
        return event
    event = await standing.filter(kind=EventKind.UNDO).first()
    newest = await own.filter(kind=EventKind.ANNOTATIONS, inverse__isnull=False).first().values("seq")
    if event is None or (newest is not None and newest["seq"] > event.seq):
        raise Conflict("You have nothing to redo on this slide.", code="NOTHING_TO_REDO")
    return event

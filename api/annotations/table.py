"""Reading and saving annotation rows in bulk, inside a slide transaction: the hands of `edit` and `undo`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from api.annotations.rows import COLUMNS, STORED, AnnotationRow
from api.errors import Conflict
from api.models.annotation import Annotation
from api.models.sql import insert_statement, is_sqlite

BATCH = 500
"""Rows a statement: far below every database's limit on parameters and packet size."""

_FIXED = frozenset({"id", "slide_id", "layer_id", "created_by_id", "created_at"})
_STEP = ("annotation_id", "slide_id", "seq")
_SAVED = tuple(name for name in STORED if name not in _FIXED)


async def load_rows(connection: BaseDBAsyncClient, ids: Iterable[UUID]) -> dict[UUID, AnnotationRow]:
    """The annotations with these ids, on whatever slide, tombstones included."""
    wanted = list(dict.fromkeys(ids))
    found: dict[UUID, AnnotationRow] = {}
    for start in range(0, len(wanted), BATCH):
        values = await Annotation.filter(id__in=wanted[start : start + BATCH]).using_db(connection).values(*COLUMNS)
        found |= {row["id"]: AnnotationRow.from_columns(row) for row in values}
    return found


async def insert_rows(connection: BaseDBAsyncClient, rows: Sequence[AnnotationRow]) -> None:
    """Save new annotations.

    Raises:
        Conflict: one of the ids was taken on another slide a moment ago.
    """
    if not rows:
        return
    try:
        await _save(connection, rows, ())
    except IntegrityError as exc:
        raise Conflict(
            "An annotation with one of these ids exists already. Make a new random id for each annotation.",
            code="ANNOTATION_EXISTS",
            field="id",
        ) from exc


async def update_rows(connection: BaseDBAsyncClient, rows: Sequence[AnnotationRow]) -> None:
    """Save changed annotations, which exist on the slide whose lock the caller holds, many in one statement."""
    if rows:
        await _save(connection, rows, _SAVED)


async def insert_steps(connection: BaseDBAsyncClient, slide_id: UUID, touched: Iterable[tuple[int, UUID]]) -> None:
    """Note which annotations a step of the slide touched: pairs of its seq and an annotation's id."""
    values = [[str(annotation_id), str(slide_id), seq] for seq, annotation_id in touched]
    statement = insert_statement("annotation_step", _STEP, sqlite=is_sqlite(connection))
    if len(values) == 1:
        await connection.execute_insert(statement, values[0])
        return
    for start in range(0, len(values), BATCH):
        await connection.execute_many(statement, values[start : start + BATCH])


async def _save(connection: BaseDBAsyncClient, rows: Sequence[AnnotationRow], updated: tuple[str, ...]) -> None:
    statement = insert_statement("annotation", STORED, updated=updated, sqlite=is_sqlite(connection))
    if len(rows) == 1:
        await connection.execute_insert(statement, rows[0].to_columns())
        return
    for start in range(0, len(rows), BATCH):
        await connection.execute_many(statement, [row.to_columns() for row in rows[start : start + BATCH]])

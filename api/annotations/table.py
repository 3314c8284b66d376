"""Reading and saving annotation rows in bulk, inside a slide transaction: the hands of `edit` and `undo`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from api.annotations.rows import COLUMNS, AnnotationRow
from api.errors import Conflict
from api.models.annotation import Annotation

BATCH = 500
"""Rows a statement: far below every database's limit on parameters and packet size."""

_ALL = (*COLUMNS, "cell")
_FIXED = frozenset({"id", "slide_id", "layer_id", "created_by_id", "created_at"})
_SAVED = tuple(name for name in _ALL if name not in _FIXED)


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
        await Annotation.bulk_create([row.to_model() for row in rows], batch_size=BATCH, using_db=connection)
    except IntegrityError as exc:
        raise Conflict(
            "An annotation with one of these ids exists already. Make a new random id for each annotation.",
            code="ANNOTATION_EXISTS",
            field="id",
        ) from exc


async def update_rows(connection: BaseDBAsyncClient, rows: Sequence[AnnotationRow]) -> None:
    """Save changed annotations, which exist on the slide whose lock the caller holds, many in one statement."""
    if not rows:
        return
    # Tortoise's own upsert names the new row by an alias, which MariaDB does not know; VALUES() works on both.
    fields = [Annotation._meta.fields_map[name] for name in _ALL]
    names = ", ".join(_ALL)
    if connection.capabilities.dialect == "sqlite":
        marks = ", ".join("?" * len(_ALL))
        changes = "ON CONFLICT(id) DO UPDATE SET " + ", ".join(f"{name}=excluded.{name}" for name in _SAVED)
    else:
        marks = ", ".join(["%s"] * len(_ALL))
        changes = "ON DUPLICATE KEY UPDATE " + ", ".join(f"{name}=VALUES({name})" for name in _SAVED)
    models = [row.to_model() for row in rows]
    values = [
        [field.to_db_value(getattr(model, field.model_field_name), model) for field in fields] for model in models
    ]
    statement = f"INSERT INTO annotation ({names}) VALUES ({marks}) {changes}"  # noqa: S608 - names come from COLUMNS
    for start in range(0, len(values), BATCH):
        await connection.execute_many(statement, values[start : start + BATCH])

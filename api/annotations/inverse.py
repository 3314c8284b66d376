"""How to undo a change: what to put back, and what the change left, which tells whether someone touched it since. Pure.

Stored as JSON with the event: `{"id", "put": {property: value before}, "if": {property: value after}}`. Undoing applies
`put` only while the annotation still has what `if` says; the undo's own inverse is the redo. Rules U1-U6 of
docs/spec.md.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from api.annotations.changes import Editor, require_review
from api.annotations.rows import UNREVIEWED, AnnotationRow, Review, Shape
from api.errors import NotPermitted

_WHOLE = "whole"


@dataclass(frozen=True)
class Skipped:
    """An annotation that undo or redo left alone, and why."""

    id: UUID
    code: str
    message: str


def inverse_of(before: AnnotationRow | None, after: AnnotationRow) -> dict[str, Any]:
    """The JSON that undoes the change from `before` to `after`; `before` None means it was created."""
    old: dict[str, Any] = _properties(before) if before else {"deleted": True, **_opened(after)}
    new = _properties(after)
    put = {name: old.get(name) for name in {*old, *new} if old.get(name) != new.get(name)} if before else old
    left = {name: new.get(name) for name in {*put, "deleted"}}
    if "shape" in put and before:
        put["shape"] = b64encode(before.shape.packed).decode()
    if put.get("deleted"):  # what is about to vanish must be untouched as a whole
        left = {_WHOLE: _digest(json.dumps(new, sort_keys=True).encode())}
    return {"id": str(after.id), "put": put, "if": left}


def put_back(
    row: AnnotationRow | None, inverse: Mapping[str, Any], editor: Editor, now: datetime
) -> AnnotationRow | Skipped:
    """The annotation with the change undone, or why it stays as it is."""
    annotation_id = UUID(inverse["id"])
    if row is None:
        return Skipped(annotation_id, "ANNOTATION_NOT_FOUND", f"Annotation {annotation_id} no longer exists.")
    put: dict[str, Any] = dict(inverse["put"])
    if not _is_as_left(row, inverse["if"]):
        return Skipped(
            row.id,
            "CHANGED_SINCE",
            f"Annotation {row.id} was changed by someone since, so it stays as it is.",
        )
    return _forbidden(row, put, editor) or _with(row, put, editor, now)


def _forbidden(row: AnnotationRow, put: Mapping[str, Any], editor: Editor) -> Skipped | None:
    """Why a lock or a review keeps the change from being undone; None when nothing does."""
    if "locked" in put and not editor.may_lock(row):
        return Skipped(
            row.id,
            "LOCK_NOT_YOURS",
            f"Only the author of annotation {row.id} or a reviewer may lock or unlock it.",
        )
    if row.locked and put.get("locked") is not False and put.keys() != {"review"}:
        return Skipped(row.id, "ANNOTATION_LOCKED", f"Annotation {row.id} is locked, so it stays as it is.")
    if "review" in put:
        try:
            require_review(row, Review.from_body(put["review"]).state, editor)
        except NotPermitted as error:
            return Skipped(row.id, error.code, error.message)
    elif row.accepted:
        return Skipped(row.id, "ANNOTATION_ACCEPTED", f"Annotation {row.id} was accepted, so it stays as it is.")
    return None


def _with(row: AnnotationRow, put: dict[str, Any], editor: Editor, now: datetime) -> AnnotationRow:
    changes: dict[str, Any] = {"version": row.version + 1, "updated_by_id": editor.user_id, "updated_at": now}
    attributes = dict(row.attributes)
    for name, value in put.items():
        match name:
            case "deleted":
                changes["deleted_at"] = now if value else None
            case "shape":
                changes["shape"] = Shape.unpack(b64decode(value))
                changes["geometry_version"] = row.version + 1
            case "term":
                changes["term_id"] = UUID(value) if value else None
            case "review":
                changes["review"] = Review.from_body(value)
            case "note" | "locked":
                changes[name] = value
            case _:
                key = name.removeprefix("attribute:")
                attributes.pop(key, None)
                if value is not None:
                    attributes[key] = value
    return replace(row, attributes=attributes, **changes)


def _is_as_left(row: AnnotationRow, left: Mapping[str, Any]) -> bool:
    now = _properties(row)
    if _WHOLE in left:
        return bool(left[_WHOLE] == _digest(json.dumps(now, sort_keys=True).encode()))
    return all(now.get(name) == value for name, value in left.items())


def _properties(row: AnnotationRow) -> dict[str, Any]:
    """What people can change, flat; the shape as a digest."""
    return {
        "deleted": row.deleted,
        "shape": _digest(row.shape.packed),
        "term": str(row.term_id) if row.term_id else None,
        "note": row.note,
        "locked": row.locked,
        **({} if row.review == UNREVIEWED else {"review": row.review.to_body()}),
        **{f"attribute:{key}": value for key, value in row.attributes.items()},
    }


def _opened(row: AnnotationRow) -> dict[str, Any]:
    """What is taken back of a row that was drawn and closed in one call, so that its own lock does not hold it."""
    locked = {"locked": False} if row.locked else {}
    return {**locked, "review": None} if row.accepted else locked


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()

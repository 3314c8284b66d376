"""What a person can ask for: create, update, delete, restore, brush, review; checked values, nothing applied yet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from api.annotations.rows import Shape
from api.errors import InvalidInput, TooLarge
from api.models.annotation import ReviewState

MAX_OPS = 10_000
MAX_PACKED_BYTES = 3_000_000
"""Of all shapes of one call: about half a million vertices."""

MAX_NOTE_LENGTH = 10_000
MAX_REASON_LENGTH = 2000
MAX_ATTRIBUTES_BYTES = 16_384


class _Unset:
    """The type of `UNSET`: a property that an update leaves alone."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


@dataclass(frozen=True)
class Create:
    """A new annotation. `layer_id` None is the author's own layer."""

    id: UUID
    shape: Shape
    term_id: UUID | None = None
    attributes: dict[str, Any] | None = None
    note: str = ""
    layer_id: UUID | None = None


@dataclass(frozen=True)
class Update:
    """Changes of some properties. A shape needs `expected_version`; an attribute of None is removed."""

    id: UUID
    expected_version: int | None = None
    shape: Shape | _Unset = UNSET
    term_id: UUID | _Unset | None = UNSET
    attributes: dict[str, Any] | None = None
    note: str | _Unset = UNSET
    locked: bool | _Unset = UNSET


@dataclass(frozen=True)
class Delete:
    """Into a tombstone."""

    id: UUID
    expected_version: int | None = None


@dataclass(frozen=True)
class Restore:
    """Back from a tombstone."""

    id: UUID
    expected_version: int | None = None


@dataclass(frozen=True)
class Brush:
    """An area to add to an annotation's shape, or to take from it, whatever the shape is by now."""

    id: UUID
    shape: Shape
    add: bool


@dataclass(frozen=True)
class Judge:
    """A step of review: the state that the annotation is to have, and why, when it is rejected."""

    id: UUID
    state: ReviewState
    reason: str | None = None
    expected_version: int | None = None


Op = Create | Update | Delete | Restore | Brush | Judge


def check_ops(ops: list[Op]) -> None:
    """Raise `TooLarge` or `InvalidInput` when a call asks for too much at once."""
    if len(ops) > MAX_OPS:
        raise TooLarge(
            f"{len(ops)} operations came in one call; at most {MAX_OPS} are allowed. Send them in several calls.",
            code="TOO_MANY_OPS",
            params={"limit": MAX_OPS, "actual": len(ops)},
        )
    packed = sum(
        len(op.shape.packed) for op in ops if isinstance(op, Create | Update | Brush) and isinstance(op.shape, Shape)
    )
    if packed > MAX_PACKED_BYTES:
        raise TooLarge(
            f"The shapes of one call take {packed} bytes; at most {MAX_PACKED_BYTES} are allowed. Send several calls.",
            code="OPS_TOO_LARGE",
            params={"limit": MAX_PACKED_BYTES, "actual": packed},
        )
    for op in ops:
        if isinstance(op, Create | Update):
            if isinstance(op.note, str):
                check_note(op.note)
            check_attributes(op.attributes)
        elif isinstance(op, Judge):
            check_reason(op)


def check_reason(op: Judge) -> None:
    """Raise `InvalidInput` when a rejection has no reason, another step has one, or it is too long."""
    if op.state is not ReviewState.REJECTED:
        if op.reason is not None:
            raise InvalidInput("A reason came without a rejection. Leave it away.", field="reason")
        return
    if not (op.reason or "").strip():
        raise InvalidInput(
            "A rejection came without a reason. Say what is to be changed.", code="REASON_MISSING", field="reason"
        )
    if len(op.reason or "") > MAX_REASON_LENGTH:
        raise InvalidInput(
            f"The reason has {len(op.reason or '')} characters; at most {MAX_REASON_LENGTH} are allowed. Shorten it.",
            code="REASON_TOO_LONG",
            field="reason",
        )


def check_note(note: str) -> None:
    """Raise `InvalidInput` when a note is too long."""
    if len(note) > MAX_NOTE_LENGTH:
        raise InvalidInput(
            f"The note has {len(note)} characters; at most {MAX_NOTE_LENGTH} are allowed. Shorten it.",
            field="note",
            code="NOTE_TOO_LONG",
        )


def check_attributes(attributes: dict[str, Any] | None) -> None:
    """Raise `InvalidInput` when free properties are no JSON object or too large."""
    if attributes is None:
        return
    if not isinstance(attributes, dict) or not all(isinstance(key, str) for key in attributes):
        raise InvalidInput('Attributes are not a JSON object. Send {"name": value, …}.', field="attributes")
    size = len(json.dumps(attributes, ensure_ascii=False).encode())
    if size > MAX_ATTRIBUTES_BYTES:
        raise InvalidInput(
            f"The attributes take {size} bytes; at most {MAX_ATTRIBUTES_BYTES} are allowed. Store less here.",
            field="attributes",
            code="ATTRIBUTES_TOO_LARGE",
        )

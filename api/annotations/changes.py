"""The semantics of edits: what an op makes of an annotation. Rules E1-E17 and R1-R8 of docs/spec.md.

Pure: the rows, layers and terms that matter come in, changed rows go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from api.annotations.areas import merged
from api.annotations.ops import UNSET, Brush, Create, Delete, Judge, Op, Restore, Update
from api.annotations.provenance import POLYGON, PREDICTION, is_kept
from api.annotations.rows import AnnotationRow, LayerRow, Review, Shape
from api.annotations.sight import sees
from api.auth.viewer import Action, allows
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted
from api.models.annotation import LayerKind, ReviewState
from api.models.project import Role


@dataclass(frozen=True)
class Stale:
    """One annotation that changed since the author saw it, and the shape that the author sent for it, if any."""

    current: AnnotationRow
    expected_version: int
    sent: Shape | None = None


class StaleAnnotations(Conflict):
    """Nothing was written because annotations changed since the author saw them; `stale` has them as they are now."""

    default_code = "ANNOTATIONS_CHANGED"

    def __init__(self, stale: tuple[Stale, ...]) -> None:
        super().__init__(
            f"{len(stale)} annotation(s) changed since you saw them, so nothing was saved. Look at them and try again.",
            params={"count": len(stale)},
        )
        self.stale = stale


@dataclass(frozen=True)
class Editor:
    """Who edits, and as what.

    Attributes:
        only_own: as in `SlideAccess`.
    """

    user_id: UUID
    role: Role
    only_own: UUID | None = None

    @property
    def may_review(self) -> bool:
        return allows(self.role, Action.REVIEW)

    def may_lock(self, row: AnnotationRow) -> bool:
        return row.created_by_id == self.user_id or self.may_review

    def may_add_to(self, layer: LayerRow) -> bool:
        if layer.kind is LayerKind.IMPORT or layer.owner_id == self.user_id:
            return layer.kind is not LayerKind.PREDICTION
        return layer.kind is LayerKind.USER and self.may_review


@dataclass(frozen=True)
class Surroundings:
    """What ops may refer to: the slide, layers by id (those of existing annotations, where the author does not see
    all), the author's own layer, the project's terms."""

    slide_id: UUID
    layers: Mapping[UUID, LayerRow]
    own_layer_id: UUID | None
    term_ids: frozenset[UUID]


def apply(
    ops: Iterable[Op], rows: Mapping[UUID, AnnotationRow], around: Surroundings, editor: Editor, now: datetime
) -> dict[UUID, AnnotationRow]:
    """The annotations as they are after all ops, in the order they were first named.

    Args:
        rows: every existing annotation that an op names, whatever its slide.

    Raises:
        StaleAnnotations: some changed since the author saw them (all of them are listed).
        Conflict, InvalidInput, NotFound, NotPermitted: an op that can't be done; nothing is to be written.
    """
    state = dict(rows)
    named: dict[UUID, AnnotationRow] = {}
    stale: list[Stale] = []
    for op in ops:
        row = state.get(op.id)
        try:
            match op:
                case Create():
                    after = _create(op, row, around, editor, now)
                case Update():
                    after = _update(op, _existing(op.id, row, around, editor), around, editor)
                case Brush():
                    after = _brush(op, _existing(op.id, row, around, editor), now)
                case Delete() | Restore():
                    after = _bury(op, _existing(op.id, row, around, editor), now)
                    if after is not row:
                        _require_unlocked(after)
                case Judge():
                    after = judged(op, _existing(op.id, row, around, editor), editor, now)
        except _Stale as error:
            stale.append(error.stale)
            continue
        if row is not None and after is not row:
            after = replace(after, version=row.version + 1, updated_by_id=editor.user_id, updated_at=now)
            if after.shape is not row.shape:
                after = replace(after, geometry_version=after.version)
        state[op.id] = named[op.id] = after
    if stale:
        raise StaleAnnotations(tuple(stale))
    return named


class _Stale(Exception):
    def __init__(self, stale: Stale) -> None:
        self.stale = stale


def _create(
    op: Create, row: AnnotationRow | None, around: Surroundings, editor: Editor, now: datetime
) -> AnnotationRow:
    if row is not None:
        raise Conflict(
            f"There is an annotation {op.id} already. Make a new random id for each annotation.",
            code="ANNOTATION_EXISTS",
            field="id",
        )
    layer_id = op.layer_id or around.own_layer_id
    layer = around.layers.get(layer_id) if layer_id else None
    if layer is None or not sees(editor.only_own, layer):
        raise NotFound(f"There is no layer {layer_id} on this slide.", code="LAYER_NOT_FOUND", field="layerId")
    if not editor.may_add_to(layer):
        raise NotPermitted(
            f"You can't draw in the layer “{layer.name}”. Leave layerId away to draw in your own.",
            code="LAYER_NOT_YOURS",
            field="layerId",
        )
    _require_term(op.term_id, around)
    return AnnotationRow(
        id=op.id,
        slide_id=around.slide_id,
        layer_id=layer.id,
        term_id=op.term_id,
        shape=op.shape,
        attributes={key: value for key, value in (op.attributes or {}).items() if value is not None},
        note=op.note,
        locked=False,
        version=1,
        geometry_version=1,
        created_by_id=editor.user_id,
        updated_by_id=editor.user_id,
        created_at=now,
        updated_at=now,
        deleted_at=None,
    )


def _update(op: Update, row: AnnotationRow, around: Surroundings, editor: Editor) -> AnnotationRow:
    """The row with the op's properties; the very same row when nothing differs."""
    changes = _reshaped(op, row)
    if row.deleted:
        sent = op.shape if isinstance(op.shape, Shape) else None
        raise _Stale(Stale(row, op.expected_version or row.version, sent))
    if op.term_id is not UNSET and op.term_id != row.term_id:
        _require_term(op.term_id, around)  # type: ignore[arg-type]
        changes["term_id"] = op.term_id
    if op.attributes is not None:
        merged = {key: value for key, value in {**row.attributes, **op.attributes}.items() if value is not None}
        if not is_kept(row.attributes, merged):
            raise InvalidInput(
                f"The attributes {PREDICTION} and {POLYGON} say which predicted outline this was, and stay. Leave them "
                "out.",
                code="ATTRIBUTE_KEPT",
                field="attributes",
            )
        if merged != row.attributes:
            changes["attributes"] = merged
    changes |= {
        name: value
        for name, value in (("note", op.note), ("locked", op.locked))
        if value is not UNSET and value != getattr(row, name)
    }
    if op.locked is False and row.accepted:
        _require_unlocked(row)
    if not changes:
        return row
    _require_unlocking(changes, row, editor)
    return replace(row, **changes)


def _reshaped(op: Update, row: AnnotationRow) -> dict[str, Any]:
    if not isinstance(op.shape, Shape):
        return {}
    if op.expected_version is None:
        raise InvalidInput(
            "A change of geometry came without expectedVersion. Send the version that you saw.",
            code="EXPECTED_VERSION_MISSING",
            field="expectedVersion",
        )
    if op.expected_version < row.geometry_version:
        raise _Stale(Stale(row, op.expected_version, op.shape))
    same = (op.shape.kind, op.shape.packed) == (row.shape.kind, row.shape.packed)
    return {} if same else {"shape": op.shape}


def _require_unlocking(changes: dict[str, Any], row: AnnotationRow, editor: Editor) -> None:
    """Locking is for the author and reviewers; anything else needs the annotation unlocked, by this op or before."""
    if "locked" in changes and not editor.may_lock(row):
        raise NotPermitted(
            f"Only the author of annotation {row.id} or a reviewer may lock or unlock it.",
            code="LOCK_NOT_YOURS",
            field="locked",
        )
    if changes.get("locked") is not False or row.accepted:
        _require_unlocked(row)


def _brush(op: Brush, row: AnnotationRow, now: datetime) -> AnnotationRow:
    """The row with the stroke added or taken away; deleted when nothing is left, the very same when nothing differs."""
    if row.deleted:
        raise _Stale(Stale(row, row.version))
    _require_unlocked(row)
    before = row.shape.geometry
    after = merged(before, op.shape.geometry, add=op.add)
    if after is None:
        return replace(row, deleted_at=now)
    return row if after is before else replace(row, shape=Shape.of(after))


def _bury(op: Delete | Restore, row: AnnotationRow, now: datetime) -> AnnotationRow:
    """The row deleted or restored; the very same row when it is so already."""
    if row.deleted is isinstance(op, Delete):
        return row
    if op.expected_version is not None and op.expected_version != row.version:
        raise _Stale(Stale(row, op.expected_version))
    return replace(row, deleted_at=now if isinstance(op, Delete) else None)


def _existing(annotation_id: UUID, row: AnnotationRow | None, around: Surroundings, editor: Editor) -> AnnotationRow:
    here = row is not None and row.slide_id == around.slide_id
    if row is None or not here or not sees(editor.only_own, around.layers.get(row.layer_id)):
        raise NotFound(
            f"There is no annotation {annotation_id} on this slide.", code="ANNOTATION_NOT_FOUND", field="id"
        )
    return row


def judged(op: Judge, row: AnnotationRow, editor: Editor, now: datetime) -> AnnotationRow:
    """The row in its new review state; the very same row when it is so already. Rules R2-R5."""
    if row.deleted:
        raise _Stale(Stale(row, op.expected_version or row.version))
    require_review(row, op.state, editor)
    reason = op.reason.strip() if op.reason else None
    if (row.review.state, row.review.reason) == (op.state, reason):
        return row
    if op.expected_version is not None and op.expected_version != row.version:
        raise _Stale(Stale(row, op.expected_version))
    return replace(row, review=Review(op.state, reason, editor.user_id, now))


def require_review(row: AnnotationRow, state: ReviewState, editor: Editor) -> None:
    """Raise `NotPermitted` when the editor may not bring the annotation to this review state. Rule R3."""
    if not editor.may_review and (row.accepted or state in (ReviewState.ACCEPTED, ReviewState.REJECTED)):
        raise NotPermitted(
            f"Only a reviewer may accept or reject annotation {row.id}, or open it again once it is accepted.",
            code="REVIEW_NOT_YOURS",
            params={"id": str(row.id)},
        )


def _require_unlocked(row: AnnotationRow) -> None:
    if row.accepted:
        raise NotPermitted(
            f"Annotation {row.id} was accepted, so it stays as it is. A reviewer can open it again.",
            code="ANNOTATION_ACCEPTED",
            params={"id": str(row.id)},
        )
    if row.locked:
        raise NotPermitted(
            f"Annotation {row.id} is locked. Its author or a reviewer can unlock it.",
            code="ANNOTATION_LOCKED",
            params={"id": str(row.id)},
        )


def _require_term(term_id: UUID | None, around: Surroundings) -> None:
    if term_id is not None and term_id not in around.term_ids:
        raise NotFound(f"There is no term {term_id} in this project.", code="TERM_NOT_FOUND", field="termId")

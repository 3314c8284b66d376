"""What each op may do and does: rules E1-E12 of docs/spec.md, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from api.annotations.changes import Editor, StaleAnnotations, Surroundings, apply
from api.annotations.ops import Create, Delete, Op, Restore, Update
from api.annotations.rows import AnnotationRow, LayerRow
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted, PlatformError
from api.models.annotation import LayerKind
from api.models.project import Role
from tests.annotations.shapes import square

SLIDE, TERM, MINE, THEIRS, IMPORTED, PREDICTED = (uuid4() for _ in range(6))
AUTHOR, OTHER = uuid4(), uuid4()
T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = T0 + timedelta(seconds=1)


def layer(id_: UUID, kind: LayerKind, owner: UUID | None) -> LayerRow:
    return LayerRow(id_, SLIDE, kind, "name", "#000000", owner, None, T0)


LAYERS = {
    one.id: one
    for one in (
        layer(MINE, LayerKind.USER, AUTHOR),
        layer(THEIRS, LayerKind.USER, OTHER),
        layer(IMPORTED, LayerKind.IMPORT, OTHER),
        layer(PREDICTED, LayerKind.PREDICTION, AUTHOR),
    )
}
AROUND = Surroundings(SLIDE, LAYERS, MINE, frozenset({TERM}))


def run(
    row: AnnotationRow | None, *ops: Op, by: UUID = AUTHOR, role: Role = Role.ANNOTATOR
) -> dict[UUID, AnnotationRow]:
    rows = {row.id: row} if row else {}
    return apply(ops, rows, AROUND, Editor(by, role), T1)


def drawn(**changes: object) -> AnnotationRow:
    """An annotation by AUTHOR at version 3 whose shape changed last at version 2."""
    id_ = uuid4()
    [row] = apply(
        [Create(id_, square(0, 0, 10), attributes={"a": 1})], {}, AROUND, Editor(AUTHOR, Role.ANNOTATOR), T0
    ).values()
    return replace(row, version=3, geometry_version=2, **changes)  # type: ignore[arg-type]


def refusal(error: type[PlatformError], row: AnnotationRow | None, *ops: Op, **who: object) -> str:
    with pytest.raises(error) as caught:
        run(row, *ops, **who)  # type: ignore[arg-type]
    return caught.value.code


def test_e1_a_new_annotation_goes_to_the_authors_layer_at_version_1() -> None:
    op = Create(uuid4(), square(0, 0, 1), TERM, {"x": 1, "gone": None}, "n")
    row = run(None, op)[op.id]
    assert (row.layer_id, row.version, row.geometry_version, row.term_id) == (MINE, 1, 1, TERM)
    assert (row.attributes, row.note, row.locked, row.created_by_id, row.created_at) == (
        {"x": 1},
        "n",
        False,
        AUTHOR,
        T1,
    )


def test_e1_an_id_is_used_once_tombstones_included() -> None:
    for row in (drawn(), drawn(deleted_at=T0)):
        assert refusal(Conflict, row, Create(row.id, square(0, 0, 1))) == "ANNOTATION_EXISTS"


@pytest.mark.parametrize(
    ("layer_id", "role", "allowed"),
    [
        (MINE, Role.ANNOTATOR, True),
        (IMPORTED, Role.ANNOTATOR, True),
        (THEIRS, Role.ANNOTATOR, False),
        (THEIRS, Role.REVIEWER, True),
        (PREDICTED, Role.ANNOTATOR, False),
        (PREDICTED, Role.OWNER, False),
    ],
)
def test_e2_which_layers_one_may_draw_in(layer_id: UUID, role: Role, allowed: bool) -> None:
    op = Create(uuid4(), square(0, 0, 1), layer_id=layer_id)
    if allowed:
        assert run(None, op, role=role)[op.id].layer_id == layer_id
    else:
        assert refusal(NotPermitted, None, op, role=role) == "LAYER_NOT_YOURS"


def test_e2_a_layer_of_another_slide_is_not_found() -> None:
    assert refusal(NotFound, None, Create(uuid4(), square(0, 0, 1), layer_id=uuid4())) == "LAYER_NOT_FOUND"


def test_e3_everyone_who_annotates_may_change_what_others_drew() -> None:
    row = drawn()
    after = run(row, Update(row.id, note="hi"), by=OTHER)[row.id]
    assert (after.note, after.version, after.updated_by_id, after.created_by_id) == ("hi", 4, OTHER, AUTHOR)


def test_e4_geometry_needs_the_version_that_was_seen() -> None:
    row = drawn()
    assert refusal(InvalidInput, row, Update(row.id, shape=square(1, 1, 1))) == "EXPECTED_VERSION_MISSING"


def test_e4_geometry_conflicts_only_when_the_shape_changed_since() -> None:
    row = drawn()
    for seen in (2, 3):  # the change from 2 to 3 was not of the shape
        after = run(row, Update(row.id, seen, square(1, 1, 1)))[row.id]
        assert (after.version, after.geometry_version) == (4, 4)
    with pytest.raises(StaleAnnotations) as caught:
        run(row, Update(row.id, 1, square(1, 1, 1)))
    [stale] = caught.value.stale
    assert (stale.current, stale.expected_version, stale.sent) == (row, 1, square(1, 1, 1))  # E17


def test_e5_other_properties_merge_and_the_last_writer_wins() -> None:
    row = drawn()
    after = run(row, Update(row.id, 1, term_id=TERM, attributes={"b": 2}))[row.id]
    assert (after.term_id, after.attributes, after.geometry_version) == (TERM, {"a": 1, "b": 2}, 2)
    after = run(after, Update(row.id, term_id=None, attributes={"a": None}))[row.id]
    assert (after.term_id, after.attributes, after.version) == (None, {"b": 2}, 5)


def test_e5_a_term_of_another_project_is_not_found() -> None:
    row = drawn()
    assert refusal(NotFound, row, Update(row.id, term_id=uuid4())) == "TERM_NOT_FOUND"


def test_e6_an_edit_after_a_delete_is_a_conflict_with_the_tombstone() -> None:
    row = drawn(deleted_at=T0)
    for op, sent in ((Update(row.id, note="x"), None), (Update(row.id, 3, square(1, 1, 1)), square(1, 1, 1))):
        with pytest.raises(StaleAnnotations) as caught:
            run(row, op)
        [stale] = caught.value.stale
        assert (stale.current.deleted_at, stale.sent) == (T0, sent)


def test_e7_delete_and_restore_check_a_version_only_when_one_is_given() -> None:
    row = drawn()
    assert run(row, Delete(row.id))[row.id].deleted_at == T1
    assert run(row, Delete(row.id, 3))[row.id].version == 4
    with pytest.raises(StaleAnnotations):
        run(row, Delete(row.id, 2))
    buried = drawn(deleted_at=T0)
    assert run(buried, Restore(buried.id))[buried.id].deleted_at is None


def test_e8_deleting_what_is_deleted_and_saying_what_is_so_changes_nothing() -> None:
    row, buried = drawn(), drawn(deleted_at=T0)
    nothing: Sequence[tuple[AnnotationRow, Op]] = (
        (buried, Delete(buried.id, 1)),
        (row, Restore(row.id)),
        (row, Update(row.id, note=row.note, attributes={"a": 1, "zz": None})),
        (row, Update(row.id, 3, row.shape)),
    )
    for before, op in nothing:
        assert run(before, op)[before.id] is before


def test_e9_what_is_locked_can_only_be_unlocked() -> None:
    row = drawn(locked=True)
    for op in (Update(row.id, note="x"), Delete(row.id)):
        assert refusal(NotPermitted, row, op) == "ANNOTATION_LOCKED"
    after = run(row, Update(row.id, note="x", locked=False))[row.id]
    assert (after.note, after.locked) == ("x", False)


def test_e10_locking_is_for_the_author_and_reviewers() -> None:
    for row in (drawn(), drawn(locked=True)):
        op = Update(row.id, locked=not row.locked)
        assert refusal(NotPermitted, row, op, by=OTHER) == "LOCK_NOT_YOURS"
        for allowed in ({"by": AUTHOR}, {"by": OTHER, "role": Role.REVIEWER}):
            assert run(row, op, **allowed)[row.id].locked is not row.locked


def test_e11_ops_of_one_call_see_each_other_and_all_conflicts_are_listed() -> None:
    op = Create(uuid4(), square(0, 0, 1))
    done = run(None, op, Update(op.id, 1, square(5, 5, 1)), Delete(op.id))
    assert (done[op.id].version, done[op.id].geometry_version, done[op.id].deleted) == (3, 2, True)
    first, second = drawn(), drawn()
    with pytest.raises(StaleAnnotations) as caught:
        apply(
            [Update(first.id, 1, square(1, 1, 1)), Delete(second.id, 1)],
            {first.id: first, second.id: second},
            AROUND,
            Editor(AUTHOR, Role.ANNOTATOR),
            T1,
        )
    assert {stale.current.id for stale in caught.value.stale} == {first.id, second.id}


def test_e12_an_annotation_of_another_slide_is_not_found() -> None:
    row = drawn(slide_id=uuid4())
    for op in (Update(row.id, note="x"), Delete(row.id), Restore(row.id)):
        assert refusal(NotFound, row, op) == "ANNOTATION_NOT_FOUND"
        assert refusal(NotFound, None, op) == "ANNOTATION_NOT_FOUND"


def test_e18_where_an_accepted_outline_came_from_is_said_once_and_stays() -> None:
    said = {"predictionId": str(uuid4()), "predictionPolygon": 7}
    id_ = uuid4()
    row = run(None, Create(id_, square(0, 0, 10), attributes={**said, "grade": 2}))[id_]
    assert run(row, Update(id_, attributes={"grade": 3, "predictionPolygon": 7}))[id_].attributes == {
        **said,
        "grade": 3,
    }
    for change in ({"predictionPolygon": 8}, {"predictionId": None}):
        assert refusal(InvalidInput, row, Update(id_, attributes=change)) == "ATTRIBUTE_KEPT"
    drawn_by_hand = drawn()
    assert refusal(InvalidInput, drawn_by_hand, Update(drawn_by_hand.id, attributes=said)) == "ATTRIBUTE_KEPT"

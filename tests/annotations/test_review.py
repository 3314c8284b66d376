"""Proposing, accepting and rejecting: rules R1-R8 of docs/spec.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from api.annotations.applied import Applied
from api.annotations.changes import Editor, StaleAnnotations, Surroundings, apply
from api.annotations.edit import apply_ops
from api.annotations.history import annotation_steps, state_at
from api.annotations.ops import Brush, Create, Delete, Judge, Op, Update, check_ops
from api.annotations.query import Filter, all_of, annotation_by_id
from api.annotations.rows import UNREVIEWED, AnnotationRow, Review
from api.annotations.undo import redo, undo
from api.collaboration.log import Origin, since
from api.errors import InvalidInput, NotPermitted, PlatformError
from api.models.annotation import ReviewState
from api.models.project import Role
from tests.annotations.conftest import Table
from tests.annotations.shapes import square

DRAFT, PROPOSED, ACCEPTED, REJECTED = ReviewState
SLIDE, AUTHOR, OTHER = uuid4(), uuid4(), uuid4()
T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = T0 + timedelta(seconds=1)
AROUND = Surroundings(SLIDE, {}, None, frozenset())


def drawn(state: ReviewState = DRAFT, reason: str | None = None, **changes: object) -> AnnotationRow:
    review = Review(state, reason, OTHER, T0) if state is not DRAFT else UNREVIEWED
    row = AnnotationRow(
        uuid4(), SLIDE, uuid4(), None, square(0, 0, 10), {}, "", False, 3, 2, AUTHOR, AUTHOR, T0, T0, None, review
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def run(row: AnnotationRow, *ops: Op, by: UUID = AUTHOR, role: Role = Role.ANNOTATOR) -> AnnotationRow:
    return apply(ops, {row.id: row}, AROUND, Editor(by, role), T1)[row.id]


def refusal(row: AnnotationRow, *ops: Op, role: Role = Role.ANNOTATOR) -> str:
    with pytest.raises(NotPermitted) as caught:
        run(row, *ops, role=role)
    return caught.value.code


def step(row: AnnotationRow, state: ReviewState) -> Judge:
    return Judge(row.id, state, "Too wide" if state is REJECTED else None)


def test_r2_a_step_of_review_says_who_when_and_why_and_is_a_version() -> None:
    row = drawn()
    after = run(row, Judge(row.id, REJECTED, " Too wide "), by=OTHER, role=Role.REVIEWER)
    assert after.review == Review(REJECTED, "Too wide", OTHER, T1)
    assert (after.version, after.geometry_version) == (4, 2)


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.REVIEWER, Role.MANAGER, Role.OWNER])
@pytest.mark.parametrize("before", list(ReviewState))
@pytest.mark.parametrize("after", list(ReviewState))
def test_r3_who_may_bring_an_annotation_where(role: Role, before: ReviewState, after: ReviewState) -> None:
    row = drawn(before, "Too wide" if before is REJECTED else None)
    for_reviewers = before is ACCEPTED or after in (ACCEPTED, REJECTED)
    if for_reviewers and role is Role.ANNOTATOR:
        assert refusal(row, step(row, after), role=role) == "REVIEW_NOT_YOURS"
    else:
        moved = run(row, step(row, after), role=role)
        assert moved.review.state is after
        assert (moved is row) is (before is after)  # R5: what is so already changes nothing


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.OWNER])
def test_r4_an_accepted_annotation_is_locked_for_everyone(role: Role) -> None:
    row = drawn(ACCEPTED)
    ops: list[Op] = [
        Update(row.id, note="x"),
        Update(row.id, 3, square(1, 1, 1)),
        Update(row.id, locked=True),
        Update(row.id, locked=False),
        Update(row.id, locked=False, note="x"),
        Delete(row.id),
        Brush(row.id, square(5, 5, 20), add=True),
    ]
    assert row.closed
    assert not row.locked
    for op in ops:
        assert refusal(row, op, role=role) == "ANNOTATION_ACCEPTED"


def test_r4_opened_again_it_can_be_changed_in_the_same_call() -> None:
    row = drawn(ACCEPTED)
    after = run(row, Judge(row.id, PROPOSED), Update(row.id, note="x"), role=Role.REVIEWER)
    assert (after.note, after.review.state, after.version) == ("x", PROPOSED, 5)


def test_r4_accepting_leaves_a_lock_of_its_own_and_a_lock_does_not_hinder_review() -> None:
    row = drawn(locked=True)
    after = run(row, Judge(row.id, ACCEPTED), role=Role.REVIEWER)
    assert (after.locked, after.closed) == (True, True)
    assert refusal(after, Update(row.id, locked=False)) == "ANNOTATION_ACCEPTED"
    assert run(after, Judge(row.id, PROPOSED), role=Role.REVIEWER).locked


def test_r6_a_step_of_review_names_the_version_that_was_seen() -> None:
    row = drawn()
    assert run(row, Judge(row.id, ACCEPTED, None, 3), role=Role.REVIEWER).accepted
    with pytest.raises(StaleAnnotations) as caught:
        run(row, Judge(row.id, ACCEPTED, None, 2), role=Role.REVIEWER)
    assert [(stale.current, stale.expected_version) for stale in caught.value.stale] == [(row, 2)]
    with pytest.raises(StaleAnnotations):  # E6 holds for review, too
        run(drawn_dead := drawn(deleted_at=T0), Judge(drawn_dead.id, PROPOSED))


@pytest.mark.parametrize(
    ("op", "code"),
    [
        (Judge(uuid4(), REJECTED), "REASON_MISSING"),
        (Judge(uuid4(), REJECTED, "  "), "REASON_MISSING"),
        (Judge(uuid4(), REJECTED, "x" * 2001), "REASON_TOO_LONG"),
        (Judge(uuid4(), ACCEPTED, "fine"), "INVALID_INPUT"),
    ],
)
def test_r2_a_rejection_has_a_reason_and_nothing_else_has(op: Judge, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_ops([op])
    assert caught.value.code == code


class Desk:
    """Calls of people at one slide, each with its own client."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.count = 0

    def key(self, role: Role) -> Origin:
        self.count += 1
        return Origin(self.table.user_id(role), f"client-{role}", str(self.count))

    async def do(self, role: Role, *ops: Op) -> Applied:
        return await apply_ops(self.table.access(role), self.key(role), ops)

    async def undo(self, role: Role) -> Applied:
        return await undo(self.table.access(role), self.key(role))

    async def redo(self, role: Role) -> Applied:
        return await redo(self.table.access(role), self.key(role))


async def test_r7_events_history_and_earlier_states_carry_the_review(table: Table) -> None:
    desk, id_ = Desk(table), uuid4()
    await desk.do(Role.ANNOTATOR, Create(id_, square(0, 0, 10)))
    await desk.do(Role.ANNOTATOR, Judge(id_, PROPOSED))
    [rejected] = (await desk.do(Role.REVIEWER, Judge(id_, REJECTED, "Too wide"))).rows
    await desk.do(Role.REVIEWER, Judge(id_, ACCEPTED))
    states = [AnnotationRow.from_body(table.slide.id, e.body["annotations"][0]) for e in await since(table.slide.id, 0)]
    assert [row.review.state for row in states] == [DRAFT, PROPOSED, REJECTED, ACCEPTED]
    assert states[2] == rejected == (await state_at(table.access(), 3))[id_]
    row = await annotation_by_id(id_)
    assert row == states[3]
    steps = (await annotation_steps(row, 10, None)).steps
    assert [step.rows[0].review.reason for step in steps] == [None, "Too wide", None, None]


async def test_many_are_reviewed_in_one_step_or_none(table: Table) -> None:
    desk, ids = Desk(table), [uuid4() for _ in range(50)]
    await desk.do(Role.ANNOTATOR, *(Create(id_, square(0, 0, 10)) for id_ in ids))
    done = await desk.do(Role.REVIEWER, *(Judge(id_, ACCEPTED, None, 1) for id_ in ids[:40]))
    assert len(done.rows) == 40
    with pytest.raises(StaleAnnotations) as caught:
        await desk.do(Role.REVIEWER, *(Judge(id_, REJECTED, "No", 1) for id_ in ids[30:]))
    assert {stale.current.id for stale in caught.value.stale} == set(ids[30:40])
    found = dict.fromkeys(ReviewState, 0)
    async for row in all_of(Filter(table.access())):
        found[row.review.state] += 1
    assert found == {DRAFT: 10, PROPOSED: 0, ACCEPTED: 40, REJECTED: 0}
    wanted = Filter(table.access(), review=frozenset({ACCEPTED}))
    assert {row.id async for row in all_of(wanted)} == set(ids[:40])
    assert [row async for row in all_of(Filter(table.access(), review=frozenset()))] == []


async def test_r8_a_step_of_review_is_undone_and_done_again(table: Table) -> None:
    desk, id_ = Desk(table), uuid4()
    await desk.do(Role.ANNOTATOR, Create(id_, square(0, 0, 10)))
    [proposed] = (await desk.do(Role.ANNOTATOR, Judge(id_, PROPOSED))).rows
    [accepted] = (await desk.do(Role.REVIEWER, Judge(id_, ACCEPTED))).rows
    [after] = (await desk.undo(Role.REVIEWER)).rows
    assert after.review == proposed.review
    [after] = (await desk.redo(Role.REVIEWER)).rows
    assert after.review == accepted.review


async def test_r8_what_was_accepted_since_is_not_undone(table: Table) -> None:
    desk, id_ = Desk(table), uuid4()
    await desk.do(Role.ANNOTATOR, Create(id_, square(0, 0, 10)))
    await desk.do(Role.ANNOTATOR, Update(id_, note="x"))
    await desk.do(Role.REVIEWER, Judge(id_, ACCEPTED))
    done = await desk.undo(Role.ANNOTATOR)
    assert ([skipped.code for skipped in done.skipped], done.rows) == (["ANNOTATION_ACCEPTED"], ())
    done = await desk.undo(Role.ANNOTATOR)  # the creation
    assert [skipped.code for skipped in done.skipped] == ["CHANGED_SINCE"]
    row = await annotation_by_id(id_)
    assert row is not None
    assert (row.note, row.accepted, row.deleted) == ("x", True, False)


async def test_r8_who_reviews_no_more_does_not_undo_a_step_of_review(table: Table) -> None:
    desk, id_ = Desk(table), uuid4()
    await desk.do(Role.ANNOTATOR, Create(id_, square(0, 0, 10)))
    await desk.do(Role.REVIEWER, Judge(id_, ACCEPTED))
    done = await undo(table.access(Role.ANNOTATOR), desk.key(Role.REVIEWER))  # demoted meanwhile
    assert [skipped.code for skipped in done.skipped] == ["REVIEW_NOT_YOURS"]


async def test_r1_an_annotation_begins_as_a_draft_and_reads_back_the_same(table: Table) -> None:
    desk, id_ = Desk(table), uuid4()
    [made] = (await desk.do(Role.ANNOTATOR, Create(id_, square(0, 0, 10)))).rows
    assert made.review == UNREVIEWED
    assert await annotation_by_id(id_) == made
    with pytest.raises(PlatformError):
        await desk.do(Role.VIEWER, Judge(id_, PROPOSED))

"""Scripts of what several people do to one slide, made by hypothesis: who writes what, in which order, seeing how much.

A script is data, so that the same one can be played again; annotations are named by number, and what a step names does
not have to exist: refusals belong to the game.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from api.annotations.applied import Applied
from api.annotations.changes import StaleAnnotations
from api.annotations.edit import apply_ops
from api.annotations.ops import Brush, Create, Delete, Judge, Op, Restore, Update
from api.annotations.rows import COLUMNS, AnnotationRow
from api.annotations.undo import redo, undo
from api.auth.permissions import SlideAccess
from api.collaboration.log import Origin
from api.errors import PlatformError
from api.models.annotation import Annotation, ReviewState
from api.models.project import Role
from api.models.slide import Slide
from api.models.user import User
from tests.annotations.shapes import square
from tests.factories import make_project, make_slide_row, make_user

ROLES = (Role.ANNOTATOR, Role.REVIEWER, Role.MANAGER)
KINDS = ("create", "move", "note", "attribute", "lock", "delete", "restore", "add", "subtract", "review", "both")
STATES = (ReviewState.DRAFT, ReviewState.PROPOSED, ReviewState.ACCEPTED, ReviewState.REJECTED)


@dataclass(frozen=True)
class Step:
    """One call of one writer.

    Attributes:
        ops: (kind, number of the annotation, a choice of values, how many versions behind the writer is).
        back: -1 undoes, 1 redoes, instead of the ops.
    """

    writer: int
    ops: tuple[tuple[str, int, int, int], ...]
    back: int = 0


def ops() -> st.SearchStrategy[tuple[tuple[str, int, int, int], ...]]:
    one = st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.integers(0, 7), st.integers(0, 2))
    return st.lists(one, min_size=1, max_size=3).map(tuple)


def writes() -> st.SearchStrategy[Step]:
    return st.builds(Step, st.integers(0, len(ROLES) - 1), ops())


def calls() -> st.SearchStrategy[Step]:
    """Writes, and now and then an undo or a redo."""
    return st.builds(Step, st.integers(0, len(ROLES) - 1), ops(), st.sampled_from((0, 0, 0, -1, 1)))


def rounds(step: st.SearchStrategy[Step]) -> st.SearchStrategy[list[list[Step]]]:
    """Steps in rounds: those of a round are sent at the same time."""
    return st.lists(st.lists(step, min_size=1, max_size=4), min_size=1, max_size=8)


@dataclass
class Game:
    """A slide of its own and the people who play a script on it."""

    slide: Slide
    project_id: UUID
    people: Sequence[User]
    rows: dict[UUID, AnnotationRow] = field(default_factory=dict)
    calls: int = 0

    @classmethod
    async def open(cls) -> Game:
        people = [await make_user() for _ in ROLES]
        project = await make_project(people[-1])
        return cls(await make_slide_row(project), project.id, people)

    async def play(self, step: Step) -> Applied | None:
        """What the step did; None when it was refused."""
        access = SlideAccess(self.slide.id, self.project_id, ROLES[step.writer])
        self.calls += 1
        origin = Origin(self.people[step.writer].id, f"{self.slide.id}-{step.writer}", str(self.calls))
        try:
            if step.back:
                applied = await (undo if step.back < 0 else redo)(access, origin)
            else:
                applied = await apply_ops(access, origin, [self._op(*values) for values in step.ops])
        except (StaleAnnotations, PlatformError):
            return None
        self.rows.update((row.id, row) for row in applied.rows)
        return applied

    async def play_together(self, steps: Sequence[Step]) -> list[Applied | None]:
        """The steps sent at once, which the server commits in groups."""
        return await asyncio.gather(*map(self.play, steps))

    async def stored(self) -> dict[UUID, AnnotationRow]:
        values = await Annotation.filter(slide=self.slide).values(*COLUMNS)
        return {row["id"]: AnnotationRow.from_columns(row) for row in values}

    def _op(self, kind: str, number: int, choice: int, behind: int) -> Op:
        id_ = uuid5(self.slide.id, str(number))
        row = self.rows.get(id_)
        seen = max(1, row.version - behind) if row else 1
        match kind:
            case "create":
                return Create(id_, square(100 * number, 0, 20), note=f"n{choice}")
            case "move":
                return Update(id_, seen, square(100 * number + 5 * choice, 5, 20))
            case "note":
                return Update(id_, note=f"n{choice}")
            case "attribute":
                return Update(id_, attributes={"xyz"[choice % 3]: None if choice > 5 else choice})
            case "lock":
                return Update(id_, locked=choice % 2 == 0)
            case "both":
                return Update(id_, note=f"b{choice}", locked=choice % 2 == 0)
            case "delete":
                return Delete(id_, seen if choice % 2 else None)
            case "restore":
                return Restore(id_)
            case "add" | "subtract":
                return Brush(id_, square(100 * number + 4 * choice, 2, 12), kind == "add")
            case _:
                state = STATES[choice % 4]
                return Judge(id_, state, "why" if state is ReviewState.REJECTED else None, seen)


def meaning(rows: dict[UUID, AnnotationRow]) -> dict[UUID, Any]:
    """What people see of annotations: all but versions, dates of change and what is deleted."""
    return {
        id_: (row.term_id, row.shape, row.attributes, row.note, row.locked, row.review, row.layer_id)
        for id_, row in rows.items()
        if not row.deleted
    }

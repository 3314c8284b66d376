"""Who did what when on a slide, and how its annotations were at an earlier seq."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from api.annotations import history
from api.annotations.history import Change, Step, Steps
from api.annotations.query import permitted_annotation
from api.annotations.rows import AnnotationRow
from api.auth.permissions import require_slide
from api.auth.viewer import Action
from api.collaboration.log import EventKind
from api.errors import InvalidInput
from api.models.paging import bounded_first
from schema.annotation import Annotation
from schema.connection import PageInfo
from schema.context import Info
from schema.ids import uuid_of
from schema.user import User, load_user

strawberry.enum(Change, name="AnnotationChange", description="What a step did to an annotation.")


@strawberry.type(description="How many annotations a step changed in one way.")
class ChangeCount:
    change: Change = strawberry.field(description="What happened to them.")
    count: int = strawberry.field(description="To how many.")


@strawberry.type(description="One step of a slide's log: what one person's call did to annotations.")
class HistoryStep:
    step: strawberry.Private[Step]
    seq: int = strawberry.field(description="The slide's sequence after it.")
    created_at: datetime = strawberry.field(description="When it was committed.")
    undo: bool = strawberry.field(description="Whether it took an earlier step back.")
    redo: bool = strawberry.field(description="Whether it did an earlier step again.")
    undoes: int | None = strawberry.field(description="The seq that it took back or did again.")
    undone_by: int | None = strawberry.field(description="The seq that took it back; null while it stands.")
    changes: list[ChangeCount] = strawberry.field(description="What it did, and to how many annotations.")

    @classmethod
    def of(cls, step: Step) -> HistoryStep:
        """The GraphQL side of a step."""
        return cls(
            step=step,
            seq=step.seq,
            created_at=step.created_at,
            undo=step.kind is EventKind.UNDO,
            redo=step.kind is EventKind.REDO,
            undoes=step.undoes,
            undone_by=step.undone_by,
            changes=[ChangeCount(change=change, count=count) for change, count in step.changes.items()],
        )

    @strawberry.field(description="Who did it; null for the platform itself.")
    async def actor(self, info: Info) -> User | None:
        return await load_user(info, self.step.actor_id)

    @strawberry.field(
        description="The annotations as it left them, at most 100; of one annotation's history, that one."
    )
    def annotations(self, first: int = 20) -> list[Annotation]:
        return [Annotation.of(row) for row in self.step.rows[: bounded_first(first, 100)]]


@strawberry.type(description="A page of steps, newest first.")
class History:
    steps: list[HistoryStep] = strawberry.field(description="The steps; go on with `before:` the last one's seq.")
    has_more: bool = strawberry.field(description="Whether older ones follow.")

    @classmethod
    def of(cls, page: Steps) -> History:
        """The GraphQL side of a page."""
        return cls(steps=[HistoryStep.of(step) for step in page.steps], has_more=page.has_more)


@strawberry.type(description="A page of a slide's living annotations as they were at a seq, in order of id.")
class PastAnnotations:
    seq: int = strawberry.field(description="The seq asked for.")
    nodes: list[Annotation] = strawberry.field(description="The annotations as they were.")
    page_info: PageInfo = strawberry.field(description="Whether more follow.")


@strawberry.type
class HistoryQuery:
    @strawberry.field(description="What people did to a slide's annotations, newest first.")
    async def slide_history(
        self, info: Info, slide_id: strawberry.ID, first: int = 50, before: int | None = None
    ) -> History:
        access = await require_slide(info.context.viewer, uuid_of(slide_id, "slideId"), Action.VIEW)
        return History.of(await history.slide_steps(access, first, before))

    @strawberry.field(description="What people did to one annotation, newest first; a deleted one too.")
    async def annotation_history(
        self, info: Info, id: strawberry.ID, first: int = 50, before: int | None = None
    ) -> History:
        row = await permitted_annotation(info.context.viewer, uuid_of(id))
        return History.of(await history.annotation_steps(row, first, before))

    @strawberry.field(description="A slide's living annotations as they were at an earlier seq.")
    async def annotations_at(
        self, info: Info, slide_id: strawberry.ID, seq: int, first: int = 500, after: strawberry.ID | None = None
    ) -> PastAnnotations:
        access = await require_slide(info.context.viewer, uuid_of(slide_id, "slideId"), Action.VIEW)
        return _past(await history.state_at(access, seq), seq, bounded_first(first), _after(after))


def _after(after: strawberry.ID | None) -> UUID | None:
    try:
        return UUID(after) if after else None
    except ValueError as error:
        raise InvalidInput("after is not a cursor of this list. Pass endCursor.", code="BAD_CURSOR") from error


def _past(state: dict[UUID, AnnotationRow], seq: int, first: int, after: UUID | None) -> PastAnnotations:
    living = [row for id_, row in state.items() if not row.deleted and (after is None or str(id_) > str(after))]
    nodes = [Annotation.of(row) for row in living[:first]]
    page_info = PageInfo(has_next_page=len(living) > first, end_cursor=nodes[-1].id if nodes else None)
    return PastAnnotations(seq=seq, nodes=nodes, page_info=page_info)

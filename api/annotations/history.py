"""What happened to a slide's annotations: who did what when, and how they were at an earlier seq. Reads the log only.

Rules H1-H4 of docs/spec.md. Callers have passed the permission check.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import Q, Subquery

from api.annotations.rows import AnnotationRow
from api.annotations.sight import layers_to_tell, seen, sees_body
from api.auth.permissions import SlideAccess
from api.collaboration.log import EventKind, HistoryPruned, LoggedEvent, current_seq, since
from api.errors import InvalidInput, TooLarge
from api.models.annotation import Annotation
from api.models.event import AnnotationStep, SlideEvent
from api.models.paging import bounded_first

MAX_REPLAYED = 100_000
"""Events replayed to find an earlier state; a later seq is refused."""
_KINDS = (EventKind.ANNOTATIONS, EventKind.UNDO, EventKind.REDO)


class Change(enum.StrEnum):
    """What a step did to one annotation."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    DELETED = "DELETED"
    RESTORED = "RESTORED"


@dataclass(frozen=True)
class Step:
    """One step of the log.

    Attributes:
        changes: how many annotations it created, changed, deleted, restored.
        undoes: the seq it undid or did again; `undone_by` the one that undid it.
        rows: the annotations as it left them.
    """

    seq: int
    kind: EventKind
    actor_id: UUID | None
    created_at: datetime
    changes: Mapping[Change, int]
    undoes: int | None
    undone_by: int | None
    rows: tuple[AnnotationRow, ...]


@dataclass(frozen=True)
class Steps:
    """A page of steps, newest first."""

    steps: tuple[Step, ...]
    has_more: bool


async def slide_steps(access: SlideAccess, first: int, before: int | None) -> Steps:
    """The slide's steps before seq `before`, or the newest.

    In a blind project those who see only their own get their own steps and those that touched what they see.
    """
    limit, slide_id, only_own = bounded_first(first), access.slide_id, access.only_own
    query = SlideEvent.filter(slide_id=slide_id, kind__in=[kind.value for kind in _KINDS])
    layers = await layers_to_tell(access)
    if only_own is not None:
        theirs = Subquery(Annotation.filter(seen(only_own), slide_id=slide_id).values("id"))
        touching = AnnotationStep.filter(slide_id=slide_id, annotation_id__in=theirs).values("seq")
        own = Q(actor_id=only_own) | Q(actor_id__isnull=True)
        query = query.filter(own | Q(seq__in=Subquery(touching)))
    if before is not None:
        query = query.filter(seq__lt=before)
    events = await query.order_by("-seq").limit(limit + 1)
    steps = (_step(slide_id, event, lambda body: sees_body(only_own, body, layers)) for event in events[:limit])
    return Steps(tuple(steps), len(events) > limit)


async def annotation_steps(row: AnnotationRow, first: int, before: int | None) -> Steps:
    """The steps that touched an annotation, each with that annotation alone."""
    limit = bounded_first(first)
    touching = AnnotationStep.filter(annotation_id=row.id)
    if before is not None:
        touching = touching.filter(seq__lt=before)
    seqs: list[int] = await touching.order_by("-seq").limit(limit + 1).values_list("seq", flat=True)  # type: ignore[assignment]
    events = await SlideEvent.filter(slide_id=row.slide_id, seq__in=seqs[:limit]).order_by("-seq")
    only = str(row.id)
    steps = (_step(row.slide_id, event, lambda body: bool(body["id"] == only)) for event in events)
    return Steps(tuple(steps), len(seqs) > limit)


async def state_at(access: SlideAccess, seq: int) -> dict[UUID, AnnotationRow]:
    """The annotations that the viewer sees as they were after `seq`, tombstones included, by id.

    Raises:
        InvalidInput: the slide has not come so far.
        HistoryPruned: the log no longer reaches back to the slide's beginning.
        TooLarge: there is too much to replay.
    """
    slide_id, only_own = access.slide_id, access.only_own
    now = await current_seq(slide_id)
    if not 0 <= seq <= now:
        raise InvalidInput(f"The slide is at {now}; ask for a seq from 0 to {now}.", code="BAD_SEQ", field="seq")
    if seq > MAX_REPLAYED:
        raise TooLarge(
            f"The state at {seq} takes {seq} steps to replay; at most {MAX_REPLAYED} are. Ask for an earlier one.",
            code="TOO_FAR_TO_REPLAY",
            params={"limit": MAX_REPLAYED, "actual": seq},
        )
    layers = await layers_to_tell(access)
    bodies: dict[str, dict[str, Any]] = {}
    async for event in _events_through(slide_id, seq):
        if event.kind in _KINDS:
            bodies.update((b["id"], b) for b in event.body["annotations"] if sees_body(only_own, b, layers))
    return {UUID(id_): AnnotationRow.from_body(slide_id, bodies[id_]) for id_ in sorted(bodies)}


async def _events_through(slide_id: UUID, seq: int) -> AsyncIterator[LoggedEvent]:
    last = 0
    while last < seq:
        events = await since(slide_id, last)
        if not events:
            raise HistoryPruned(last, await current_seq(slide_id))
        for event in events:
            if event.seq > seq:
                return
            yield event
            last = event.seq


def _step(slide_id: UUID, event: SlideEvent, wanted: Callable[[Mapping[str, Any]], bool]) -> Step:
    bodies: Sequence[dict[str, Any]] = [body for body in event.body["annotations"] if wanted(body)]
    before = {inverse["id"]: inverse["put"] for inverse in event.inverse or ()}
    changes: dict[Change, int] = {}
    for body in bodies:
        change = _change(body, before.get(body["id"], {}))
        changes[change] = changes.get(change, 0) + 1
    return Step(
        event.seq,
        EventKind(event.kind),
        event.actor_id,  # type: ignore[attr-defined]
        event.created_at,
        changes,
        event.undoes,
        event.undone_by,
        tuple(AnnotationRow.from_body(slide_id, body) for body in bodies),
    )


def _change(body: Mapping[str, Any], put_back: Mapping[str, Any]) -> Change:
    created_at, updated_at, _ = body["at"]
    if created_at == updated_at:
        return Change.CREATED
    if "deleted" in put_back:
        return Change.RESTORED if put_back["deleted"] else Change.DELETED
    return Change.CHANGED

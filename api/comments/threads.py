"""Threads of comments: begin, reply, edit, delete, resolve, read. Rules C1-C6 of docs/spec.md.

Every change is a transaction of the slide's log: idempotent by (client id, mutation id), followed by an event.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from api.annotations.sight import seen
from api.auth.permissions import SlideAccess, require_role, require_slide, require_viewer
from api.auth.viewer import Action, Viewer, allows
from api.collaboration.log import EventKind, LoggedEvent, Origin, SlideTransaction, write
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted
from api.models.annotation import Annotation
from api.models.comment import Comment, CommentThread
from api.models.paging import Page, fetch_page
from api.models.project import Membership

MAX_TEXT_LENGTH = 10_000
MAX_MENTIONS = 50
MAX_COMMENTS = 500
ORDER = ("created_at", "id")


@dataclass(frozen=True)
class Draft:
    """A comment as its author sends it; `id` is made by the client."""

    id: UUID
    text: str
    mentions: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.text.strip()) <= MAX_TEXT_LENGTH or len(self.text) > MAX_TEXT_LENGTH:
            raise InvalidInput(
                f"The comment has {len(self.text)} characters; write 1 to {MAX_TEXT_LENGTH}.",
                code="COMMENT_LENGTH",
                field="text",
            )
        if len(self.mentions) > MAX_MENTIONS:
            raise InvalidInput(
                f"{len(self.mentions)} people are mentioned; at most {MAX_MENTIONS} may be.", field="mentions"
            )


@dataclass(frozen=True)
class Anchor:
    """Where a thread belongs: a place in level-0 pixels, and the annotation it is about, if any."""

    x: float
    y: float
    annotation_id: UUID | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.x) and math.isfinite(self.y)):
            raise InvalidInput("A coordinate is not a finite number. Send level-0 pixels.", field="x")


async def begin(access: SlideAccess, origin: Origin, thread_id: UUID, anchor: Anchor, draft: Draft) -> LoggedEvent:
    """Begin a thread with its first comment."""

    async def work(transaction: SlideTransaction) -> None:
        connection, now = transaction.connection, datetime.now(UTC)
        if (
            anchor.annotation_id is not None
            and not await Annotation.filter(seen(access.only_own), id=anchor.annotation_id, slide_id=access.slide_id)
            .using_db(connection)
            .exists()
        ):
            raise NotFound(
                f"There is no annotation {anchor.annotation_id} on this slide.",
                code="ANNOTATION_NOT_FOUND",
                field="annotationId",
            )
        author_id = _author(origin)
        try:
            await CommentThread.create(
                using_db=connection,
                id=thread_id,
                slide_id=access.slide_id,
                annotation_id=anchor.annotation_id,
                x=anchor.x,
                y=anchor.y,
                created_by_id=author_id,
                created_at=now,
            )
        except IntegrityError as exc:
            raise _taken("thread", thread_id) from exc
        await _add(transaction, access, thread_id, draft, author_id, now)

    return await _written(access, origin, thread_id, work)


async def reply(access: SlideAccess, origin: Origin, thread_id: UUID, draft: Draft) -> LoggedEvent:
    """Add a comment to a thread; a resolved one is open again."""

    async def work(transaction: SlideTransaction) -> None:
        connection = transaction.connection
        await _thread(transaction, access, thread_id)
        if await Comment.filter(thread_id=thread_id).using_db(connection).count() >= MAX_COMMENTS:
            raise Conflict(f"The thread has {MAX_COMMENTS} comments. Begin another one.", code="THREAD_FULL")
        await _add(transaction, access, thread_id, draft, _author(origin), datetime.now(UTC))
        reopened = CommentThread.filter(id=thread_id).using_db(connection)
        await reopened.update(resolved_at=None, resolved_by_id=None)

    return await _written(access, origin, thread_id, work)


async def edit(access: SlideAccess, origin: Origin, draft: Draft) -> LoggedEvent:
    """Change one's own comment."""

    async def work(transaction: SlideTransaction) -> None:
        comment = await _comment(transaction, access, draft.id)
        if comment.author_id != origin.actor_id:
            raise NotPermitted("Only its author may change a comment. Reply to it instead.", code="COMMENT_NOT_YOURS")
        await _require_members(transaction, access, draft.mentions)
        mentions = [str(user_id) for user_id in draft.mentions]
        changed = Comment.filter(id=draft.id).using_db(transaction.connection)
        await changed.update(text=draft.text, mentions=mentions, edited_at=datetime.now(UTC))

    return await _written(access, origin, (await _comment_of(access, draft.id)).thread_id, work)


async def delete(access: SlideAccess, origin: Origin, comment_id: UUID) -> LoggedEvent:
    """Take a comment's text away: one's own, or as a manager anyone's. Its place in the thread stays."""

    async def work(transaction: SlideTransaction) -> None:
        comment = await _comment(transaction, access, comment_id)
        if comment.author_id != origin.actor_id and not allows(access.role, Action.MANAGE):
            raise NotPermitted("Only its author or a manager may delete a comment.")
        gone = Comment.filter(id=comment_id).using_db(transaction.connection)
        await gone.update(text="", mentions=[], deleted_at=datetime.now(UTC))

    return await _written(access, origin, (await _comment_of(access, comment_id)).thread_id, work)


async def resolve(access: SlideAccess, origin: Origin, thread_id: UUID, *, resolved: bool) -> LoggedEvent:
    """Resolve a thread, or open it again; the last one to do so wins."""

    async def work(transaction: SlideTransaction) -> None:
        await _thread(transaction, access, thread_id)
        now, by = (datetime.now(UTC), origin.actor_id) if resolved else (None, None)
        thread = CommentThread.filter(id=thread_id).using_db(transaction.connection)
        await thread.update(resolved_at=now, resolved_by_id=by)

    return await _written(access, origin, thread_id, work)


async def list_threads(
    access: SlideAccess,
    first: int,
    after: str | None,
    *,
    annotation_id: UUID | None = None,
    resolved: bool | None = None,
) -> Page[CommentThread]:
    """A page of the threads that the viewer sees on a slide, oldest first."""
    query = CommentThread.filter(_of_what_is_seen(access), slide_id=access.slide_id)
    if annotation_id is not None:
        query = query.filter(annotation_id=annotation_id)
    if resolved is not None:
        query = query.filter(resolved_at__isnull=not resolved)
    return await fetch_page(query, ORDER, first, after)


async def thread_by_id(access: SlideAccess, thread_id: UUID) -> CommentThread:
    """A thread that the viewer sees.

    Raises:
        NotFound: there is none on the slide, or it is about an annotation that they do not see.
    """
    thread = await CommentThread.get_or_none(_of_what_is_seen(access), id=thread_id, slide_id=access.slide_id)
    if thread is None:
        raise _no_thread(thread_id)
    return thread


async def permitted_thread(viewer: Viewer | None, thread_id: UUID) -> SlideAccess:
    """The viewer's access to the slide of a thread that they see and may write in.

    Raises:
        NotSignedIn, NotFound, NotPermitted.
    """
    require_viewer(viewer)
    thread = await CommentThread.get_or_none(id=thread_id)
    if thread is None:
        raise _no_thread(thread_id)
    access = await require_slide(viewer, thread.slide_id, Action.ANNOTATE)
    await thread_by_id(access, thread_id)
    return access


async def permitted_comment(viewer: Viewer | None, comment_id: UUID) -> SlideAccess:
    """The viewer's access to the slide of a comment in a thread that they see and may write in.

    Raises:
        NotSignedIn, NotFound, NotPermitted.
    """
    require_viewer(viewer)
    comment = await Comment.get_or_none(id=comment_id)
    if comment is None:
        raise _no_comment(comment_id)
    try:
        return await permitted_thread(viewer, comment.thread_id)
    except NotFound:
        raise _no_comment(comment_id) from None


async def seen_threads(access: SlideAccess, thread_ids: Sequence[str]) -> list[str]:
    """Those of the slide's threads that the viewer sees."""
    if access.only_own is None:
        return list(thread_ids)
    threads = CommentThread.filter(_of_what_is_seen(access), id__in=[UUID(id_) for id_ in thread_ids])
    shown = {str(id_) for id_ in await threads.values_list("id", flat=True)}
    return [id_ for id_ in thread_ids if id_ in shown]


async def comments_of(thread_ids: Sequence[UUID]) -> list[Comment]:
    """The comments of these threads, oldest first."""
    return await Comment.filter(thread_id__in=thread_ids).order_by(*ORDER)


async def _written(
    access: SlideAccess, origin: Origin, thread_id: UUID, work: Callable[[SlideTransaction], Awaitable[None]]
) -> LoggedEvent:
    require_role(access.role, Action.ANNOTATE)

    async def with_event(transaction: SlideTransaction) -> None:
        await work(transaction)
        await transaction.append(EventKind.COMMENTS, {"threads": [str(thread_id)]})

    [event] = await write(access.slide_id, origin, with_event)
    return event


async def _add(
    transaction: SlideTransaction, access: SlideAccess, thread_id: UUID, draft: Draft, author_id: UUID, now: datetime
) -> None:
    await _require_members(transaction, access, draft.mentions)
    try:
        await Comment.create(
            using_db=transaction.connection,
            id=draft.id,
            thread_id=thread_id,
            author_id=author_id,
            text=draft.text,
            mentions=[str(user_id) for user_id in draft.mentions],
            created_at=now,
        )
    except IntegrityError as exc:
        raise _taken("comment", draft.id) from exc


async def _require_members(transaction: SlideTransaction, access: SlideAccess, user_ids: Sequence[UUID]) -> None:
    if not user_ids:
        return
    members = Membership.filter(project_id=access.project_id, user_id__in=user_ids).using_db(transaction.connection)
    strangers = set(user_ids) - set(await members.values_list("user_id", flat=True))
    if strangers:
        raise InvalidInput(
            f"{len(strangers)} of the people mentioned are no members of the project. Mention members only.",
            code="MENTION_NOT_MEMBER",
            field="mentions",
        )


async def _thread(transaction: SlideTransaction, access: SlideAccess, thread_id: UUID) -> CommentThread:
    thread = await CommentThread.get_or_none(id=thread_id, slide_id=access.slide_id, using_db=transaction.connection)
    if thread is None:
        raise _no_thread(thread_id)
    return thread


async def _comment(transaction: SlideTransaction, access: SlideAccess, comment_id: UUID) -> Comment:
    comment = await Comment.get_or_none(
        id=comment_id, thread__slide_id=access.slide_id, deleted_at__isnull=True, using_db=transaction.connection
    )
    if comment is None:
        raise _no_comment(comment_id)
    return comment


async def _comment_of(access: SlideAccess, comment_id: UUID) -> Comment:
    comment = await Comment.get_or_none(id=comment_id, thread__slide_id=access.slide_id)
    if comment is None:
        raise _no_comment(comment_id)
    return comment


def _of_what_is_seen(access: SlideAccess) -> Q:
    """Threads about a place, and about annotations that the viewer sees."""
    if access.only_own is None:
        return Q()
    return Q(Q(annotation_id__isnull=True), seen(access.only_own, "annotation__layer"), join_type="OR")


def _author(origin: Origin) -> UUID:
    assert origin.actor_id is not None, "comments are written by people"
    return origin.actor_id


def _no_thread(thread_id: UUID) -> NotFound:
    return NotFound(f"There is no thread {thread_id}, or you are not a member of its project.")


def _no_comment(comment_id: UUID) -> NotFound:
    return NotFound(f"There is no comment {comment_id}, or you are not a member of its project.")


def _taken(what: str, id_: UUID) -> Conflict:
    return Conflict(
        f"There is a {what} {id_} already. Make a new random id for each {what}.", code="COMMENT_EXISTS", field="id"
    )

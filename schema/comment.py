"""Comments on a slide: threads about an annotation or a place."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.auth.permissions import SlideAccess, require_slide, require_viewer
from api.auth.viewer import Action
from api.collaboration.channel import announce
from api.collaboration.log import LoggedEvent, Origin
from api.comments import threads
from api.comments.threads import Anchor, Draft
from api.models.comment import Comment as CommentRow
from api.models.comment import CommentThread as ThreadRow
from schema.connection import PageInfo
from schema.context import Context, Info
from schema.failure import Failure
from schema.ids import optional_uuid, uuid_of
from schema.loaders import Loader
from schema.user import User, load_user


class CommentsByThreadLoader(Loader[UUID, list[CommentRow]]):
    """A thread's comments, oldest first."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, list[CommentRow]]:
        found: dict[UUID, list[CommentRow]] = defaultdict(list)
        for row in await threads.comments_of(keys):
            found[row.thread_id].append(row)
        return found

    def absent(self, key: UUID) -> list[CommentRow]:
        return []


@strawberry.type(description="One contribution to a thread.")
class Comment:
    row: strawberry.Private[CommentRow]
    id: strawberry.ID = strawberry.field(description="The comment's id, made by the client that wrote it.")
    text: str = strawberry.field(description="Plain text; empty once it is deleted.")
    created_at: datetime = strawberry.field(description="When it was written.")
    edited_at: datetime | None = strawberry.field(description="When it was last changed.")
    deleted_at: datetime | None = strawberry.field(description="When it was deleted.")

    @classmethod
    def of(cls, row: CommentRow) -> Comment:
        """The GraphQL side of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            text=row.text,
            created_at=row.created_at,
            edited_at=row.edited_at,
            deleted_at=row.deleted_at,
        )

    @strawberry.field(description="Who wrote it.")
    async def author(self, info: Info) -> User | None:
        return await load_user(info, self.row.author_id)

    @strawberry.field(description="The people it mentions, at most 50.")
    async def mentions(self, info: Info) -> list[User]:
        people = await asyncio.gather(*(load_user(info, UUID(user_id)) for user_id in self.row.mentions))
        return [person for person in people if person is not None]


@strawberry.type(description="A conversation about an annotation or a place.")
class CommentThread:
    row: strawberry.Private[ThreadRow]
    id: strawberry.ID = strawberry.field(description="The thread's id, made by the client that began it.")
    slide_id: strawberry.ID = strawberry.field(description="The slide.")
    annotation_id: strawberry.ID | None = strawberry.field(description="The annotation it is about; null: a place.")
    x: float = strawberry.field(description="Where it is, in level-0 pixels.")
    y: float = strawberry.field(description="Where it is, in level-0 pixels.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    resolved_at: datetime | None = strawberry.field(description="When it was resolved; null while it is open.")

    @classmethod
    def of(cls, row: ThreadRow) -> CommentThread:
        """The GraphQL side of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            slide_id=strawberry.ID(str(row.slide_id)),
            annotation_id=strawberry.ID(str(row.annotation_id)) if row.annotation_id else None,
            x=row.x,
            y=row.y,
            created_at=row.created_at,
            resolved_at=row.resolved_at,
        )

    @strawberry.field(description="Who began it.")
    async def created_by(self, info: Info) -> User | None:
        return await load_user(info, self.row.created_by_id)

    @strawberry.field(description="Who resolved it.")
    async def resolved_by(self, info: Info) -> User | None:
        return await load_user(info, self.row.resolved_by_id)

    @strawberry.field(description="Its comments, oldest first, at most 500; deleted ones keep their place.")
    async def comments(self, info: Info) -> list[Comment]:
        return [Comment.of(row) for row in await info.context.loader(CommentsByThreadLoader).load(self.row.id)]


@strawberry.type(description="A page of threads, oldest first.")
class CommentThreadConnection:
    nodes: list[CommentThread] = strawberry.field(description="The threads.")
    page_info: PageInfo = strawberry.field(description="Whether more follow.")


@strawberry.input(description="A new thread with its first comment.")
class BeginCommentThreadInput:
    slide_id: strawberry.ID = strawberry.field(description="The slide.")
    client_id: str = strawberry.field(description="As in applyAnnotationOps.")
    mutation_id: str = strawberry.field(description="As in applyAnnotationOps.")
    thread_id: strawberry.ID = strawberry.field(description="A new random UUID.")
    comment_id: strawberry.ID = strawberry.field(description="Another one.")
    text: str = strawberry.field(description="1 to 10,000 characters.")
    x: float = strawberry.field(description="Where it is, in level-0 pixels.")
    y: float = strawberry.field(description="Where it is, in level-0 pixels.")
    annotation_id: strawberry.ID | None = strawberry.field(default=None, description="The annotation it is about.")
    mentions: list[strawberry.ID] = strawberry.field(default_factory=list, description="Ids of members, at most 50.")


@strawberry.input(description="A further comment in a thread.")
class ReplyToCommentThreadInput:
    client_id: str = strawberry.field(description="As in applyAnnotationOps.")
    mutation_id: str = strawberry.field(description="As in applyAnnotationOps.")
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    comment_id: strawberry.ID = strawberry.field(description="A new random UUID.")
    text: str = strawberry.field(description="1 to 10,000 characters.")
    mentions: list[strawberry.ID] = strawberry.field(default_factory=list, description="Ids of members, at most 50.")


@strawberry.input(description="A new text for one's own comment.")
class EditCommentInput:
    client_id: str = strawberry.field(description="As in applyAnnotationOps.")
    mutation_id: str = strawberry.field(description="As in applyAnnotationOps.")
    comment_id: strawberry.ID = strawberry.field(description="The comment.")
    text: str = strawberry.field(description="1 to 10,000 characters.")
    mentions: list[strawberry.ID] = strawberry.field(default_factory=list, description="Ids of members, at most 50.")


@strawberry.input(description="A comment to delete: one's own, for managers anyone's.")
class DeleteCommentInput:
    client_id: str = strawberry.field(description="As in applyAnnotationOps.")
    mutation_id: str = strawberry.field(description="As in applyAnnotationOps.")
    comment_id: strawberry.ID = strawberry.field(description="The comment.")


@strawberry.input(description="A thread to resolve or to open again.")
class ResolveCommentThreadInput:
    client_id: str = strawberry.field(description="As in applyAnnotationOps.")
    mutation_id: str = strawberry.field(description="As in applyAnnotationOps.")
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    resolved: bool = strawberry.field(default=True, description="False opens it again.")


CommentThreadResult = Annotated[
    CommentThread | Failure, strawberry.union("CommentThreadResult", description="The thread afterwards, or why not.")
]


@strawberry.type
class CommentQuery:
    @strawberry.field(description="A slide's threads of comments, oldest first.")
    async def comment_threads(
        self,
        info: Info,
        slide_id: strawberry.ID,
        annotation_id: strawberry.ID | None = None,
        resolved: bool | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> CommentThreadConnection:
        access = await require_slide(info.context.viewer, uuid_of(slide_id, "slideId"), Action.VIEW)
        about = optional_uuid(annotation_id, "annotationId")
        page = await threads.list_threads(access, first, after, annotation_id=about, resolved=resolved)
        return CommentThreadConnection(nodes=[CommentThread.of(row) for row in page.rows], page_info=PageInfo.of(page))


@strawberry.type
class CommentMutation:
    @strawberry.mutation(description="Begin a thread about an annotation or a place. For annotators.")
    async def begin_comment_thread(self, info: Info, input: BeginCommentThreadInput) -> CommentThreadResult:
        access = await require_slide(info.context.viewer, uuid_of(input.slide_id, "slideId"), Action.ANNOTATE)
        anchor = Anchor(input.x, input.y, optional_uuid(input.annotation_id, "annotationId"))
        thread_id, draft = uuid_of(input.thread_id, "threadId"), _draft(input)
        event = await threads.begin(access, _origin(info.context, input), thread_id, anchor, draft)
        return await _announced(info.context, access, event)

    @strawberry.mutation(description="Reply in a thread; a resolved one is open again. For annotators.")
    async def reply_to_comment_thread(self, info: Info, input: ReplyToCommentThreadInput) -> CommentThreadResult:
        thread_id = uuid_of(input.thread_id, "threadId")
        access = await threads.permitted_thread(info.context.viewer, thread_id)
        event = await threads.reply(access, _origin(info.context, input), thread_id, _draft(input))
        return await _announced(info.context, access, event)

    @strawberry.mutation(description="Change the text of one's own comment.")
    async def edit_comment(self, info: Info, input: EditCommentInput) -> CommentThreadResult:
        access = await threads.permitted_comment(info.context.viewer, uuid_of(input.comment_id, "commentId"))
        event = await threads.edit(access, _origin(info.context, input), _draft(input))
        return await _announced(info.context, access, event)

    @strawberry.mutation(description="Delete one's own comment; managers anyone's. Its place in the thread stays.")
    async def delete_comment(self, info: Info, input: DeleteCommentInput) -> CommentThreadResult:
        comment_id = uuid_of(input.comment_id, "commentId")
        access = await threads.permitted_comment(info.context.viewer, comment_id)
        event = await threads.delete(access, _origin(info.context, input), comment_id)
        return await _announced(info.context, access, event)

    @strawberry.mutation(description="Resolve a thread or open it again. For annotators.")
    async def resolve_comment_thread(self, info: Info, input: ResolveCommentThreadInput) -> CommentThreadResult:
        thread_id = uuid_of(input.thread_id, "threadId")
        access = await threads.permitted_thread(info.context.viewer, thread_id)
        event = await threads.resolve(access, _origin(info.context, input), thread_id, resolved=input.resolved)
        return await _announced(info.context, access, event)


def _draft(given: BeginCommentThreadInput | ReplyToCommentThreadInput | EditCommentInput) -> Draft:
    mentions = tuple(dict.fromkeys(uuid_of(user_id, "mentions") for user_id in given.mentions))
    return Draft(uuid_of(given.comment_id, "commentId"), given.text, mentions)


def _origin(
    context: Context,
    given: BeginCommentThreadInput
    | ReplyToCommentThreadInput
    | EditCommentInput
    | DeleteCommentInput
    | ResolveCommentThreadInput,
) -> Origin:
    return Origin(require_viewer(context.viewer).user_id, given.client_id, given.mutation_id)


async def _announced(context: Context, access: SlideAccess, event: LoggedEvent) -> CommentThread:
    """Hint that the slide moved on, and give the thread that the event is about."""
    await announce(context.app.channel, access.slide_id, event.seq)
    return CommentThread.of(await threads.thread_by_id(access, UUID(event.body["threads"][0])))

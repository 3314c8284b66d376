"""Comments over GraphQL: rules C1-C6."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from api.models.comment import Comment, CommentThread
from tests.schema.live_client import Client, create
from tests.schema.test_live import Room, room  # noqa: F401 - the fixture

THREAD = """{ __typename
  ... on CommentThread {
    id annotationId x y resolvedAt resolvedBy { name } createdBy { name }
    comments { id text author { name } mentions { name } editedAt deletedAt }
  }
  ... on Failure { code message field } }"""
LIST = """query($s: ID!, $resolved: Boolean) {
  commentThreads(slideId: $s, resolved: $resolved, first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }"""
FOLLOW = """subscription($slide: ID!) { slideEvents(slideId: $slide, sinceSeq: 0) {
  __typename ... on CommentsChanged { seq threadIds } } }"""


async def say(client: Client, name: str, mutation_id: str | None = None, **facts: Any) -> dict[str, Any]:
    kind = f"{name[0].upper()}{name[1:]}Input"
    given = {"clientId": client.id, "mutationId": mutation_id or str(uuid4()), **facts}
    data = await client.execute(f"mutation($i: {kind}!) {{ {name}(input: $i) {THREAD} }}", i=given)
    answer: dict[str, Any] = data[name]
    return answer


async def begin(room: Room, thread_id: UUID, comment_id: UUID, **facts: Any) -> dict[str, Any]:  # noqa: F811
    place = {"slideId": str(room.slide_id), "threadId": str(thread_id), "commentId": str(comment_id), "x": 3, "y": 4}
    return await say(room.ada, "beginCommentThread", **{**place, "text": "Is this a gland?", **facts})


async def test_a_thread_is_begun_answered_and_resolved_live(room: Room) -> None:  # noqa: F811
    annotation, thread, first, second = (uuid4() for _ in range(4))
    ben = room.users["Ben"]
    await room.ada.apply(room.slide_id, create(annotation))
    async with room.ben.socket() as socket:
        stream = await socket.subscribe(FOLLOW, slide=str(room.slide_id))
        begun = await begin(room, thread, first, annotationId=str(annotation), mentions=[str(ben.id)])
        assert (begun["annotationId"], begun["x"], begun["createdBy"]) == (str(annotation), 3.0, {"name": "Ada"})
        [comment] = begun["comments"]
        assert (comment["text"], comment["mentions"]) == ("Is this a gland?", [{"name": "Ben"}])
        await say(room.ben, "resolveCommentThread", threadId=str(thread))
        answered = await say(
            room.ben, "replyToCommentThread", threadId=str(thread), commentId=str(second), text="It is."
        )
        assert answered["resolvedAt"] is None
        assert [comment["author"]["name"] for comment in answered["comments"]] == ["Ada", "Ben"]
        resolved = await say(room.ada, "resolveCommentThread", threadId=str(thread))
        assert resolved["resolvedBy"] == {"name": "Ada"}
        seen = [event for event in [await stream.next() for _ in range(5)] if event["__typename"] == "CommentsChanged"]
        assert [(event["seq"], event["threadIds"]) for event in seen] == [(n, [str(thread)]) for n in (2, 3, 4, 5)]
    await room.ada.apply(room.slide_id, {"delete": {"id": str(annotation)}})
    data = await room.ben.execute(LIST, s=str(room.slide_id), resolved=True)
    assert data["commentThreads"]["nodes"] == [{"id": str(thread)}]
    assert (await room.ben.execute(LIST, s=str(room.slide_id), resolved=False))["commentThreads"]["nodes"] == []


async def test_a_replay_writes_once(room: Room) -> None:  # noqa: F811
    thread, comment = uuid4(), uuid4()
    first = await begin(room, thread, comment, mutation_id="same")
    assert await begin(room, thread, comment, mutation_id="same") == first
    assert (await CommentThread.all().count(), await Comment.all().count()) == (1, 1)
    taken = await begin(room, thread, uuid4())
    assert taken["code"] == "COMMENT_EXISTS"
    taken = await begin(room, uuid4(), comment)
    assert taken["code"] == "COMMENT_EXISTS"
    assert (await CommentThread.all().count(), await Comment.all().count()) == (1, 1)


async def test_only_the_author_edits_and_only_author_or_manager_deletes(room: Room) -> None:  # noqa: F811
    thread, adas, bens = uuid4(), uuid4(), uuid4()
    await begin(room, thread, adas)
    await say(room.ben, "replyToCommentThread", threadId=str(thread), commentId=str(bens), text="Yes")
    assert (await say(room.ben, "editComment", commentId=str(adas), text="No"))["code"] == "COMMENT_NOT_YOURS"
    assert (await say(room.ben, "deleteComment", commentId=str(adas)))["code"] == "NOT_PERMITTED"
    assert (await Comment.get(id=adas)).text == "Is this a gland?"
    edited = await say(room.ben, "editComment", commentId=str(bens), text="Surely")
    assert (edited["comments"][1]["text"], edited["comments"][1]["editedAt"] is None) == ("Surely", False)
    gone = await say(room.ada, "deleteComment", commentId=str(bens))  # Ada owns the project
    assert (gone["comments"][1]["text"], gone["comments"][1]["deletedAt"] is None) == ("", False)
    assert (await say(room.ben, "editComment", commentId=str(bens), text="x"))["code"] == "NOT_FOUND"


async def test_what_can_not_be_is_refused_and_writes_nothing(room: Room) -> None:  # noqa: F811
    stranger = room.users["Stranger"]
    for facts, code in (
        ({"text": "  "}, "COMMENT_LENGTH"),
        ({"text": "x" * 10_001}, "COMMENT_LENGTH"),
        ({"mentions": [str(stranger.id)]}, "MENTION_NOT_MEMBER"),
        ({"annotationId": str(uuid4())}, "ANNOTATION_NOT_FOUND"),
    ):
        assert (await begin(room, uuid4(), uuid4(), **facts))["code"] == code
    assert (await CommentThread.all().count(), await Comment.all().count()) == (0, 0)

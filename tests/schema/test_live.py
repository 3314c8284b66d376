"""Two people on one slide over real HTTP and sockets: rules E, U, F and P of docs/spec.md from the outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.context import TortoiseContext
from websockets.exceptions import ConnectionClosed

from api.auth import sessions
from api.auth.permissions import SlideAccess, require_slide
from api.auth.viewer import Action, Viewer
from api.models.annotation import Annotation
from api.models.project import Membership, Project, Role
from api.models.slide import Slide
from api.models.user import Session, User
from api.settings import Settings
from schema import presence
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.live_app import serving
from tests.schema.live_client import EVENTS, Client, StreamEnded, client_of, create, square

UNDO = """
mutation($input: UndoInput!) {
  %s(input: $input) {
    ... on AppliedOps { seq annotations { id deletedAt } skipped { id code message } }
    ... on Failure { code message }
  }
}"""
PRESENCE = """
mutation($input: UpdatePresenceInput!) {
  updatePresence(input: $input) { ... on PresenceAccepted { people } ... on Failure { code message } }
}"""


@dataclass
class Room:
    """A slide with two people at a running server."""

    url: str
    settings: Settings
    project: Project
    slide: Slide
    users: dict[str, User]
    ada: Client
    ben: Client

    @property
    def slide_id(self) -> UUID:
        return self.slide.id


async def _room(settings: Settings) -> AsyncIterator[Room]:
    users = {name: await make_user(name) for name in ("Ada", "Ben", "Vera", "Stranger")}
    members = {Role.ANNOTATOR: users["Ben"], Role.VIEWER: users["Vera"]}
    project = await make_project(users["Ada"], members=members)
    slide = await make_slide_row(project)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(settings))
        ada = await stack.enter_async_context(client_of(url, users["Ada"], settings))
        ben = await stack.enter_async_context(client_of(url, users["Ben"], settings))
        yield Room(url, settings, project, slide, users, ada, ben)


@pytest.fixture
async def room(database: TortoiseContext, tmp_path: Path) -> AsyncIterator[Room]:
    """On SQLite and on MariaDB."""
    async for room in _room(Settings(data=tmp_path)):
        yield room


@pytest.fixture
async def sqlite_room(sqlite_database: TortoiseContext, tmp_path: Path) -> AsyncIterator[Room]:
    async for room in _room(Settings(data=tmp_path)):
        yield room


async def test_what_one_draws_the_other_sees_and_the_author_too(room: Room) -> None:
    id_ = uuid4()
    async with room.ada.follow(room.slide_id, 0) as adas, room.ben.follow(room.slide_id, 0) as bens:
        result = await room.ada.apply(room.slide_id, create(id_, note="look"), mutation_id="m1")
        assert (result["__typename"], result["seq"]) == ("AppliedOps", 1)
        [drawn] = result["annotations"]
        assert (drawn["version"], drawn["areaMm2"], drawn["lengthUm"]) == (1, 25e-6, 20.0)
        for stream in (adas, bens):
            event = await stream.next_changed()
            assert (event["seq"], event["clientId"], event["mutationId"]) == (1, room.ada.id, "m1")
            assert event["actor"] == {"name": "Ada"}
            [seen] = event["annotations"]
            assert (seen["id"], seen["note"], seen["createdBy"]) == (str(id_), "look", {"name": "Ada"})
            assert seen["geometry"] == square(0, 0, 10)
            assert [(layer["kind"], layer["name"]) for layer in event["layers"]] == [("USER", "Ada")]
        await room.ben.apply(room.slide_id, {"delete": {"id": str(id_)}})
        for stream in (adas, bens):
            [gone] = (await stream.next_changed())["annotations"]
            assert gone["deletedAt"] is not None


async def test_a_replay_over_the_network_writes_once(room: Room) -> None:
    op = create()
    first = await room.ada.apply(room.slide_id, op, mutation_id="again")
    await room.ben.apply(room.slide_id, create(x=50))
    assert await room.ada.apply(room.slide_id, op, mutation_id="again") == first
    assert await Annotation.all().count() == 2
    stolen = await room.ben.execute(
        "mutation($i: ApplyAnnotationOpsInput!) { applyAnnotationOps(input: $i) { ... on Failure { code field } } }",
        i={"slideId": str(room.slide_id), "clientId": room.ada.id, "mutationId": "x", "ops": [create()]},
    )
    assert stolen["applyAnnotationOps"] == {"code": "CLIENT_ID_TAKEN", "field": "clientId"}
    assert await Annotation.all().count() == 2


async def test_e17_a_conflict_comes_with_both_shapes(room: Room) -> None:
    id_ = uuid4()
    await room.ada.apply(room.slide_id, create(id_))

    def move(x: float) -> dict[str, object]:
        return {"update": {"id": str(id_), "expectedVersion": 1, "geometry": square(x, 0, 10)}}

    assert (await room.ada.apply(room.slide_id, move(100)))["seq"] == 2
    late = await room.ben.apply(room.slide_id, move(200))
    assert late["__typename"] == "AnnotationConflict"
    assert late["conflicts"] == [
        {
            "id": str(id_),
            "expectedVersion": 1,
            "sentGeometry": square(200, 0, 10),
            "current": {"version": 2, "geometry": square(100, 0, 10)},
        }
    ]
    assert (await Annotation.get(id=id_)).min_x == 100.0


async def test_undo_and_redo_are_seen_by_all(room: Room) -> None:
    await room.ada.apply(room.slide_id, create())
    async with room.ben.follow(room.slide_id, 1) as stream:
        for verb, seq, deleted in (("undo", 2, True), ("redo", 3, False)):
            given = {"slideId": str(room.slide_id), "clientId": room.ada.id, "mutationId": verb}
            done = (await room.ada.execute(UNDO % verb, input=given))[verb]
            assert (done["seq"], done["skipped"]) == (seq, [])
            event = await stream.next_changed()
            assert (event["seq"], (event["annotations"][0]["deletedAt"] is not None)) == (seq, deleted)
    given = {"slideId": str(room.slide_id), "clientId": room.ben.id, "mutationId": "none"}
    assert (await room.ben.execute(UNDO % "undo", input=given))["undo"] == {
        "code": "NOTHING_TO_UNDO",
        "message": "You have nothing to undo on this slide.",
    }


async def test_joining_late_gives_everything_since_and_then_live(room: Room) -> None:
    for x in range(5):
        await room.ada.apply(room.slide_id, create(x=x * 20))
    page = await room.ben.execute(
        "query($s: ID!) { annotations(slideId: $s, first: 2) { seq nodes { id } pageInfo { hasNextPage endCursor } } }",
        s=str(room.slide_id),
    )
    assert (page["annotations"]["seq"], page["annotations"]["pageInfo"]["hasNextPage"]) == (5, True)
    async with room.ben.follow(room.slide_id, 2) as stream:
        assert await stream.seqs(3) == [3, 4, 5]
        await room.ada.apply(room.slide_id, create(x=500))
        assert await stream.seqs(1) == [6]
    async with room.ben.follow(room.slide_id, 99) as stream:
        assert await stream.next() == {"__typename": "ResyncRequired", "seq": 6, "reason": "PRUNED"}
        with pytest.raises(StreamEnded) as ended:
            await stream.next()
        assert ended.value.errors is None


async def test_strangers_see_nothing_and_viewers_change_nothing(sqlite_room: Room) -> None:
    room = sqlite_room
    async with (
        client_of(room.url, room.users["Stranger"], room.settings) as stranger,
        client_of(room.url, room.users["Vera"], room.settings) as vera,
        client_of(room.url, None, room.settings) as nobody,
    ):
        for client, words in ((stranger, "There is no slide"), (nobody, "You are not signed in")):
            refused = await client.apply(room.slide_id, create())
            assert (refused["__typename"], refused["message"][: len(words)]) == ("Failure", words)
            answer = await client.raw("query($s: ID!) { annotations(slideId: $s) { seq } }", s=str(room.slide_id))
            assert answer["errors"][0]["message"].startswith(words)
            async with client.follow(room.slide_id, 0) as stream:
                with pytest.raises(StreamEnded) as ended:
                    await stream.next()
                assert ended.value.errors is not None
                assert ended.value.errors[0]["message"].startswith(words)
        refused = await vera.apply(room.slide_id, create())
        assert (refused["code"], await Annotation.all().count()) == ("NOT_PERMITTED", 0)
        async with vera.follow(room.slide_id, 0) as stream:
            await room.ada.apply(room.slide_id, create())
            assert await stream.seqs(1) == [1]


async def _ends_within_2_s(room: Room, action: object) -> list[dict[str, object]] | None:
    """The errors a follower's stream ends with after `action`, which must be within 2 s; others go on."""
    async with room.ben.follow(room.slide_id, 0) as bens, room.ada.follow(room.slide_id, 0) as adas:
        await room.ada.apply(room.slide_id, create())
        assert await bens.seqs(1) == await adas.seqs(1) == [1]
        await action()  # type: ignore[operator]
        async with asyncio.timeout(2):
            with pytest.raises(StreamEnded) as ended:
                while True:
                    await bens.next()
        await room.ada.apply(room.slide_id, create())
        assert await adas.seqs(1) == [2]
        return ended.value.errors


async def test_a_removed_member_loses_the_stream_within_two_seconds(room: Room) -> None:
    async def remove() -> None:
        await Membership.filter(user_id=room.users["Ben"].id).delete()

    errors = await _ends_within_2_s(room, remove)
    assert errors is not None
    assert str(errors[0]["message"]).startswith(f"There is no slide {room.slide_id}")


async def test_an_expired_session_loses_the_stream_within_two_seconds(room: Room) -> None:
    async def expire() -> None:
        await Session.filter(user_id=room.users["Ben"].id).update(expires_at=datetime.now(UTC))

    errors = await _ends_within_2_s(room, expire)
    assert errors is not None
    assert str(errors[0]["message"]) == "Your session has ended. Sign in and open the slide again."


async def test_signing_out_closes_the_socket(sqlite_room: Room) -> None:
    room = sqlite_room
    async with room.ben.socket() as socket:
        stream = await socket.subscribe(EVENTS, slide=str(room.slide_id), since=0)
        await room.ada.apply(room.slide_id, create())
        assert await stream.seqs(1) == [1]
        await sessions.revoke_all(room.users["Ben"].id)
        async with asyncio.timeout(2):
            await socket.connection.wait_closed()
        assert socket.connection.close_code == 4403
        assert all(isinstance(frame, str) for frame in socket.frames)


@pytest.mark.parametrize(("believed_s", "asked"), [(60.0, 1), (-1.0, 20)])
async def test_p7_a_sockets_right_to_be_here_is_believed_for_a_moment(
    sqlite_room: Room, monkeypatch: pytest.MonkeyPatch, believed_s: float, asked: int
) -> None:
    room, names = sqlite_room, list[str]()

    async def counted(viewer: Viewer, slide_id: UUID, action: Action) -> SlideAccess:
        names.append(viewer.name)
        return await require_slide(viewer, slide_id, action)

    monkeypatch.setattr(presence, "require_slide", counted)
    monkeypatch.setattr(presence, "RIGHT_S", believed_s)
    given = {"slideId": str(room.slide_id), "clientId": room.ben.id, "cursor": [1, 2]}
    async with room.ben.socket() as socket:

        async def show() -> dict[str, Any]:
            answer = await (await socket.subscribe(PRESENCE, input=given)).message()
            taken: dict[str, Any] = answer["payload"]["data"]["updatePresence"]
            return taken

        for _ in range(20):
            assert await show() == {"people": 1}
        assert names == ["Ben"] * asked
        await Membership.filter(user=room.users["Ben"]).delete()
        outcome = await show()
        assert outcome == {"people": 1} if believed_s > 0 else outcome["code"] == "NOT_FOUND"
    # Another socket, and each request by itself, asks anew.
    assert (await room.ben.execute(PRESENCE, input=given))["updatePresence"]["code"] == "NOT_FOUND"


async def test_presence_shows_comes_and_goes(sqlite_room: Room) -> None:
    room = sqlite_room

    def shows(client: Client, **facts: object) -> dict[str, object]:
        return {"slideId": str(room.slide_id), "clientId": client.id, **facts}

    async with room.ada.follow(room.slide_id, 0) as adas:
        async with room.ben.socket() as socket:
            bens = await socket.subscribe(EVENTS, slide=str(room.slide_id), since=0)
            given = shows(room.ben, cursor=[5.0, 6.0], tool="brush")
            await socket.subscribe(PRESENCE.replace("$input", "$i", 1).replace("$input", "$i"), i=given)
            for stream in (adas, bens):
                event = await stream.next()
                person = {"clientId": room.ben.id, "user": {"name": "Ben"}, "cursor": [5.0, 6.0], "tool": "brush"}
                assert event == {"__typename": "PresenceChanged", "people": [person], "left": []}
            taken = (await room.ada.execute(PRESENCE, input=shows(room.ada, cursor=[1.0, 1.0])))["updatePresence"]
            assert taken == {"people": 2}
            assert (await bens.next())["people"][0]["user"] == {"name": "Ada"}
            stolen = await room.ada.execute(PRESENCE, input=shows(room.ben))
            assert stolen["updatePresence"]["code"] == "CLIENT_ID_TAKEN"
            assert (await adas.next())["people"][0]["clientId"] == room.ada.id
        # Ben's socket is closed: he has left without saying so.
        assert (await adas.next())["left"] == [room.ben.id]
    assert await Annotation.all().count() == 0


async def test_a_garbled_frame_closes_with_the_protocols_code(sqlite_room: Room) -> None:
    async with sqlite_room.ben.socket() as socket:
        await socket.connection.send("{")
        async with asyncio.timeout(5):
            await socket.connection.wait_closed()
        assert socket.connection.close_code == 4400
        with pytest.raises(ConnectionClosed):
            await socket.connection.send("x")


async def test_followers_hear_of_the_slides_own_changes_and_of_its_end(room: Room) -> None:
    slide = str(room.slide_id)
    async with room.ben.follow(room.slide_id, 0) as stream:
        renamed = "mutation($i: UpdateSlideInput!) { updateSlide(input: $i) { ... on Slide { name seq } } }"
        data = await room.ada.execute(renamed, i={"id": slide, "name": "Biopsy 7"})
        assert data["updateSlide"] == {"name": "Biopsy 7", "seq": 1}
        event = await stream.next()
        assert event == {"__typename": "SlideChanged", "seq": 1, "deleted": False, "slide": {"name": "Biopsy 7"}}
        refused = "mutation($i: UpdateSlideInput!) { updateSlide(input: $i) { ... on Failure { field } } }"
        assert (await room.ada.execute(refused, i={"id": slide, "name": " "}))["updateSlide"] == {"field": "name"}
        await room.ada.execute(
            "mutation($i: DeleteSlideInput!) { deleteSlide(input: $i) { ... on Slide { deletedAt } } }", i={"id": slide}
        )
        event = await stream.next()
        assert (event["seq"], event["deleted"]) == (2, True)
        async with asyncio.timeout(2):
            with pytest.raises(StreamEnded):
                await stream.next()


async def test_r9_what_is_accepted_is_asked_for_and_measured_alone(sqlite_room: Room) -> None:
    room = sqlite_room
    mine = await room.ada.apply(room.slide_id, create(), create(x=100))
    theirs = await room.ben.apply(room.slide_id, create(x=5))
    [first, second], [other] = ([one["id"] for one in each["annotations"]] for each in (mine, theirs))
    review = """mutation($i: ApplyAnnotationOpsInput!) { applyAnnotationOps(input: $i) {
      ... on AppliedOps { annotations { id reviewState reviewReason locked reviewedBy { name } } }
      ... on AnnotationConflict { conflicts { id } }
      ... on Failure { code } } }"""

    async def step(number: int, ids: list[str], state: str, **more: Any) -> Any:
        ops = [{"review": {"id": id_, "state": state, "expectedVersion": 1} | more} for id_ in ids]
        given = {"slideId": str(room.slide_id), "clientId": "ada-reviews", "mutationId": str(number), "ops": ops}
        return (await room.ada.execute(review, i=given))["applyAnnotationOps"]

    accepted = (await step(1, [first, other], "ACCEPTED"))["annotations"]
    assert accepted == [
        {"id": id_, "reviewState": "ACCEPTED", "reviewReason": None, "locked": True, "reviewedBy": {"name": "Ada"}}
        for id_ in (first, other)
    ]
    assert await step(2, [second], "REJECTED") == {"code": "REASON_MISSING"}
    [rejected] = (await step(3, [second], "REJECTED", reason="Too wide"))["annotations"]
    assert (rejected["reviewReason"], rejected["locked"]) == ("Too wide", False)
    assert await step(4, [first, second], "PROPOSED") == {"conflicts": [{"id": first}, {"id": second}]}  # seen before
    data = await room.ada.execute(
        """query($s: ID!, $a: ID!, $b: ID!) {
          annotations(slideId: $s, reviewStates: [ACCEPTED]) { nodes { id } }
          measures(slideId: $s, reviewStates: [ACCEPTED]) { annotationCount }
          rejected: measures(slideId: $s, reviewStates: [REJECTED]) { annotationCount }
          accepted: agreement(slideId: $s, layerA: $a, layerB: $b, reviewStates: [ACCEPTED]) { iou }
          drafts: agreement(slideId: $s, layerA: $a, layerB: $b, reviewStates: [DRAFT]) { iou }
        }""",
        s=str(room.slide_id),
        a=mine["annotations"][0]["layerId"],
        b=theirs["annotations"][0]["layerId"],
    )
    assert {node["id"] for node in data["annotations"]["nodes"]} == {first, other}
    assert (data["measures"]["annotationCount"], data["rejected"]["annotationCount"]) == (2, 1)
    assert data["accepted"]["iou"] == pytest.approx(1 / 3)
    assert data["drafts"]["iou"] == 1.0  # two empty sets agree


async def test_measures_and_agreement(sqlite_room: Room) -> None:
    room = sqlite_room
    term = await room.ada.execute(
        "mutation($i: CreateTermInput!) { createTerm(input: $i) { ... on Term { id } } }",
        i={"projectId": str(room.project.id), "name": "Gland", "color": "#112233"},
    )
    term_id = term["createTerm"]["id"]
    mine = await room.ada.apply(room.slide_id, create(termId=term_id), create(x=100))
    theirs = await room.ben.apply(room.slide_id, create(x=5, termId=term_id))
    layers = [result["annotations"][0]["layerId"] for result in (mine, theirs)]
    data = await room.ada.execute(
        """query($s: ID!, $a: ID!, $b: ID!, $t: ID!) {
          measures(slideId: $s) { annotationCount tissueMm2 terms { term { name } count areaPx areaMm2 lengthPx } }
          agreement(slideId: $s, layerA: $a, layerB: $b, termId: $t) { dice iou kappa }
          whole: agreement(slideId: $s, layerA: $a, layerB: $a) { dice iou kappa }
          layers(slideId: $s) { annotationCount owner { name } }
        }""",
        s=str(room.slide_id),
        a=layers[0],
        b=layers[1],
        t=term_id,
    )
    assert data["measures"] == {
        "annotationCount": 3,
        "tissueMm2": None,
        "terms": [
            {"term": {"name": "Gland"}, "count": 2, "areaPx": 200.0, "areaMm2": 5e-05, "lengthPx": 80.0},
            {"term": None, "count": 1, "areaPx": 100.0, "areaMm2": 2.5e-05, "lengthPx": 40.0},
        ],
    }
    assert data["agreement"]["dice"] == 0.5
    assert data["agreement"]["iou"] == pytest.approx(1 / 3)
    assert data["agreement"]["kappa"] == pytest.approx(0.5, abs=1e-4)
    assert data["whole"] == {"dice": 1.0, "iou": 1.0, "kappa": 1.0}
    assert data["layers"] == [
        {"annotationCount": 2, "owner": {"name": "Ada"}},
        {"annotationCount": 1, "owner": {"name": "Ben"}},
    ]

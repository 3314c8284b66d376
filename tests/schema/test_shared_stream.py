"""Many followers of one slide: one execution for all, each with its own rights and end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext

from api.models.project import Membership, Role
from api.models.user import User
from api.settings import Settings
from schema import stream_frames
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.live_app import serving
from tests.schema.live_client import EVENTS, StreamEnded, client_of, create
from tests.schema.test_live import Room

RENAME = "mutation($i: UpdateMeInput!) { updateMe(input: $i) { ... on Me { user { name } } } }"


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was executed, in order."""
    items: list[object] = []
    run = stream_frames.Frames._execute

    async def counted(self: stream_frames.Frames, item: stream_frames.Item) -> stream_frames.ExecutionResult:
        items.append(getattr(item, "seq", item))
        return await run(self, item)

    monkeypatch.setattr(stream_frames.Frames, "_execute", counted)
    return items


async def test_an_event_is_executed_once_for_all_whatever_they_are_and_wherever_they_began(
    room: Room, executed: list[object]
) -> None:
    slide = str(room.slide_id)
    await room.ada.apply(room.slide_id, create())
    async with room.ada.socket() as adas, room.ben.socket() as bens:
        streams = [await socket.subscribe(EVENTS, slide=slide, since=0) for socket in (adas, bens) for _ in range(5)]
        for stream in streams:
            assert await stream.seqs(1) == [1]
        late = await bens.subscribe(EVENTS, slide=slide, since=1)
        await room.ada.apply(room.slide_id, create(x=50))
        for stream in (*streams, late):
            assert await stream.seqs(1) == [2]
        assert executed == [1, 2]
        payloads = {json.dumps(json.loads(frame)["payload"]) for frame in (*adas.frames, *bens.frames)}
        assert len(payloads) == 2
        ids = [json.loads(frame)["id"] for frame in (*adas.frames, *bens.frames)]
        assert len(ids) == 21
        assert len(set(ids)) == 11


async def test_what_depends_on_who_looks_is_not_shared(room: Room) -> None:
    asking = EVENTS.replace("actor { name }", "actor { name email }")
    email = room.users["Ben"].email
    async with room.ada.socket() as adas, room.ben.socket() as bens:
        seen = [await socket.subscribe(asking, slide=str(room.slide_id), since=0) for socket in (adas, bens)]
        await room.ada.apply(room.slide_id, create())
        owner, annotator = [(await stream.next_changed())["actor"]["email"] for stream in seen]
        assert (owner, annotator) == (room.users["Ada"].email, None)
        await room.ben.apply(room.slide_id, create(x=50))
        assert [(await stream.next_changed())["actor"]["email"] for stream in seen] == [email, email]


async def test_one_members_completion_leaves_the_others(room: Room) -> None:
    async with room.ada.socket() as socket:
        first, second = [await socket.subscribe(EVENTS, slide=str(room.slide_id), since=0) for _ in range(2)]
        await room.ada.apply(room.slide_id, create())
        assert await first.seqs(1) == await second.seqs(1) == [1]
        [first_id] = [id_ for id_, stream in socket._streams.items() if stream is first]
        await socket.connection.send(json.dumps({"id": first_id, "type": "complete"}))
        again = await socket.subscribe(EVENTS, slide=str(room.slide_id), since=1)
        await room.ada.apply(room.slide_id, create(x=50))
        assert await second.seqs(1) == await again.seqs(1) == [2]
        heard = [json.loads(frame)["payload"] for frame in socket.frames if json.loads(frame)["id"] == first_id]
        assert len(heard) == 1


async def test_a_revoked_member_ends_alone_and_a_new_role_keeps_its_stream(room: Room) -> None:
    vera = await make_user("Vera")
    await Membership.create(project=room.project, user=vera, role=Role.VIEWER)
    async with (
        client_of(room.url, vera, room.settings) as veras,
        room.ben.follow(room.slide_id, 0) as bens,
        veras.follow(room.slide_id, 0) as stream,
    ):
        await room.ada.apply(room.slide_id, create())
        assert await bens.seqs(1) == await stream.seqs(1) == [1]
        await Membership.filter(user_id=room.users["Ben"].id).update(role=Role.VIEWER)
        await Membership.filter(user_id=vera.id).delete()
        with pytest.raises(StreamEnded) as ended:
            await stream.next_changed()
        assert ended.value.errors is not None
        assert ended.value.errors[0]["extensions"]["code"] == "NOT_FOUND"
        assert ended.value.errors[0]["path"] == ["slideEvents"]
        await room.ada.apply(room.slide_id, create(x=50))
        assert await bens.seqs(1) == [2]


async def test_names_are_fresh_within_seconds(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_frames, "CONTEXT_S", 0.0)
    async with room.ben.follow(room.slide_id, 0) as stream:
        await room.ada.apply(room.slide_id, create())
        assert (await stream.next_changed())["actor"] == {"name": "Ada"}
        await User.filter(id=room.users["Ada"].id).update(name="Ada L.")
        await room.ada.apply(room.slide_id, create(x=50))
        assert (await stream.next_changed())["actor"] == {"name": "Ada L."}


async def test_an_event_that_can_not_be_shown_closes_the_socket_to_come_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> object:
        raise RuntimeError("a secret of the server")

    async with room.ben.socket() as socket:
        await socket.subscribe(EVENTS, slide=str(room.slide_id), since=0)
        monkeypatch.setattr("schema.socket.event_of", broken)
        await room.ada.apply(room.slide_id, create(uuid4()))
        async with asyncio.timeout(10):
            await socket.connection.wait_closed()
        assert socket.connection.close_code == 1013
        assert "secret" not in (socket.connection.close_reason or "") + "".join(map(str, socket.frames))


async def test_a_server_without_the_extension_sends_the_same(sqlite_database: TortoiseContext, tmp_path: Path) -> None:
    settings, ada = Settings(data=tmp_path), await make_user("Ada")
    slide = await make_slide_row(await make_project(ada))
    payloads: list[list[object]] = []
    for ws in ("auto", "api.texts:TextsProtocol"):
        async with serving(settings, ws) as url, client_of(url, ada, settings) as client, client.socket() as socket:
            if not payloads:
                for x in range(5):
                    await client.apply(slide.id, create(x=x))
            stream = await socket.subscribe(EVENTS, slide=str(slide.id), since=0)
            assert await stream.seqs(5) == [1, 2, 3, 4, 5]
            payloads.append([json.loads(frame)["payload"] for frame in socket.frames])
    assert payloads[0] == payloads[1]

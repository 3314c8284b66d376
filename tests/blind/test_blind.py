"""An annotator of a blind project never learns of another's annotation, whatever they ask: rules B1-B10.

Every field of the schema and every route that can carry an annotation is asked; one that is missing here fails.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)
from PIL import Image
from tortoise.context import TortoiseContext

from api.main import app
from api.models.annotation import Annotation
from api.models.comment import Comment
from api.models.project import Role
from api.projects import members
from api.settings import Settings
from schema.app import schema
from tests.blind.asked import CHANGING, READING, Asked
from tests.blind.house import PLACE, House, a_house, drawn
from tests.schema.asking import viewer_for
from tests.schema.live_client import Client, StreamEnded
from tests.walk.routes import CALLS, ELSEWHERE, OPEN

HIDDEN_FROM = ("Ben", "Vera")
SEEN_BY = ("Rita", "Ada", "Cleo")

CARRIERS = {
    "Annotation",
    "AnnotationConnection",
    "PastAnnotations",
    "Layer",
    "History",
    "HistoryStep",
    "ChangeCount",
    "CommentThread",
    "CommentThreadConnection",
    "Comment",
    "AppliedOps",
    "AnnotationConflict",
    "ConflictingAnnotation",
    "SkippedOp",
    "Measures",
    "TermMeasure",
    "Agreement",
    "AnnotationsChanged",
    "CommentsChanged",
    "PresenceChanged",
    "PresentPerson",
    "PredictedOrigin",
}
"""Types that say something of annotations. A new type that does belongs here."""
SAY_NOTHING = frozenset(
    """
    AssociatedImage AuditEntry AuditEntryConnection AuthProvider ApiToken CreatedApiToken Deleted Failure Heatmap
    HeatmapTile Level Me Membership ModelClass Mutation OutlineOverview PageInfo Prediction PredictionConnection
    PredictionModel PredictionProgressed PresenceAccepted Project ProjectConnection Query RefusedModel ResyncRequired
    Server SessionInfo SetAside Slide SlideChanged SlideConnection SlideJob SlideLook SquareCount Subscription Term
    TermTree TileSource Upload User
    """.split()  # noqa: SIM905 - a list that is read
)
"""Types whose own fields say nothing of annotations, but for numbers of them."""
OTHER_COUNTS = {("Project", "slideCount"), ("ProjectConnection", "totalCount"), ("SlideConnection", "totalCount")}
"""Numbers of other things; every other field named a count is one of annotations."""

EVENTS = """subscription($s: ID!, $since: Int) { slideEvents(slideId: $s, sinceSeq: $since) {
  __typename
  ... on AnnotationsChanged { seq clientId mutationId actor { id name }
    annotations { id layerId note geometry attributes } layers { id name kind owner { id } } }
  ... on CommentsChanged { commentsSeq: seq threadIds }
  ... on PresenceChanged { people { clientId user { name } cursor viewport selection tool stroke presenting } left }
  ... on SlideChanged { slideSeq: seq deleted }
  ... on ResyncRequired { resyncSeq: seq reason } } }"""
PRESENCE = """mutation($i: UpdatePresenceInput!) { updatePresence(input: $i) {
  __typename ... on Failure { code } } }"""


@pytest.fixture
async def house(sqlite_database: TortoiseContext, tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(Settings(data=tmp_path)) as made:
        yield made


async def found(house: House, name: str, asked: Asked) -> tuple[list[str], str]:
    """The marks that somebody's answer holds, beside those that they sent themselves; and the answer."""
    variables = asked.variables(house)
    response = await house.clients[name].http.post("/graphql", json={"query": asked.document, "variables": variables})
    sent = json.dumps(variables)
    answer = response.json()
    assert response.status_code == 200, answer
    unexpected = [error for error in answer.get("errors", ()) if "code" not in error.get("extensions", {})]
    assert not unexpected, (name, unexpected)
    return [mark for mark in house.found_in(response.content) if mark not in sent], response.text


async def test_every_question_of_the_schema(house: House) -> None:
    for title, asked in READING.items():
        for name in HIDDEN_FROM:
            marks, answer = await found(house, name, asked)
            assert marks == [], f"{title} told {name}: {answer}"
        for name in SEEN_BY if asked.carries else ():
            marks, answer = await found(house, name, asked)
            assert marks, f"{title} asks nothing that could be hidden: {answer}"


@pytest.mark.parametrize("title", sorted(CHANGING))
async def test_every_change(house: House, title: str) -> None:
    asked = CHANGING[title]
    before = await rows()
    for name in HIDDEN_FROM:
        marks, answer = await found(house, name, asked)
        assert marks == [], f"{title} told {name}: {answer}"
        refused = ("NOT_FOUND", "NOT_PERMITTED")
        assert any(code in answer for code in refused), f"{title} was not refused: {answer}"
        assert name == "Vera" or "NOT_FOUND" in answer, answer
        assert await rows() == before
    _, answer = await found(house, "Rita", asked)
    assert "NOT_FOUND" not in answer, answer


async def rows() -> list[Any]:
    annotations = await Annotation.all().order_by("id").values_list("id", "version", "note", "deleted_at")
    return [*annotations, *await Comment.all().order_by("id").values_list("id", "text")]


async def test_comments_of_a_hidden_thread_are_not_there(house: House) -> None:
    ben = house.clients["Ben"]
    for name, facts in (("editComment", {"text": "?"}), ("deleteComment", {})):
        kind = f"{name[0].upper()}{name[1:]}Input"
        given = {"clientId": "asker", "mutationId": str(uuid4()), "commentId": str(house.comment), **facts}
        query = f"mutation($i: {kind}!) {{ {name}(input: $i) {{ ... on Failure {{ code }} }} }}"
        assert (await ben.execute(query, i=given))[name] == {"code": "NOT_FOUND"}


def test_every_field_that_can_carry_an_annotation_is_asked() -> None:
    types = {name: kind for name, kind in schema._schema.type_map.items() if isinstance(kind, GraphQLObjectType)}
    assert {name for name in types if not name.startswith("__")} == CARRIERS | SAY_NOTHING
    wanted = {
        (name, field)
        for name, kind in types.items()
        for field, made in kind.fields.items()
        if _carries(made) or (field.endswith("Count") and (name, field) not in OTHER_COUNTS)
    }
    asked = {pair for one in (*READING.values(), *CHANGING.values()) for pair in _fields(one.document)}
    asked |= _fields(EVENTS) | OF_OTHER_TESTS
    assert wanted - asked == set(), "asked by nobody: put it into tests/blind/asked.py"


def _carries(field: GraphQLField) -> bool:
    return getattr(get_named_type(field.type), "name", "") in CARRIERS


def _fields(document: str) -> set[tuple[str, str]]:
    """The (type, field) pairs that a document asks."""
    pairs: set[tuple[str, str]] = set()
    types = TypeInfo(schema._schema)

    class Reader(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = types.get_parent_type()
            if parent is not None:
                pairs.add((parent.name, node.name.value))

    visit(parse(document), TypeInfoVisitor(types, Reader()))
    return pairs


OF_OTHER_TESTS = {("Query", "agreement")}
"""Asked by test_layers_that_are_hidden_agree_with_nothing."""


async def test_layers_that_are_hidden_agree_with_nothing(house: House) -> None:
    query = "query($s: ID!, $a: ID!, $b: ID!) { agreement(slideId: $s, layerA: $a, layerB: $b) { dice } }"
    ids = {"s": str(house.slide.id), "a": str(house.bens_layer), "b": str(house.hidden_layer)}
    for given in (ids, {**ids, "a": ids["b"], "b": ids["a"]}):
        [error] = (await house.clients["Ben"].raw(query, **given))["errors"]
        assert error["extensions"]["code"] == "LAYER_NOT_FOUND"
        assert (await house.clients["Rita"].execute(query, **given))["agreement"] == {"dice": 0.0}
    shared = {**ids, "b": str(house.imported_layer)}
    assert (await house.clients["Ben"].execute(query, **shared))["agreement"]["dice"] > 0


async def test_numbers_count_what_is_seen(house: House) -> None:
    numbers = """query($s: ID!, $p: ID!) {
      slide(id: $s) { annotationCount reviewedCount } project(id: $p) { annotationCount }
      measures(slideId: $s) { annotationCount terms { count areaPx } } }"""
    ids = {"s": str(house.slide.id), "p": str(house.project.id)}
    # Ben's own and the one of the file; those who see all have Cleo's, too; Vera the file's alone.
    for name, count, area in (("Ben", 2, 64 * 64 + 25), ("Rita", 3, 2 * 64 * 64 + 25), ("Vera", 1, 25)):
        data = await house.clients[name].execute(numbers, **ids)
        assert data == {
            "slide": {"annotationCount": count, "reviewedCount": 0},
            "project": {"annotationCount": count},
            "measures": {"annotationCount": count, "terms": [{"count": count, "areaPx": pytest.approx(area)}]},
        }


async def test_a_hidden_judgement_is_not_counted(house: House) -> None:
    judge = {"review": {"id": str(house.hidden), "state": "ACCEPTED"}}
    assert (await house.clients["Rita"].apply(house.slide.id, judge))["__typename"] == "AppliedOps"
    query = "query($s: ID!) { slide(id: $s) { reviewedCount } }"
    counts = [
        (await house.clients[name].execute(query, s=str(house.slide.id)))["slide"]["reviewedCount"]
        for name in ("Ben", "Cleo", "Rita", "Vera")
    ]
    assert counts == [0, 1, 1, 0]


async def test_history_has_ones_own_steps_and_those_of_what_one_sees(house: House) -> None:
    query = "query($s: ID!) { slideHistory(slideId: $s, first: 3) { hasMore steps { seq actor { name } } } }"
    data = await house.clients["Ben"].execute(query, s=str(house.slide.id))
    # 1: Ben drew; 2-5: Cleo, hidden; 6: Cleo's import, for all; 7: the model's layer; 8 and 9: threads.
    assert data["slideHistory"] == {
        "hasMore": False,
        "steps": [
            {"seq": 7, "actor": None},
            {"seq": 6, "actor": {"name": "Cleo"}},
            {"seq": 1, "actor": {"name": "Ben"}},
        ],
    }
    full = (await house.clients["Rita"].execute(query, s=str(house.slide.id)))["slideHistory"]
    assert ([step["seq"] for step in full["steps"]], full["hasMore"]) == ([7, 6, 5], True)


ROUTES = {"/slides/{slide_id:uuid}/annotations.bin", "/slides/{slide_id:uuid}/export/{format:str}"}
"""Routes that send annotations. A route that begins to do so belongs here."""
SEND_NONE = set(CALLS) - ROUTES | OPEN | ELSEWHERE
"""Pixels, files, heatmaps of models, sign-in; an import answers with what it was given."""


def test_every_route_is_named() -> None:
    assert {route.path for route in app.routes if hasattr(route, "path")} == ROUTES | SEND_NONE


@pytest.mark.parametrize(
    "path",
    ["annotations.bin", *(f"export/{kind}" for kind in ("geojson", "asap", "imagescope", "coco", "csv"))],
)
async def test_every_route_that_sends_annotations(house: House, path: str) -> None:
    for query in ("", "?layer={layer}"):
        address = f"/slides/{house.slide.id}/{path}{query.format(layer=house.hidden_layer)}"
        for name in HIDDEN_FROM:
            response = await house.clients[name].http.get(address)
            assert response.status_code == (404 if query else 200), response.text
            assert [mark for mark in house.found_in(response.content) if mark not in address] == []
        for name in SEEN_BY:
            response = await house.clients[name].http.get(address)
            assert [mark for mark in house.found_in(response.content) if mark not in address], (path, name)


async def test_a_mask_is_painted_with_what_is_seen(house: House) -> None:
    inside = round(PLACE / 2) + 32, round(PLACE) + 32  # row, column of the middle of Cleo's square
    for name, painted in (("Ben", False), ("Vera", False), ("Rita", True)):
        address = f"/slides/{house.slide.id}/export/mask?type=png&downsample=1"
        response = await house.clients[name].http.get(address)
        path = house.settings.data / f"{name}.png"
        path.write_bytes(response.content)
        with Image.open(path) as image:
            mask = np.asarray(image)
        assert bool(mask[inside].any()) is painted, name


async def heard(stream: Any, count: int) -> list[dict[str, Any]]:
    """The next events of the log."""
    events: list[dict[str, Any]] = []
    while len(events) < count:
        event = await stream.next()
        if event["__typename"] != "PresenceChanged":
            events.append(event)
    return events


def seq_of(event: dict[str, Any]) -> int:
    return int(event.get("seq") or event.get("commentsSeq") or event.get("slideSeq") or 0)


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "by itself"])
async def test_events_keep_their_number_and_nothing_else(house: House, shared: bool) -> None:
    """From the log, and live; also for a document that is not executed together with others."""
    document = EVENTS if shared else EVENTS.replace("slideEvents(", "... on Subscription { slideEvents(") + " }"
    slide = str(house.slide.id)
    cleo, another = house.clients["Cleo"], uuid4()
    house.hidden, first = another, house.hidden
    async with house.clients["Ben"].socket() as bens, house.clients["Rita"].socket() as ritas:
        ben = await bens.subscribe(document, s=slide, since=9)
        rita = await ritas.subscribe(document, s=slide, since=9)
        late = await bens.subscribe(document, s=slide, since=0)
        for stream in (ben, rita):
            assert [event["__typename"] for event in await heard(stream, 2)] == ["SlideChanged", "ResyncRequired"]
        ben = await bens.subscribe(document, s=slide, since=10)
        rita = await ritas.subscribe(document, s=slide, since=10)
        await cleo.apply(house.slide.id, drawn(another, PLACE, note="cleos-note"), mutation_id="cleos-mutation-9")
        await house.clients["Ben"].apply(house.slide.id, drawn(uuid4(), 30))
        hidden, own = await heard(ben, 2)
        assert hidden == {
            "__typename": "AnnotationsChanged",
            "seq": 11,
            "clientId": "",
            "mutationId": "",
            "actor": None,
            "annotations": [],
            "layers": [],
        }
        assert (own["seq"], own["actor"]["name"], len(own["annotations"])) == (12, "Ben", 1)
        seen, _ = await heard(rita, 2)
        assert [row["id"] for row in seen["annotations"]] == [str(another)]
        old = await heard(late, 9)
        assert [seq_of(event) for event in old] == list(range(1, 10))
        assert house.found_in(b"".join(_bytes(frame) for frame in bens.frames)) == []
        house.hidden = first
        assert house.found_in(b"".join(_bytes(frame) for frame in bens.frames)) == []
        assert house.found_in(b"".join(_bytes(frame) for frame in ritas.frames))


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


async def show(client: Client, house: House, **facts: Any) -> dict[str, Any]:
    given = {"slideId": str(house.slide.id), "clientId": client.id, **facts}
    answer: dict[str, Any] = (await client.execute(PRESENCE, i=given))["updatePresence"]
    return answer


async def test_of_each_other_they_know_who_is_here(house: House) -> None:
    cleo, rita, slide = house.clients["Cleo"], house.clients["Rita"], str(house.slide.id)
    async with house.clients["Ben"].socket() as bens, rita.socket() as ritas:
        ben, seen = [await socket.subscribe(EVENTS, s=slide, since=10) for socket in (bens, ritas)]
        everything = {"cursor": [PLACE, 1], "viewport": [PLACE, 0, 9, 9], "selection": [str(house.hidden)]}
        await show(cleo, house, **everything, tool="POLYGON", stroke=[PLACE, 1, 2, 3])
        [person] = (await ben.next())["people"]
        nothing = {"cursor": None, "viewport": None, "selection": [], "tool": None, "stroke": None}
        assert person == {"clientId": cleo.id, "user": {"name": "Cleo"}, "presenting": False, **nothing}
        [person] = (await seen.next())["people"]
        assert (person["cursor"], person["selection"]) == ([PLACE, 1.0], [str(house.hidden)])
        # Cleo moves: Rita sees it, Ben is told nothing, so that what he hears next is Rita, who presents.
        await show(cleo, house, cursor=[PLACE, 2])
        while (await seen.next())["people"][0]["cursor"] != [PLACE, 2.0]:
            pass
        await show(rita, house, cursor=[7, 8], viewport=[1, 2, 3, 4], selection=[str(house.hidden)], presenting=True)
        [person] = (await ben.next())["people"]
        shown = {**nothing, "cursor": [7.0, 8.0], "viewport": [1.0, 2.0, 3.0, 4.0]}
        assert person == {"clientId": rita.id, "user": {"name": "Rita"}, "presenting": True, **shown}
        assert await show(cleo, house, presenting=True) == {"__typename": "Failure", "code": "NOT_PERMITTED"}
        marks = house.found_in(b"".join(_bytes(frame) for frame in bens.frames))
        assert marks == [cleo.id]  # who is here is told


async def test_undo_leaves_what_is_hidden_now(house: House) -> None:
    """Ben changed Cleo's annotation while the project was open."""
    ben = house.clients["Ben"]
    await house.switch(blind=False)
    await ben.apply(house.slide.id, {"update": {"id": str(house.hidden), "note": "bens-change"}}, mutation_id="b")
    await house.switch(blind=True)
    replayed = await ben.apply(house.slide.id, {"update": {"id": str(house.hidden), "note": "x"}}, mutation_id="b")
    assert (replayed["__typename"], replayed["annotations"]) == ("AppliedOps", [])
    undo = """mutation($i: UndoInput!) { undo(input: $i) { ... on AppliedOps { annotations { id }
      skipped { id code } } ... on Failure { code } } }"""
    given = {"slideId": str(house.slide.id), "clientId": ben.id, "mutationId": "u"}
    for _ in range(2):  # the second is a replay
        answer = (await ben.execute(undo, i=given))["undo"]
        skipped = {"id": str(house.hidden), "code": "ANNOTATION_NOT_FOUND"}
        assert answer == {"annotations": [], "skipped": [skipped]}
    assert (await Annotation.get(id=house.hidden)).note == "bens-change"


async def test_who_looks_on_is_sent_for_the_state_when_the_project_opens_or_closes(house: House) -> None:
    slide = str(house.slide.id)
    async with house.clients["Ben"].socket() as socket:
        stream = await socket.subscribe(EVENTS, s=slide, since=10)
        for seq, blind in ((11, False), (12, True)):
            await house.switch(blind=blind)
            changed, resync = await heard(stream, 2)
            assert changed == {"__typename": "SlideChanged", "slideSeq": seq, "deleted": False}
            assert resync == {"__typename": "ResyncRequired", "resyncSeq": seq, "reason": "SIGHT_CHANGED"}
            with pytest.raises(StreamEnded) as ended:
                await stream.next()
            assert ended.value.errors is None
            marks, _ = await found(house, "Ben", READING["annotations"])
            assert bool(marks) is not blind
            stream = await socket.subscribe(EVENTS, s=slide, since=seq)
        # Who was away meanwhile is told the same when they come back.
        away = await heard(await socket.subscribe(EVENTS, s=slide, since=11), 2)
        assert away[1]["reason"] == "SIGHT_CHANGED"


async def test_another_role_is_another_sight_for_its_bearer_alone(house: House) -> None:
    slide, owner = str(house.slide.id), viewer_for(house.users["Ada"])
    async with house.clients["Ben"].socket() as bens, house.clients["Vera"].socket() as veras:
        ben = await bens.subscribe(EVENTS, s=slide, since=10)
        vera = await veras.subscribe(EVENTS, s=slide, since=10)
        await members.update_member(owner, house.project.id, house.users["Ben"].id, role=Role.REVIEWER)
        assert [event["__typename"] for event in await heard(ben, 2)] == ["SlideChanged", "ResyncRequired"]
        await house.clients["Cleo"].apply(house.slide.id, drawn(uuid4(), PLACE))
        assert [event["__typename"] for event in await heard(vera, 2)] == ["SlideChanged", "AnnotationsChanged"]
        marks, _ = await found(house, "Ben", READING["annotations"])
        assert marks
        # From viewer to annotator one sees no more than before: nothing is written into the logs.
        await members.update_member(owner, house.project.id, house.users["Vera"].id, role=Role.ANNOTATOR)
        await house.clients["Cleo"].apply(house.slide.id, drawn(uuid4(), PLACE))
        [event] = await heard(vera, 1)
        assert (event["__typename"], event["seq"], event["annotations"]) == ("AnnotationsChanged", 13, [])

"""History over GraphQL."""

from __future__ import annotations

from uuid import uuid4

from tests.schema.live_client import create, square
from tests.schema.test_live import Room, sqlite_room  # noqa: F401 - the fixture

HISTORY = """
query($slide: ID!, $annotation: ID!) {
  slideHistory(slideId: $slide, first: 2) {
    hasMore steps { seq undo redo undoes undoneBy actor { name } changes { change count } annotations { id note } }
  }
  annotationHistory(id: $annotation) { hasMore steps { seq actor { name } annotations { version } } }
  past: annotationsAt(slideId: $slide, seq: 1, first: 1) {
    seq nodes { id note geometry } pageInfo { hasNextPage endCursor }
  }
  start: annotationsAt(slideId: $slide, seq: 0) { nodes { id } }
}"""


async def test_who_did_what_and_how_it_was(sqlite_room: Room) -> None:  # noqa: F811
    room, one, two = sqlite_room, uuid4(), uuid4()
    first, second = sorted((one, two), key=str)
    await room.ada.apply(room.slide_id, create(first, note="before"), create(second))
    await room.ben.apply(room.slide_id, {"update": {"id": str(first), "note": "after"}})
    await room.ben.apply(room.slide_id, {"delete": {"id": str(second)}})
    data = await room.ben.execute(HISTORY, slide=str(room.slide_id), annotation=str(first))
    step = {"undo": False, "redo": False, "undoes": None, "undoneBy": None, "actor": {"name": "Ben"}}
    assert data["slideHistory"] == {
        "hasMore": True,
        "steps": [
            {
                **step,
                "seq": 3,
                "changes": [{"change": "DELETED", "count": 1}],
                "annotations": [{"id": str(second), "note": ""}],
            },
            {
                **step,
                "seq": 2,
                "changes": [{"change": "CHANGED", "count": 1}],
                "annotations": [{"id": str(first), "note": "after"}],
            },
        ],
    }
    assert data["annotationHistory"] == {
        "hasMore": False,
        "steps": [
            {"seq": 2, "actor": {"name": "Ben"}, "annotations": [{"version": 2}]},
            {"seq": 1, "actor": {"name": "Ada"}, "annotations": [{"version": 1}]},
        ],
    }
    assert data["past"] == {
        "seq": 1,
        "nodes": [{"id": str(first), "note": "before", "geometry": square(0, 0, 10)}],
        "pageInfo": {"hasNextPage": True, "endCursor": str(first)},
    }
    assert data["start"] == {"nodes": []}
    rest = "query($s: ID!, $after: ID) { annotationsAt(slideId: $s, seq: 1, after: $after) { nodes { id } } }"
    page = await room.ben.execute(rest, s=str(room.slide_id), after=str(first))
    assert page["annotationsAt"] == {"nodes": [{"id": str(second)}]}

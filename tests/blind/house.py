"""A blind project: two annotators who must not see each other's work, and those who see all of it.

What Cleo does bears marks; whoever finds one of them in an answer has learnt of her work.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from api.annotations.edit import publish_prediction_layer
from api.models.annotation import Layer, LayerKind
from api.models.project import Membership, Project, Role
from api.models.slide import Slide
from api.models.user import User
from api.projects import projects
from api.settings import Settings
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.asking import viewer_for
from tests.schema.live_app import serving
from tests.schema.live_client import Client, client_of, square

PLACE = 1301.337
"""Where Cleo draws, in level-0 pixels: a number that nothing else has."""
NOTE, REPLACED, ATTRIBUTE, REMARK = "cleos-note", "cleos-first-note", "cleos-attribute", "cleos-remark"


@dataclass
class House:
    """A slide of a blind project, and everyone's client.

    Attributes:
        hidden: Cleo's annotation; `gone` one that she deleted; `bens` Ben's.
        thread: about Cleo's annotation; `open_thread` about a place, also by Cleo.
        marks: texts that occur only in Cleo's work.
    """

    url: str
    settings: Settings
    project: Project
    slide: Slide
    users: dict[str, User]
    clients: dict[str, Client]
    hidden: UUID
    gone: UUID
    bens: UUID
    hidden_layer: UUID
    bens_layer: UUID
    imported_layer: UUID
    thread: UUID
    comment: UUID
    open_thread: UUID

    @property
    def marks(self) -> list[str]:
        ids = (self.hidden, self.gone, self.hidden_layer, self.thread, self.comment)
        drawn = (str(PLACE), NOTE, REPLACED, ATTRIBUTE, REMARK, self.clients["Cleo"].id)
        return [*map(str, ids), *drawn, "cleos-mutation"]

    def found_in(self, answer: bytes | str) -> list[str]:
        """Which of the marks an answer holds, as text or as the bytes of an id."""
        content = answer.encode() if isinstance(answer, str) else answer
        packed = [str(id_) for id_ in (self.hidden, self.gone) if id_.bytes in content]
        return [mark for mark in self.marks if mark.encode() in content] + packed

    async def switch(self, *, blind: bool) -> None:
        """As the owner does it."""
        await projects.update_project(viewer_for(self.users["Ada"]), self.project.id, blind=blind)


@asynccontextmanager
async def a_house(settings: Settings) -> AsyncIterator[House]:
    """Ada owns it, Rita reviews, Ben and Cleo annotate, Vera looks; served by a real server."""
    users = {name: await make_user(name) for name in ("Ada", "Rita", "Ben", "Cleo", "Vera")}
    members = {Role.REVIEWER: users["Rita"], Role.ANNOTATOR: users["Ben"], Role.VIEWER: users["Vera"]}
    project = await make_project(users["Ada"], members=members)
    await Membership.create(project=project, user=users["Cleo"], role=Role.ANNOTATOR)
    slide = await make_slide_row(project)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(settings))
        clients = {
            name: await stack.enter_async_context(client_of(url, user, settings)) for name, user in users.items()
        }
        house = House(url, settings, project, slide, users, clients, *(uuid4() for _ in range(9)))
        await _fill(house)
        await house.switch(blind=True)
        yield house


async def _fill(house: House) -> None:
    cleo, ben, slide_id = house.clients["Cleo"], house.clients["Ben"], house.slide.id
    await ben.apply(slide_id, drawn(house.bens, 10, note="bens-note"))
    await cleo.apply(slide_id, drawn(house.hidden, PLACE, note=REPLACED), mutation_id="cleos-mutation-1")
    change = {"id": str(house.hidden), "note": NOTE, "attributes": {"kind": ATTRIBUTE}}
    await cleo.apply(slide_id, {"update": change}, mutation_id="cleos-mutation-2")
    await cleo.apply(slide_id, drawn(house.gone, PLACE), mutation_id="cleos-mutation-3")
    await cleo.apply(slide_id, {"delete": {"id": str(house.gone)}}, mutation_id="cleos-mutation-4")
    for layer in await Layer.filter(slide=house.slide, kind=LayerKind.USER):
        if layer.owner_id == house.users["Cleo"].id:  # type: ignore[attr-defined]
            house.hidden_layer = layer.id
        else:
            house.bens_layer = layer.id
    feature = {"type": "Feature", "properties": {}, "geometry": square(20, 20, 5)}
    file = json.dumps({"type": "FeatureCollection", "features": [feature]})
    answer = await cleo.http.post(f"/slides/{slide_id}/import?filename=old.geojson", content=file)
    house.imported_layer = UUID(answer.json()["layerId"])
    await publish_prediction_layer(slide_id, uuid4(), [], name="Model", color="#ff0000", requested_by_id=None)
    about = {"annotationId": str(house.hidden), "text": REMARK}
    await comment(cleo, house, house.thread, house.comment, **about)
    await comment(cleo, house, house.open_thread, uuid4(), text="For everyone")


async def comment(client: Client, house: House, thread_id: UUID, comment_id: UUID, **facts: Any) -> None:
    """Begin a thread."""
    given = {
        "slideId": str(house.slide.id),
        "clientId": client.id,
        "mutationId": f"cleos-mutation-{uuid4().hex[:8]}",
        "threadId": str(thread_id),
        "commentId": str(comment_id),
        "x": PLACE if "annotationId" in facts else 3,
        "y": 4,
        **facts,
    }
    query = "mutation($i: BeginCommentThreadInput!) { beginCommentThread(input: $i) { __typename } }"
    data = await client.execute(query, i=given)
    assert data["beginCommentThread"]["__typename"] == "CommentThread", data


def drawn(id_: UUID, x: float, **facts: Any) -> dict[str, Any]:
    """An op that draws a square of 64 px."""
    return {"create": {"id": str(id_), "kind": "POLYGON", "geometry": square(x, x / 2, 64), **facts}}

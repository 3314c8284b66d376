"""A slide's look through GraphQL: one's own, remembered, and refused where it is out of range."""

from __future__ import annotations

from tortoise.context import TortoiseContext

from api.models.project import Role
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.asking import ask, change, viewer_for

LOOK = "brightness contrast gamma stain"
PLAIN = {"brightness": 0, "contrast": 0, "gamma": 1, "stain": "ALL"}


async def test_a_look_is_ones_own(sqlite_database: TortoiseContext) -> None:
    ada, ben = await make_user("Ada"), await make_user("Ben")
    slide = await make_slide_row(await make_project(ada, members={Role.VIEWER: ben}))
    query = f"query ($id: ID!) {{ slide(id: $id) {{ myLook {{ {LOOK} }} }} }}"

    async def seen_by(user: object) -> object:
        return (await ask(query, viewer_for(user), id=str(slide.id)))["slide"]["myLook"]  # type: ignore[arg-type]

    assert await seen_by(ben) == PLAIN
    wanted = {"brightness": 0.25, "contrast": -0.5, "gamma": 2.0, "stain": "HAEMATOXYLIN"}
    fields = f"... on SlideLook {{ {LOOK} }}"
    for _ in range(2):
        made = await change("setSlideLook", viewer_for(ben), fields, slideId=str(slide.id), **wanted)
        assert made == {"__typename": "SlideLook", **wanted}
    assert await seen_by(ben) == wanted
    assert await seen_by(ada) == PLAIN
    refused = await change(
        "setSlideLook", viewer_for(ben), "... on Failure { code field }", slideId=str(slide.id), gamma=9.0
    )
    assert (refused["code"], refused["field"]) == ("LOOK_OUT_OF_RANGE", "gamma")
    assert await seen_by(ben) == wanted

"""Who sees which layers, in Python and in the database: rules B2-B4."""

from __future__ import annotations

import asyncio
from itertools import product
from uuid import uuid4

import pytest

from api.annotations.edit import apply_ops
from api.annotations.ops import Create, Update
from api.annotations.rows import LayerRow
from api.annotations.sight import seen, sees
from api.auth.permissions import SlideAccess, only_own
from api.collaboration.log import Origin
from api.errors import NotFound
from api.models.annotation import Annotation, Layer, LayerKind
from api.models.project import Role
from tests.annotations.conftest import Table
from tests.annotations.shapes import square


def blind(table: Table, role: Role = Role.ANNOTATOR) -> SlideAccess:
    return SlideAccess(table.slide.id, table.project.id, role, only_own(table.user_id(role), role, blind=True))


@pytest.mark.parametrize("role", list(Role))
def test_b2_who_may_not_review_sees_only_their_own(role: Role) -> None:
    someone = uuid4()
    assert only_own(someone, role, blind=False) is None
    restricted = role in (Role.ANNOTATOR, Role.VIEWER)
    assert only_own(someone, role, blind=True) == (someone if restricted else None)


async def test_b3_python_and_the_database_see_the_same_layers(table: Table) -> None:
    people = [table.user_id(), table.other_annotator.id, None]
    for kind, owner_id in product(LayerKind, people):
        await Layer.create(slide=table.slide, kind=kind, name="x", color="#000000", owner_id=owner_id)
    layers = [LayerRow.from_model(layer) for layer in await Layer.filter(slide=table.slide)]
    assert len(layers) == 9
    for layer in layers:
        await Annotation.create(
            **{"id": layer.id, "slide": table.slide, "layer_id": layer.id, "cell": 0, "kind": "POINT", "geometry": b""},
            **dict.fromkeys(("min_x", "min_y", "max_x", "max_y", "area_px", "length_px"), 0.0),
            created_at=layer.created_at,
            updated_at=layer.created_at,
        )
    for viewer in (None, table.user_id(), uuid4()):
        expected = {layer.id for layer in layers if sees(viewer, layer)}
        found = await Annotation.filter(seen(viewer), slide=table.slide).values_list("id", flat=True)
        assert sorted(found, key=str) == sorted(expected, key=str)  # type: ignore[arg-type]
    mine = [layer for layer in layers if sees(table.user_id(), layer)]
    assert {layer.owner_id for layer in mine if layer.kind is LayerKind.USER} == {table.user_id()}
    assert len([layer for layer in mine if layer.kind is not LayerKind.USER]) == 6
    assert (sees(None, None), sees(table.user_id(), None)) == (True, False)


async def test_b4_what_is_hidden_can_not_be_changed_or_drawn_into(table: Table) -> None:
    hidden, other = uuid4(), Origin(table.other_annotator.id, "other", "1")
    await apply_ops(table.access(), other, [Create(hidden, square(0, 0, 10), note="theirs")])
    layer = await Layer.get(slide=table.slide, owner=table.other_annotator)
    mine = Origin(table.user_id(), "mine", "1")
    with pytest.raises(NotFound) as refused:
        await apply_ops(blind(table), mine, [Update(hidden, note="mine")])
    assert refused.value.code == "ANNOTATION_NOT_FOUND"
    assert str(refused.value) == f"There is no annotation {hidden} on this slide."
    with pytest.raises(NotFound) as nowhere:
        await apply_ops(blind(table), mine, [Create(uuid4(), square(0, 0, 10), layer_id=layer.id)])
    assert str(nowhere.value) == f"There is no layer {layer.id} on this slide."
    assert await Annotation.all().values_list("id", "note", "version") == [(hidden, "theirs", 1)]
    # Reviewers may as ever, into the same layer, too; and its owner sees what they drew there.
    drawn, reviewer = uuid4(), Origin(table.user_id(Role.REVIEWER), "reviewer", "1")
    ops = [Update(hidden, note="seen"), Create(drawn, square(5, 5, 10), layer_id=layer.id)]
    await apply_ops(blind(table, Role.REVIEWER), reviewer, ops)
    owner = SlideAccess(table.slide.id, table.project.id, Role.ANNOTATOR, table.other_annotator.id)
    changed = await apply_ops(owner, Origin(table.other_annotator.id, "other", "2"), [Update(drawn, note="thanks")])
    assert [row.note for row in changed.rows] == ["thanks"]


async def test_edits_of_people_with_different_sight_are_committed_together(table: Table) -> None:
    hidden = uuid4()
    await apply_ops(table.access(), Origin(table.other_annotator.id, "o", "1"), [Create(hidden, square(0, 0, 10))])
    owner = SlideAccess(table.slide.id, table.project.id, Role.ANNOTATOR, table.other_annotator.id)
    own = uuid4()
    outcomes = await asyncio.gather(
        apply_ops(owner, Origin(table.other_annotator.id, "o", "2"), [Update(hidden, note="a")]),
        apply_ops(blind(table), Origin(table.user_id(), "m", "1"), [Update(hidden, note="b")]),
        apply_ops(blind(table), Origin(table.user_id(), "m", "2"), [Create(own, square(0, 0, 10))]),
        apply_ops(blind(table), Origin(table.user_id(), "m", "3"), [Update(own, note="c")]),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], NotFound)
    assert [getattr(outcome, "seq", None) for outcome in outcomes] == [2, None, 3, 4]
    assert dict(await Annotation.all().values_list("id", "note")) == {hidden: "a", own: "c"}

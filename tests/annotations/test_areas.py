"""Brush and eraser: rules E15 and E16."""

from __future__ import annotations

import random
from uuid import uuid4

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.annotations.areas import merged
from api.annotations.changes import StaleAnnotations
from api.annotations.edit import apply_ops
from api.annotations.geometry import Geometry, shapely_of
from api.annotations.ops import Brush, Create, Delete, Op, Update
from api.annotations.rows import AnnotationRow, Shape
from api.annotations.undo import undo
from api.collaboration.log import Origin
from api.errors import InvalidInput, NotPermitted
from api.models.annotation import Annotation, GeometryKind
from tests.annotations.conftest import Table
from tests.annotations.shapes import square


def box(x: float, y: float, side: float) -> Geometry:
    ring = np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=np.float64)
    return Geometry(GeometryKind.POLYGON, ((ring,),))


POINT = Geometry(GeometryKind.POINT, ((np.zeros((1, 2)),),))
boxes = st.builds(box, st.integers(0, 60), st.integers(0, 60), st.integers(1, 30))


def test_overlapping_areas_become_one() -> None:
    whole = merged(box(0, 0, 10), box(5, 0, 10), add=True)
    assert whole is not None
    assert (whole.kind, shapely_of(whole).area) == (GeometryKind.POLYGON, 150.0)


def test_separate_areas_are_kept_as_parts() -> None:
    whole = merged(box(0, 0, 10), box(50, 0, 10), add=True)
    assert whole is not None
    assert (whole.kind, len(whole.polygons), shapely_of(whole).area) == (GeometryKind.MULTIPOLYGON, 2, 200.0)


def test_an_eraser_inside_leaves_a_hole_that_a_later_stroke_keeps() -> None:
    ring = merged(box(0, 0, 30), box(10, 10, 10), add=False)
    assert ring is not None
    assert [len(polygon) for polygon in ring.polygons] == [2]
    larger = merged(ring, box(25, 25, 10), add=True)
    assert larger is not None
    assert [len(polygon) for polygon in larger.polygons] == [2]
    assert shapely_of(larger).area == 900 - 100 + 100 - 25


def test_what_is_taken_away_whole_leaves_nothing() -> None:
    assert merged(box(0, 0, 10), box(-5, -5, 20), add=False) is None


@pytest.mark.parametrize(("area", "stroke"), [(POINT, box(0, 0, 1)), (box(0, 0, 1), POINT)])
def test_what_has_no_area_is_refused(area: Geometry, stroke: Geometry) -> None:
    with pytest.raises(InvalidInput) as refusal:
        merged(area, stroke, add=True)
    assert refusal.value.code == "AREA_NEEDED"


@given(st.lists(boxes, min_size=2, max_size=8), st.booleans(), st.randoms(use_true_random=False))
def test_strokes_of_one_kind_give_the_same_area_in_any_order(
    strokes: list[Geometry], add: bool, choice: random.Random
) -> None:
    def after(order: list[Geometry]) -> shapely.Geometry:
        area: Geometry | None = box(0, 0, 40)
        for stroke in order:
            if area is None:
                return shapely.Polygon()
            area = merged(area, stroke, add=add)
        return shapely_of(area) if area else shapely.Polygon()

    one, other = after(strokes), after(choice.sample(strokes, len(strokes)))
    assert one.is_valid
    assert one.equals(other)


async def edit(table: Table, mutation: str, *ops: Op) -> AnnotationRow:
    done = await apply_ops(table.access(), Origin(table.user_id(), "client", mutation), ops)
    return done.rows[-1]


async def test_two_strokes_from_one_version_both_count_and_undo_takes_one_back(table: Table) -> None:
    id_ = uuid4()
    await edit(table, "draw", Create(id_, square(0, 0, 10)))
    await edit(table, "mine", Brush(id_, Shape.of(box(5, 0, 10)), add=True))
    row = await edit(table, "theirs", Brush(id_, Shape.of(box(0, 5, 10)), add=True))
    assert (row.version, row.geometry_version, row.shape.extent.area_px) == (3, 3, 200.0)
    with pytest.raises(StaleAnnotations) as stale:  # who moved the shape without seeing the strokes
        await edit(table, "move", Update(id_, 1, square(100, 0, 10)))
    assert stale.value.stale[0].current.shape.extent.area_px == 200.0
    await undo(table.access(), Origin(table.user_id(), "client", "undo"))
    stored = await Annotation.get(id=id_)
    assert (stored.version, stored.area_px, stored.max_x, stored.max_y) == (4, 150.0, 15.0, 10.0)


async def test_a_stroke_that_changes_nothing_is_none_and_one_over_all_deletes(table: Table) -> None:
    id_ = uuid4()
    await edit(table, "draw", Create(id_, square(0, 0, 10)))
    assert (await edit(table, "aside", Brush(id_, Shape.of(box(50, 50, 5)), add=False))).version == 1
    gone = await edit(table, "all", Brush(id_, Shape.of(box(-1, -1, 20)), add=False))
    assert (gone.version, gone.deleted, gone.shape.extent.area_px) == (2, True, 100.0)
    with pytest.raises(StaleAnnotations):
        await edit(table, "late", Brush(id_, Shape.of(box(0, 0, 5)), add=True))
    await undo(table.access(), Origin(table.user_id(), "client", "undo"))
    assert (await Annotation.get(id=id_)).deleted_at is None


async def test_a_locked_area_takes_no_stroke_and_a_deleted_one_is_a_conflict(table: Table) -> None:
    id_ = uuid4()
    await edit(table, "draw", Create(id_, square(0, 0, 10)))
    await edit(table, "lock", Update(id_, locked=True))
    with pytest.raises(NotPermitted) as refusal:
        await edit(table, "brush", Brush(id_, Shape.of(box(5, 0, 10)), add=True))
    assert refusal.value.code == "ANNOTATION_LOCKED"
    await edit(table, "unlock", Update(id_, locked=False))
    await edit(table, "delete", Delete(id_))
    with pytest.raises(StaleAnnotations):
        await edit(table, "brush again", Brush(id_, Shape.of(box(5, 0, 10)), add=True))
    assert (await Annotation.get(id=id_)).area_px == 100.0

"""Pages, regions, packed files and prediction layers on real databases."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import shapely

from api.annotations.applied import Applied
from api.annotations.chunks import chunks_of, unpack_prediction
from api.annotations.codec import PackedObject, decode_all
from api.annotations.edit import apply_ops, import_annotations, publish_prediction_layer
from api.annotations.geometry import geometry_from_geojson
from api.annotations.index import Region
from api.annotations.ops import Create, Delete
from api.annotations.query import (
    Filter,
    all_of,
    annotation_by_id,
    counts_by_layer,
    layer_by_id,
    layers_of,
    packed_file,
    page_of,
    prediction_chunks,
    region_of,
)
from api.annotations.rows import Shape
from api.annotations.undo import undo
from api.collaboration.log import Origin, current_seq, since
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted
from api.models.annotation import Annotation, AnnotationChunk, GeometryKind, Layer, LayerKind
from api.models.ontology import Term
from api.models.project import Role
from tests.annotations.conftest import Table
from tests.annotations.shapes import square


def origin(table: Table) -> Origin:
    return Origin(table.user_id(), "client", str(uuid4()))


async def draw_grid(table: Table, side: int) -> dict[UUID, tuple[int, int]]:
    """Squares of 10 px every 100 px; their ids and top-left corners."""
    places = {uuid4(): (x * 100, y * 100) for x in range(side) for y in range(side)}
    await apply_ops(table.access(), origin(table), [Create(id_, square(x, y, 10)) for id_, (x, y) in places.items()])
    return places


async def test_pages_give_every_annotation_once_in_a_stable_order(table: Table) -> None:
    places = await draw_grid(table, 5)
    seen: list[UUID] = []
    after = None
    while True:
        page = await page_of(Filter(table.access()), 7, after)
        assert len(page.rows) <= 7
        seen += [row.id for row in page.rows]
        after = page.end_cursor
        if not page.has_next_page:
            break
    assert len(seen) == 25
    assert set(seen) == set(places)
    assert [row.id async for row in all_of(Filter(table.access()))] == seen


async def test_a_region_gives_what_touches_it_and_nothing_else(table: Table) -> None:
    places = await draw_grid(table, 12)
    big = uuid4()
    await apply_ops(table.access(), origin(table), [Create(big, square(-5000, -5000, 20_000))])
    region = Region(205, 100, 410, 299.5)
    found = {row.id async for row in all_of(Filter(table.access(), region=region))}
    expected = {id_ for id_, (x, y) in places.items() if x <= 410 and x + 10 >= 205 and y <= 299.5 and y + 10 >= 100}
    assert found == expected | {big}
    assert {places[id_] for id_ in expected} == {(x, y) for x in (200, 300, 400) for y in (100, 200)}


async def test_filters_by_layer_and_term_and_tombstones_are_left_out(table: Table) -> None:
    term = await Term.create(project=table.project, name="Tumour", color="#ff0000")
    with_term, without, gone = uuid4(), uuid4(), uuid4()
    drawn = [
        Create(with_term, square(0, 0, 5), term.id),
        Create(without, square(0, 0, 5)),
        Create(gone, square(0, 0, 5)),
    ]
    done = await apply_ops(table.access(), origin(table), [*drawn, Delete(gone)])
    layer_id = done.rows[0].layer_id
    assert [row.id async for row in all_of(Filter(table.access(), term_ids=frozenset({term.id})))] == [with_term]
    assert {row.id async for row in all_of(Filter(table.access(), layer_id=layer_id))} == {with_term, without}
    assert [row async for row in all_of(Filter(table.access(), layer_id=uuid4()))] == []
    assert await counts_by_layer([layer_id]) == {layer_id: 2}
    tombstone = await annotation_by_id(gone)
    assert tombstone is not None
    assert tombstone.deleted
    assert await annotation_by_id(uuid4()) is None


@pytest.mark.parametrize("bad", ["x", "WzFd", ""])
async def test_a_cursor_of_another_list_is_refused(table: Table, bad: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await page_of(Filter(table.access()), 5, bad)
    assert caught.value.code == "BAD_CURSOR"


@pytest.mark.parametrize("bad", [(0, 0, 0, 5), (0, 0, 5, -1), (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1)])
def test_a_region_has_an_area(bad: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidInput):
        region_of(*bad)


async def publish(table: Table, prediction_id: UUID, count: int) -> Applied:
    objects = [PackedObject.predicted(shapely.box(i * 1000, 0, i * 1000 + 8, 8), 1, 0.9) for i in range(count)]
    return await publish_prediction_layer(
        table.slide.id, prediction_id, objects, name="model 1", color="#aa0000", requested_by_id=table.user_id()
    )


async def test_a_prediction_layer_is_published_once_and_read_by_region(table: Table) -> None:
    prediction_id = uuid4()
    done = await publish(table, prediction_id, 5)
    [layer] = done.layers
    assert (layer.kind, layer.prediction_id, layer.owner_id) == (LayerKind.PREDICTION, prediction_id, table.user_id())
    assert await publish(table, prediction_id, 5) == done
    assert await Layer.all().count() == 1
    [event] = await since(table.slide.id, 0)
    assert (event.actor_id, event.body["annotations"], len(event.body["layers"])) == (None, [], 1)
    assert await counts_by_layer([layer.id]) == {layer.id: 5}
    assert await AnnotationChunk.all().count() == 2
    everything = [chunk async for chunk in prediction_chunks(Filter(table.access()))]
    assert sorted(item.index for chunk in everything for item in unpack_prediction(chunk)) == [0, 1, 2, 3, 4]
    near = [c async for c in prediction_chunks(Filter(table.access(), region=Region(0, 0, 100, 100)))]
    assert [[item.index for item in unpack_prediction(chunk)] for chunk in near] == [[0, 1, 2]]


async def test_nobody_undoes_a_prediction_and_nobody_draws_in_its_layer(table: Table) -> None:
    done = await publish(table, uuid4(), 1)
    with pytest.raises(Conflict):
        await undo(table.access(), origin(table))
    with pytest.raises(NotPermitted):
        await apply_ops(table.access(), origin(table), [Create(uuid4(), square(0, 0, 1), layer_id=done.layers[0].id)])
    assert await current_seq(table.slide.id) == 1


async def test_a_packed_file_joins_live_annotations_and_predictions(table: Table) -> None:
    places = await draw_grid(table, 3)
    await publish(table, uuid4(), 2)
    file = b"".join([part async for part in packed_file(Filter(table.access()))])
    live, predicted = chunks_of(file)
    objects, at = {}, 6
    assert int.from_bytes(live[2:6], "little") == 9
    while at < len(live):
        id_ = UUID(bytes=live[at : at + 16])
        row = await Annotation.get(id=id_)
        end = at + 16 + len(row.geometry)
        [item] = decode_all(live[at + 16 : end], 1, live[0])
        objects[id_] = tuple(item.geometry.rings[0][0])
        at = end
    assert objects == places
    assert len(unpack_prediction(predicted)) == 2
    only_term = b"".join([part async for part in packed_file(Filter(table.access(), term_ids=frozenset({uuid4()})))])
    assert [int.from_bytes(chunk[2:6], "little") for chunk in chunks_of(only_term)] == []


async def test_layers_are_those_of_the_slide(table: Table) -> None:
    await draw_grid(table, 1)
    [layer] = await layers_of([table.slide.id])
    assert await layer_by_id(table.access(), layer.id) == layer
    with pytest.raises(NotFound):
        await layer_by_id(replace(table.access(), slide_id=uuid4()), layer.id)


async def test_a_large_import_is_one_transaction_of_several_events(table: Table) -> None:
    drawn = [Create(uuid4(), square(i, 0, 5)) for i in range(12_000)]
    layer, seq = await import_annotations(table.access(), origin(table), drawn, name="file.xml")
    assert (layer.kind, layer.name, seq) == (LayerKind.IMPORT, "file.xml", 2)
    events = await since(table.slide.id, 0)
    assert [len(event.body["annotations"]) for event in events] == [10_000, 2_000]
    assert [len(event.body["layers"]) for event in events] == [1, 0]
    assert await Annotation.filter(layer_id=layer.id).count() == 12_000


async def test_an_import_that_fails_leaves_nothing(table: Table) -> None:
    twice = uuid4()
    with pytest.raises(Conflict):
        await import_annotations(
            table.access(), origin(table), [Create(twice, square(0, 0, 5)), Create(twice, square(0, 0, 5))], name="x"
        )
    with pytest.raises(NotPermitted):
        await import_annotations(table.access(Role.VIEWER), origin(table), [], name="x")
    assert (await Layer.all().count(), await Annotation.all().count(), await current_seq(table.slide.id)) == (0, 0, 0)


async def test_every_kind_of_shape_survives_the_database(table: Table) -> None:
    ring = [[0.125, 0.5], [10.001, 0.0], [9.999, 9.0], [0.0, 10.0], [0.125, 0.5]]
    hole = [[2.0, 2.0], [3.0, 2.0], [3.0, 3.0], [2.0, 2.0]]
    shapes = {
        GeometryKind.POINT: [1.5, 2.25],
        GeometryKind.LINE: [[0.0, 0.0], [5.5, 1.001]],
        GeometryKind.RECTANGLE: [ring],
        GeometryKind.ELLIPSE: [ring],
        GeometryKind.POLYGON: [ring, hole],
        GeometryKind.MULTIPOLYGON: [[ring, hole], [[[20.0, 20.0], [21.0, 20.0], [21.0, 21.0], [20.0, 20.0]]]],
    }
    types = dict(zip(GeometryKind, ("Point", "LineString", *["Polygon"] * 3, "MultiPolygon"), strict=True))
    drawn = {
        uuid4(): geometry_from_geojson(kind, {"type": types[kind], "coordinates": coordinates})
        for kind, coordinates in shapes.items()
    }
    ops = [Create(id_, Shape.of(geometry)) for id_, geometry in drawn.items()]
    done = await apply_ops(table.access(), origin(table), ops)
    assert {row.id: row.shape.geometry for row in done.rows} == drawn
    assert {row.id: row.shape.geometry async for row in all_of(Filter(table.access()))} == drawn

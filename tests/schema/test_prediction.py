"""Predictions through GraphQL: as each role, and as a stranger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import shapely

from api.annotations.codec import PackedObject
from api.annotations.edit import publish_prediction_layer
from api.auth.viewer import Scope, Viewer
from api.collaboration.channel import MemoryChannel, slide_topic
from api.errors import PlatformError
from api.models.prediction import HeatmapTile, Prediction, PredictionStatus
from api.models.project import Role
from api.models.slide import Slide
from api.predictions import jobs
from api.predictions.catalog import ModelCatalog
from api.predictions.heatmap import TileKey
from api.predictions.live import changed_predictions
from api.predictions.progress import report
from api.predictions.requests import QUEUE_TOPIC
from api.settings import Settings
from schema.app import schema
from schema.context import Context
from schema.prediction import PredictionProgressed
from tests.factories import make_project, make_slide_row, make_user
from tests.predictions import made
from tests.schema.asking import viewer_for
from tests.servers.triton import write_model

REQUEST = """
mutation ($input: RequestPredictionInput!) {
  result: requestPrediction(input: $input) {
    __typename
    ... on Prediction { id status model modelVersion region done total queuePlace threshold requestedBy { name } }
    ... on Failure { code message failedField: field }
  }
}
"""
CANCEL = """
mutation ($input: CancelPredictionInput!) {
  result: cancelPrediction(input: $input) { __typename ... on Prediction { id status } ... on Failure { code } }
}
"""


@dataclass
class World:
    """A slide in a project with one member of each role, and the parts that resolvers use."""

    slide: Slide
    viewers: dict[str, Viewer]
    app: SimpleNamespace

    async def run(self, query: str, who: str, **variables: object) -> Any:
        context = Context(viewer=self.viewers.get(who), settings=Settings(), app=self.app)
        return await schema.execute(query, variables, context)

    async def ask(self, query: str, who: str = "ANNOTATOR", **variables: object) -> dict[str, Any]:
        result = await self.run(query, who, **variables)
        assert result.errors is None, result.errors
        return dict(result.data)

    async def request(self, who: str = "ANNOTATOR", **values: object) -> dict[str, Any]:
        given = {"slideId": str(self.slide.id), "model": "redness"} | values
        return dict((await self.ask(REQUEST, who, input=given))["result"])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    write_model(tmp_path, "redness")
    people = {role: await make_user(role.value.title()) for role in Role}
    project = await make_project(people[Role.OWNER], members={r: u for r, u in people.items() if r != Role.OWNER})
    viewers = {role.value: viewer_for(user) for role, user in people.items()}
    viewers["stranger"] = viewer_for(await make_user("Mallory"))
    viewers["reading token"] = viewer_for(people[Role.ANNOTATOR], Scope.READ, via_token=True)
    async with ModelCatalog(Settings(model_repository=tmp_path, triton_url=None)) as catalog:
        app = SimpleNamespace(predictions=catalog, channel=MemoryChannel())
        yield World(await make_slide_row(project, width=4000, height=1800), viewers, app)


async def test_asking_queues_tells_and_gives_back(database: object, world: World) -> None:
    async with (
        world.app.channel.subscribe(QUEUE_TOPIC) as workers,
        world.app.channel.subscribe(slide_topic(world.slide.id)) as followers,
    ):
        first = await world.request()
        assert await anext(workers) == await anext(followers) == {"prediction": first["id"]}

    assert first == {
        "__typename": "Prediction",
        "id": first["id"],
        "status": "QUEUED",
        "model": "redness",
        "modelVersion": "1.2.3",
        "region": None,
        "done": 0,
        "total": None,
        "queuePlace": 1,
        "threshold": 0.5,
        "requestedBy": {"name": "Annotator"},
    }
    assert await world.request("OWNER") == first
    region = await world.request(region={"x": 10, "y": 20, "width": 300, "height": 200})
    assert (region["region"], region["queuePlace"]) == ([10.0, 20.0, 300.0, 200.0], 2)
    assert (await world.request(model=None))["id"] == first["id"]


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("VIEWER", "NOT_PERMITTED"),
        ("stranger", "NOT_FOUND"),
        ("nobody", "NOT_SIGNED_IN"),
        ("reading token", "SCOPE_MISSING"),
    ],
)
async def test_who_may_not_ask_or_cancel_changes_nothing(
    sqlite_database: object, world: World, who: str, code: str
) -> None:
    assert (await world.request(who))["code"] == code
    assert await Prediction.all().count() == 0
    made = await world.request()
    cancelled = await world.ask(CANCEL, who, input={"id": made["id"]})
    assert cancelled["result"] == {"__typename": "Failure", "code": code}
    assert (await Prediction.get()).status is PredictionStatus.QUEUED


@pytest.mark.parametrize("who", ["ANNOTATOR", "REVIEWER", "MANAGER", "OWNER"])
async def test_who_may_ask_may_cancel(sqlite_database: object, world: World, who: str) -> None:
    made = await world.request(who)
    cancelled = await world.ask(CANCEL, who, input={"id": made["id"]})
    assert cancelled["result"] == {"__typename": "Prediction", "id": made["id"], "status": "CANCELLED"}
    assert (await Prediction.get()).cancelled_by_id == world.viewers[who].user_id


async def test_bad_requests_say_what_is_wrong(sqlite_database: object, world: World) -> None:
    assert await world.request(model="nonesuch") == {
        "__typename": "Failure",
        "code": "MODEL_NOT_FOUND",
        "message": "There is no model 'nonesuch'. There are: redness.",
        "failedField": "model",
    }
    outside = await world.request(region={"x": 9000, "y": 0, "width": 10, "height": 10})
    assert (outside["code"], outside["failedField"]) == ("REGION_OUTSIDE", "region")
    await Slide.filter(id=world.slide.id).update(mpp_x=None)
    assert (await world.request())["code"] == "NO_MPP"
    assert (await world.request(slideId="x"))["code"] == "BAD_ID"
    assert await Prediction.all().count() == 0


@pytest.mark.parametrize("who", ["stranger", "nobody"])
async def test_strangers_see_nothing(sqlite_database: object, world: World, who: str) -> None:
    made = await world.request()
    for query, id in (
        ("query ($id: ID!) { prediction(id: $id) { id } }", made["id"]),
        ("query ($id: ID!) { prediction(id: $id) { id } }", str(uuid4())),
        ("query ($id: ID!) { predictions(slideId: $id) { nodes { id } } }", str(world.slide.id)),
    ):
        result = await world.run(query, who, id=id)
        (error,) = result.errors
        assert isinstance(error.original_error, PlatformError)
        assert error.original_error.code == ("NOT_SIGNED_IN" if who == "nobody" else "NOT_FOUND")


async def test_a_running_prediction_and_its_heatmap(database: object, world: World) -> None:
    made = await world.request("OWNER")
    claim = await jobs.claim(30)
    assert claim is not None
    row = await Prediction.get()
    figures = row.figures | {"tissue_mm2": 1.5}
    await report(claim, 30, done=3, total=12, version=2, figures=figures, tiles=[TileKey(0, 1, 2), TileKey(1, 0, 1)])

    query = """
      query ($id: ID!) { prediction(id: $id) {
        status done total queuePlace tissueMm2 cancerMm2 etaSeconds mpPerS heatmapVersion
        heatmap { tileSize urlTemplate levels { index width height downsample columns rows } }
      } }
    """
    found = (await world.ask(query, "VIEWER", id=made["id"]))["prediction"]

    assert found.pop("etaSeconds") > 0
    assert found.pop("mpPerS") > 0
    assert found == {
        "status": "RUNNING",
        "done": 3,
        "total": 12,
        "queuePlace": None,
        "tissueMm2": 1.5,
        "cancerMm2": None,
        "heatmapVersion": 2,
        "heatmap": {
            "tileSize": 448,
            "urlTemplate": f"/predictions/{made['id']}/heatmap/{{level}}/{{column}}_{{row}}.png?v={{version}}",
            "levels": [
                {"index": 0, "width": 2000, "height": 900, "downsample": 2.0, "columns": 5, "rows": 3},
                {"index": 1, "width": 1000, "height": 450, "downsample": 4.0, "columns": 3, "rows": 2},
                {"index": 2, "width": 500, "height": 225, "downsample": 8.0, "columns": 2, "rows": 1},
                {"index": 3, "width": 250, "height": 113, "downsample": 16.0, "columns": 1, "rows": 1},
            ],
        },
    }
    (news,) = await changed_predictions(world.slide.id, {})
    event = PredictionProgressed.of(news)
    assert event.prediction.id == made["id"]
    assert [(tile.level, tile.column, tile.row, tile.version) for tile in event.heatmap_tiles] == [
        (0, 1, 2, 2),
        (1, 0, 1, 2),
    ]
    assert await HeatmapTile.all().count() == 2


async def test_the_list_is_paged_and_the_slide_knows_its_latest(database: object, world: World) -> None:
    ids = [(await world.request(region={"x": 10 * n, "y": 0, "width": 9, "height": 9}))["id"] for n in range(3)]
    await world.ask(CANCEL, input={"id": ids[2]})
    query = """
      query ($id: ID!, $after: String) {
        predictions(slideId: $id, first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
        slide(id: $id) { latestPrediction { id } }
      }
    """
    first = await world.ask(query, "VIEWER", id=str(world.slide.id))
    second = await world.ask(query, id=str(world.slide.id), after=first["predictions"]["pageInfo"]["endCursor"])

    assert [node["id"] for node in first["predictions"]["nodes"]] == [ids[2], ids[1]]
    assert [node["id"] for node in second["predictions"]["nodes"]] == [ids[0]]
    assert (first["predictions"]["pageInfo"]["hasNextPage"], second["predictions"]["pageInfo"]["hasNextPage"]) == (
        True,
        False,
    )
    assert first["slide"]["latestPrediction"] == {"id": ids[1]}


async def test_models_are_shown_with_their_limits(sqlite_database: object, world: World) -> None:
    query = """{ predictionModels {
      name version organ mpp patchSize threshold licence trainingData diceCarcinoma diceLow95 cases
      limits limitsKo ready
      classes { name labelEn labelKo color positive } } }"""
    assert (await world.ask(query))["predictionModels"] == [
        {
            "name": "redness",
            "version": "1.2.3",
            "organ": "test pattern",
            "mpp": 1.0,
            "patchSize": 512,
            "threshold": 0.5,
            "licence": "CC0-1.0",
            "trainingData": "none",
            "diceCarcinoma": 0.5,
            "diceLow95": None,
            "cases": 7,
            "limits": ["knows only red"],
            "limitsKo": ["빨강만 안다"],
            "ready": False,
            "classes": [
                {
                    "name": "background",
                    "labelEn": "background",
                    "labelKo": "background",
                    "color": "#888888",
                    "positive": False,
                },
                {"name": "benign", "labelEn": "benign", "labelKo": "benign", "color": "#888888", "positive": False},
                {"name": "carcinoma", "labelEn": "Red", "labelKo": "빨강", "color": "#d62839", "positive": True},
            ],
        }
    ]
    result = await world.run(query, "nobody")
    assert [error.original_error.code for error in result.errors] == ["NOT_SIGNED_IN"]


ACCEPT = """
mutation ($input: ApplyAnnotationOpsInput!) {
  result: applyAnnotationOps(input: $input) { __typename ... on AppliedOps { annotations { id } } }
}
"""
ORIGIN = """
query ($slideId: ID!) { annotations(slideId: $slideId, first: 10) { nodes {
  fromPrediction { polygon reshaped acceptedBy { name } prediction { id model modelVersion threshold } }
} } }
"""


async def test_an_accepted_outline_tells_its_model_and_who_accepted_it(database: object, world: World) -> None:
    asked = await world.request()
    elsewhere = await made.ask()
    shape = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 0]]]}

    async def accept(prediction_id: str, number: int) -> None:
        attributes = {"predictionId": prediction_id, "predictionPolygon": number}
        create = {"id": str(uuid4()), "kind": "POLYGON", "geometry": shape, "attributes": attributes}
        given = {
            "slideId": str(world.slide.id),
            "clientId": "c",
            "mutationId": str(uuid4()),
            "ops": [{"create": create}],
        }
        await world.ask(ACCEPT, "REVIEWER", input=given)

    await accept(asked["id"], 7)
    found = (await world.ask(ORIGIN, slideId=str(world.slide.id)))["annotations"]["nodes"]
    assert found == [
        {
            "fromPrediction": {
                "polygon": 7,
                "reshaped": False,
                "acceptedBy": {"name": "Reviewer"},
                "prediction": {"id": asked["id"], "model": "redness", "modelVersion": "1.2.3", "threshold": 0.5},
            }
        }
    ]
    # Another project's prediction can't be looked at by naming it.
    await accept(str(elsewhere.id), 1)
    found = (await world.ask(ORIGIN, slideId=str(world.slide.id)))["annotations"]["nodes"]
    assert sorted(node["fromPrediction"] is None for node in found) == [False, True]


async def test_a_predictions_layer_tells_its_outlines_by_place_and_class(database: object, world: World) -> None:
    asked = await world.request()
    objects = [PackedObject.predicted(shapely.box(x, 0, x + 10, 10), 2, 0.9) for x in (0, 20, 3000)]
    await publish_prediction_layer(
        world.slide.id, UUID(asked["id"]), objects, name="redness", color="#000000", requested_by_id=None
    )
    query = """query ($id: ID!) { layers(slideId: $id) { annotationCount overview { sidePx squares {
      column row classIndex count } } } }"""

    (layer,) = (await world.ask(query, "VIEWER", id=str(world.slide.id)))["layers"]

    squares = [
        {"column": 0, "row": 0, "classIndex": 2, "count": 2},
        {"column": 1, "row": 0, "classIndex": 2, "count": 1},
    ]
    assert layer == {"annotationCount": 3, "overview": {"sidePx": 2048, "squares": squares}}

"""Every query, mutation, route and event, asked by a stranger, an outsider and each role.

Who may not is told so, and nothing has changed; who may is let through. A field or route that the tables do not name
fails, so nothing can be added without saying who may use it.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route
from tortoise import connections
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.main import app
from api.models.project import Role
from api.models.slide import Slide
from api.models.slide_job import SlideJob
from api.rewriting.jobs import ACTIVE
from schema.app import schema
from tests.walk.conftest import Running
from tests.walk.operations import BIN_QUERY, BINNED_SLIDE_QUERY, MUTATIONS, OF_ONE_PERSON, QUERIES, Operation
from tests.walk.routes import CALLS, ELSEWHERE, OPEN, Call
from tests.walk.world import ACTORS, STRANGER, World, make_world

DENIED_CODES = {"NOT_SIGNED_IN", "NOT_FOUND", "NOT_PERMITTED"}
DENIED_STATUS = {401, 403, 404}
UNTOLD = {"session", "tortoise_migrations", "sqlite_sequence"}
"""Tables that a denied request may touch: a session's last use."""
BY_ITSELF = {"pyramid_at", "pyramid_claimed_until"}
"""Columns that the server writes by itself: a slide whose file was rewritten has its tiles made ahead later."""


def allowed(actor: str, least: str) -> bool:
    return least in ACTORS and ACTORS.index(actor) >= ACTORS.index(least)


def client(running: Running, world: World, actor: str) -> httpx.AsyncClient:
    cookies = {"coslide": world.tokens[actor]} if actor != STRANGER else {}
    return httpx.AsyncClient(base_url=running.url, cookies=cookies, headers={"Origin": running.url}, timeout=30)


async def everything() -> dict[str, list[Any]]:
    """All rows of all tables that hold people's work, when what was asked for before is done."""
    async with asyncio.timeout(60):
        while await SlideJob.filter(status__in=ACTIVE).exists():
            await asyncio.sleep(0.05)
    database = connections.get("default")
    _, tables = await database.execute_query("SELECT name FROM sqlite_master WHERE type = 'table'")
    names = sorted({row["name"] for row in tables} - UNTOLD)
    found: dict[str, list[Any]] = {}
    for name in names:
        _, rows = await database.execute_query(f"SELECT * FROM {name}")
        found[name] = [[row[column] for column in row.keys() if column not in BY_ITSELF] for row in rows]  # noqa: SIM118
    return found


def is_denied(answer: dict[str, Any], name: str) -> bool:
    errors = answer.get("errors")
    if errors:
        codes = {error.get("extensions", {}).get("code") for error in errors}
        assert codes <= DENIED_CODES, f"an error that is no denial: {errors}"
        return True
    value = answer["data"][name]
    return value is None or (isinstance(value, dict) and value.get("code") in DENIED_CODES)


async def walk_operation(running: Running, template: Slide, kind: str, name: str, operation: Operation) -> None:
    world = await make_world(running.settings, template)
    for actor in ACTORS:
        before = await everything()
        async with client(running, world, actor) as http:
            body = {"query": operation.document(kind), "variables": operation.variables(world)}
            response = await http.post("/graphql", json=body)
        assert response.status_code == 200, response.text
        denied = is_denied(response.json(), name)
        assert denied is not allowed(actor, operation.least), f"{actor} asked {name}: {response.text}"
        if denied:
            assert await everything() == before, f"{name} was denied to {actor}, yet changed something"
        elif kind == "mutation":
            world = await make_world(running.settings, template)


def test_the_tables_name_every_field() -> None:
    graphql = schema._schema
    assert graphql.query_type is not None
    assert graphql.mutation_type is not None
    assert graphql.subscription_type is not None
    assert set(graphql.query_type.fields) == set(QUERIES)
    assert set(graphql.mutation_type.fields) == set(MUTATIONS) | set(OF_ONE_PERSON)
    assert set(graphql.subscription_type.fields) == {"slideEvents"}


def test_the_tables_name_every_route() -> None:
    paths = {route.path for route in app.routes if isinstance(route, (Route, Mount))}
    assert paths == set(CALLS) | OPEN | ELSEWHERE


@pytest.mark.parametrize("name", sorted(QUERIES))
async def test_query(running: Running, template: Slide, name: str) -> None:
    await walk_operation(running, template, "query", name, QUERIES[name])


@pytest.mark.parametrize(("name", "operation"), [("slides", BIN_QUERY), ("slide", BINNED_SLIDE_QUERY)])
async def test_the_bin_is_for_managers(running: Running, template: Slide, name: str, operation: Operation) -> None:
    await walk_operation(running, template, "query", name, operation)


@pytest.mark.parametrize("name", sorted(MUTATIONS))
async def test_mutation(running: Running, template: Slide, name: str) -> None:
    await walk_operation(running, template, "mutation", name, MUTATIONS[name])


@pytest.mark.parametrize("path", sorted(CALLS))
async def test_route(running: Running, template: Slide, path: str) -> None:
    world = await make_world(running.settings, template)
    for call in CALLS[path]:
        for actor in ACTORS:
            await walk_call(running, world, call, actor)
            if call.method not in ("GET", "HEAD", "OPTIONS") and allowed(actor, call.least):
                world = await make_world(running.settings, template)


async def walk_call(running: Running, world: World, call: Call, actor: str) -> None:
    before = await everything()
    async with client(running, world, actor) as http:
        response = await http.request(
            call.method, call.path(world), headers=call.headers(world), content=call.body, follow_redirects=False
        )
    may = actor == call.only if call.only else allowed(actor, call.least)
    what = f"{actor} asked {call.method} {call.path(world)}: {response.status_code} {response.text[:300]}"
    if may:
        assert response.status_code < 300, what
    else:
        assert response.status_code in DENIED_STATUS, what
        assert await everything() == before, f"{what}, yet something changed"


@pytest.mark.parametrize("actor", ACTORS)
async def test_events(running: Running, template: Slide, actor: str) -> None:
    world = await make_world(running.settings, template)
    headers = {"Cookie": f"coslide={world.tokens[actor]}"} if actor != STRANGER else {}
    query = "subscription($id: ID!) { slideEvents(slideId: $id, sinceSeq: 0) { __typename } }"
    subscribe = {"id": "1", "type": "subscribe", "payload": {"query": query, "variables": {"id": str(world.slide)}}}
    async with connect(
        f"{running.url.replace('http', 'ws')}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        additional_headers=headers,
        origin=running.url,  # type: ignore[arg-type]
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps(subscribe))
        answer = json.loads(await socket.recv())
    if allowed(actor, Role.VIEWER):
        assert answer["payload"]["data"]["slideEvents"] == {"__typename": "AnnotationsChanged"}
    else:
        errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
        assert {error["extensions"]["code"] for error in errors} <= DENIED_CODES


async def test_a_foreign_page_can_not_use_the_cookie(running: Running, template: Slide) -> None:
    world = await make_world(running.settings, template)
    operation = MUTATIONS["deleteProject"]
    before = await everything()
    async with client(running, world, Role.OWNER) as http:
        body = {"query": operation.document("mutation"), "variables": operation.variables(world)}
        response = await http.post("/graphql", json=body, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 403, response.text
    assert await everything() == before

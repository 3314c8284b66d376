"""The whole schema over HTTP: what is masked, what is refused, what is open."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from graphql import get_introspection_query
from starlette.applications import Starlette

from api.settings import Settings
from schema.app import MAX_BODY_BYTES, graphql_routes
from schema.limits import MAX_TOKENS


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=graphql_routes())
    app.state.settings = Settings()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://coslide.test") as client:
        yield client


async def test_an_unexpected_error_is_masked_and_logged(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("schema.server.running_version", broken)
    with caplog.at_level(logging.ERROR, "coslide.graphql"):
        answer = (await http.post("/graphql", json={"query": "{ server { version } }"})).json()
    assert answer["data"] is None
    assert [error["message"] for error in answer["errors"]] == [
        "Something went wrong on the server. Try again; if it stays so, tell its administrator."
    ]
    assert "hunter2" not in str(answer)
    assert "hunter2" in caplog.text


async def test_an_expected_error_keeps_its_code_and_its_words(http: httpx.AsyncClient) -> None:
    (error,) = (await http.post("/graphql", json={"query": "{ projects { totalCount } }"})).json()["errors"]
    assert error["extensions"] == {"code": "NOT_SIGNED_IN"}
    assert error["message"] == "You are not signed in, or your session has ended. Sign in and try again."


async def test_introspection_is_open(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/graphql", json={"query": get_introspection_query()})).json()
    assert "errors" not in answer
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize(
    "query",
    [
        "{ " + "".join(f"a{i}: server {{ version }} " for i in range(31)) + "}",
        "{ projects(first: 100000) { nodes { members { user { id name } } } } }",
        "{ projects { nodes { " + "members { user { " * 6 + "id" + " } }" * 6 + " } } }",
    ],
)
async def test_an_operation_that_asks_for_too_much_is_refused(http: httpx.AsyncClient, query: str) -> None:
    answer = (await http.post("/graphql", json={"query": query})).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["TOO_DEMANDING"]
    assert answer.get("data") is None


async def test_a_document_of_too_many_tokens_is_not_parsed(http: httpx.AsyncClient) -> None:
    query = "{ " + "server { version } " * MAX_TOKENS + "}"
    (error,) = (await http.post("/graphql", json={"query": query})).json()["errors"]
    assert "token" in error["message"].lower()


async def test_only_a_post_of_json_is_taken(http: httpx.AsyncClient) -> None:
    assert (await http.get("/graphql", params={"query": "{ server { version } }"})).status_code == 405
    form = await http.post(
        "/graphql", content=b'{"query": "{ server { version } }"}', headers={"content-type": "text/plain"}
    )
    assert form.status_code == 400
    upload = await http.post("/graphql", files={"operations": (None, '{"query": "{ server { version } }"}')})
    assert upload.status_code == 400


async def test_a_body_over_the_limit_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/graphql", content=b" " * (MAX_BODY_BYTES + 1), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413

# ruff: noqa: E501 - the names of the audits are what they are
"""npm's graphql-http audits, an independent reading of the GraphQL-over-HTTP specification: every MUST and SHOULD.

What it may and we do not: queries over GET.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tortoise.context import TortoiseContext

from api.settings import Settings
from tests.schema.live_app import serving

WEB = Path(__file__).parents[2] / "web"

PASSED = {
    "22EB": "SHOULD accept application/graphql-response+json and match the content-type",
    "4655": "MUST accept application/json and match the content-type",
    "47DE": "SHOULD accept */* and use application/json for the content-type",
    "80D8": "SHOULD assume application/json content-type when accept is missing",
    "82A3": "MUST use utf-8 encoding when responding",
    "BF61": "MUST accept utf-8 encoded request",
    "78D5": "MUST assume utf-8 in request if encoding is unspecified",
    "2C94": "MUST accept POST requests",
    "03D4": "MUST accept application/json POST requests",
    "34A2": "SHOULD allow string {query} parameter when accepting application/graphql-response+json",
    "13EE": "MUST allow string {query} parameter when accepting application/json",
    "8161": "SHOULD allow string {operationName} parameter when accepting application/graphql-response+json",
    "B8B3": "MUST allow string {operationName} parameter when accepting application/json",
    "94B0": "SHOULD allow null {variables} parameter when accepting application/graphql-response+json",
    "0220": "MUST allow null {variables} parameter when accepting application/json",
    "94B1": "SHOULD allow null {operationName} parameter when accepting application/graphql-response+json",
    "0221": "MUST allow null {operationName} parameter when accepting application/json",
    "94B2": "SHOULD allow null {extensions} parameter when accepting application/graphql-response+json",
    "0222": "MUST allow null {extensions} parameter when accepting application/json",
    "2EA1": "SHOULD allow map {variables} parameter when accepting application/graphql-response+json",
    "28B9": "MUST allow map {variables} parameter when accepting application/json",
    "428F": "SHOULD allow map {extensions} parameter when accepting application/graphql-response+json",
    "1B7A": "MUST allow map {extensions} parameter when accepting application/json",
    "572B": "SHOULD use 200 status code on document parsing failure when accepting application/json",
    "FDE2": "SHOULD use 200 status code on document validation failure when accepting application/json",
    "7B9B": "SHOULD use a status code of 200 on variable coercion failure when accepting application/json",
    "865D": "SHOULD use 4xx or 5xx status codes on document parsing failure when accepting application/graphql-response+json",
    "556A": "SHOULD use 400 status code on document parsing failure when accepting application/graphql-response+json",
    "D586": "SHOULD not contain the data entry on document parsing failure when accepting application/graphql-response+json",
    "51FE": "SHOULD use 4xx or 5xx status codes on document validation failure when accepting application/graphql-response+json",
    "74FF": "SHOULD use 400 status code on document validation failure when accepting application/graphql-response+json",
    "5E5B": "SHOULD not contain the data entry on document validation failure when accepting application/graphql-response+json",
    "86EE": "SHOULD use a status code of 400 on variable coercion failure when accepting application/graphql-response+json",
}
"""Every audit of what a server must or should do, by its id; one that is new in a later version fails the test."""


@pytest.fixture
async def audits(sqlite_database: TortoiseContext, node_path: Path, tmp_path: Path) -> list[dict[str, Any]]:
    async with serving(Settings(data=tmp_path)) as url:
        script = str(Path(__file__).with_name("graphql_http.mjs"))
        node = await asyncio.create_subprocess_exec(
            *(str(node_path), script, json.dumps({"web": str(WEB), "url": url})),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            printed, complaints = await node.communicate()
    assert node.returncode == 0, complaints.decode()
    outcomes: list[dict[str, Any]] = json.loads(printed.splitlines()[-1])
    return outcomes


async def test_every_must_and_should_passes(audits: list[dict[str, Any]]) -> None:
    demands = [audit for audit in audits if audit["name"].startswith(("MUST", "SHOULD"))]
    assert {audit["id"]: audit["name"] for audit in demands} == PASSED
    assert [audit for audit in demands if audit["status"] != "ok"] == []
    assert [audit["id"] for audit in audits if audit["status"] == "error"] == []


@pytest.mark.parametrize(
    ("query", "status", "has_data"),
    [
        ("{ server { version } }", 200, True),
        ("{ me { locale } }", 200, True),
        ("{", 400, False),
        ("{ no }", 400, False),
    ],
)
async def test_graphqls_own_media_type_tells_refusals_by_status(
    sqlite_database: TortoiseContext, tmp_path: Path, query: str, status: int, has_data: bool
) -> None:
    async with serving(Settings(data=tmp_path)) as url, httpx.AsyncClient(base_url=url) as http:
        for accepted, expected in (("application/graphql-response+json", status), ("application/json", 200)):
            answer = await http.post("/graphql", json={"query": query}, headers={"accept": accepted})
            assert answer.status_code == expected
            assert answer.headers["content-type"].startswith(accepted)
            assert ("data" in answer.json()) is has_data

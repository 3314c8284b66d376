"""npm's graphql-ws, an independent client of the protocol, against the socket."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from api.auth import sessions
from api.auth.viewer import Viewer
from api.settings import Settings
from schema.app import GraphQLApp
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.live_app import serving

WEB = Path(__file__).parents[2] / "web"


async def troubled(authorization: str) -> Viewer | None:
    """Reading a token: a fault of the server, a database that is away, or one that is slow."""
    match authorization:
        case "Bearer breaks":
            raise ValueError("a fault")
        case "Bearer away":
            raise ConnectionRefusedError("no database")
        case "Bearer slow":
            await asyncio.sleep(1)
    return None


@pytest.fixture
async def outcome(
    sqlite_database: TortoiseContext, node_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What the client saw, step by step."""
    make = GraphQLApp.__init__

    def impatient(self: GraphQLApp) -> None:
        make(self)
        self.connection_init_wait_timeout = timedelta(seconds=0.5)

    monkeypatch.setattr(GraphQLApp, "__init__", impatient)
    monkeypatch.setattr("schema.app.viewer_of_token", troubled)
    settings, user = Settings(data=tmp_path), await make_user("Ada")
    slide = await make_slide_row(await make_project(user))
    async with serving(settings) as url:
        given = {
            "web": str(WEB),
            "url": url,
            "slide": str(slide.id),
            "cookie": f"coslide={await sessions.create(user.id, settings)}",
        }
        script = str(Path(__file__).with_name("graphql_ws.mjs"))
        node = await asyncio.create_subprocess_exec(
            *(str(node_path), "--experimental-websocket", script, json.dumps(given)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            printed, complaints = await node.communicate()
    assert node.returncode == 0, complaints.decode()
    seen: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return seen


async def test_an_independent_client_connects_pings_completes_errs_and_is_closed(outcome: dict[str, Any]) -> None:
    assert outcome["query"]["completed"]
    assert outcome["query"]["got"][0]["data"]["me"] == {"user": {"name": "Ada"}}
    assert outcome["pong"] is True
    assert outcome["stream"]["completed"]
    assert [result["data"]["slideEvents"]["seq"] for result in outcome["stream"]["got"]] == [1, 2]
    assert outcome["afterComplete"]["completed"]
    [invalid] = outcome["invalid"]["error"]
    assert invalid["message"].startswith("Cannot query field 'nonsense'")
    [denied] = outcome["denied"]["error"]
    assert denied["extensions"] == {"code": "NOT_FOUND"}
    # Every code of the protocol that a server sends, provoked by bare sockets …
    assert outcome["codes"] == {
        "badRequest": 4400,
        "badFirstMessage": 4400,
        "unauthorized": 4401,
        "forbidden": 4403,
        "subprotocol": 4406,
        "initialisationTimeout": 4408,
        "subscriberExists": 4409,
        "tooManyInits": 4429,
    }
    # … and by the client, which ends with 4504 what is not acknowledged in its time. Its 4004 (a bad answer) and 4005
    # (its own fault) no server can send.
    assert outcome["clientCodes"] == {
        "badRequest": 4400,
        "forbidden": 4403,
        "internalServerError": 4500,
        "tryAgainLater": 1013,
        "acknowledgementTimeout": 4504,
    }

"""One person at the table while the ground shakes: edits until answered, follows through every break."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin, Subprotocol

from tests.schema.live_client import square

APPLY = """
mutation($input: ApplyAnnotationOpsInput!) {
  applyAnnotationOps(input: $input) {
    __typename
    ... on AppliedOps { seq }
    ... on Failure { code }
  }
}"""
FOLLOW = """
subscription($slide: ID!, $since: Int) {
  slideEvents(slideId: $slide, sinceSeq: $since) {
    ... on AnnotationsChanged { seq clientId mutationId annotations { id version note bounds deletedAt } }
    ... on ResyncRequired { reason }
  }
}"""
UNANSWERED = frozenset({"SLIDE_BUSY", "UNAVAILABLE"})
"""Failures that say: send the same again."""


class Torn(Exception):
    """A follower saw a gap, a repetition or a forced reload."""


@dataclass(frozen=True)
class Seen:
    """An annotation as a replica has it."""

    version: int
    note: str
    bounds: tuple[float, ...]
    deleted: bool


@dataclass
class Person:
    """A client of one user: `acknowledged` maps its mutation ids to the seq that the server answered, `drawn` holds the
    ids of annotations whose creation it acknowledged.
    """

    slide_id: UUID
    token: str
    urls: Sequence[str]
    choice: random.Random
    client_id: str = field(default_factory=lambda: str(uuid4()))
    acknowledged: dict[str, int] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    replica: dict[str, Seen] = field(default_factory=dict)
    last_seq: int = 0
    joined: int = 0

    async def edit(self, count: int, on_answer: Any) -> None:
        """Make so many edits, each sent with the same mutation id until a server answers it."""
        async with httpx.AsyncClient(cookies={"coslide": self.token}, timeout=20) as http:
            for number in range(count):
                op = self._some_op()
                given = {
                    "slideId": str(self.slide_id),
                    "clientId": self.client_id,
                    "mutationId": str(number),
                    "ops": [op],
                }
                while (answer := await self._sent(http, given)) is None:
                    await asyncio.sleep(self.choice.uniform(0.02, 0.2))
                if answer["__typename"] == "AppliedOps":
                    self.acknowledged[str(number)] = answer["seq"]
                    self.drawn |= {op["create"]["id"]} if "create" in op else set()
                on_answer()

    def _some_op(self) -> dict[str, Any]:
        living = [id_ for id_, seen in self.replica.items() if not seen.deleted]
        x, kind = self.choice.randrange(4000), self.choice.random()
        if not living or kind < 0.4:
            return {"create": {"id": str(uuid4()), "kind": "POLYGON", "geometry": square(x, 0, 10)}}
        id_ = self.choice.choice(living)
        if kind < 0.6:
            return {"update": {"id": id_, "note": self.choice.choice("abc")}}
        if kind < 0.9:
            version = self.replica[id_].version
            return {"update": {"id": id_, "expectedVersion": version, "geometry": square(x, 5, 10)}}
        return {"delete": {"id": id_}}

    async def _sent(self, http: httpx.AsyncClient, given: dict[str, Any]) -> dict[str, Any] | None:
        """The server's answer; None when it is not known what became of the edit."""
        url = self.choice.choice(self.urls)
        try:
            response = await http.post(
                f"{url}/graphql", json={"query": APPLY, "variables": {"input": given}}, headers={"origin": url}
            )
        except httpx.HTTPError:
            return None
        if response.status_code != 200:
            return None
        body = response.json()
        if body.get("data") is None or body["data"]["applyAnnotationOps"].get("code") in UNANSWERED:
            return None
        answer: dict[str, Any] = body["data"]["applyAnnotationOps"]
        return answer

    async def follow(self, until: asyncio.Future[int]) -> None:
        """Follow the slide, leaving and coming back at random, until the seq that `until` names is reached.

        Raises:
            Torn: the stream was not every event once.
        """
        while not (until.done() and self.last_seq >= until.result()):
            self.joined += 1
            try:
                async with asyncio.timeout(self.choice.uniform(0.5, 6.0)):
                    await self._follow_once(self.choice.choice(self.urls), until)
            except (OSError, TimeoutError, WebSocketException):
                await asyncio.sleep(self.choice.uniform(0.0, 0.3))

    async def _follow_once(self, url: str, until: asyncio.Future[int]) -> None:
        async with connect(
            url.replace("http", "ws") + "/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            origin=Origin(url),
            additional_headers={"cookie": f"coslide={self.token}"},
        ) as socket:
            await socket.send('{"type":"connection_init"}')
            variables = {"slide": str(self.slide_id), "since": self.last_seq}
            subscribe = {"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": variables}}
            async for frame in socket:
                message = json.loads(frame)
                if message["type"] == "connection_ack":
                    await socket.send(json.dumps(subscribe))
                elif message["type"] == "next":
                    self._apply(message["payload"]["data"]["slideEvents"])
                elif message["type"] in ("error", "complete"):
                    return
                if until.done() and self.last_seq >= until.result():
                    return

    def _apply(self, event: dict[str, Any]) -> None:
        if "reason" in event:
            raise Torn(f"told to reload ({event['reason']}) at {self.last_seq}")
        if "seq" not in event:
            return
        if event["seq"] != self.last_seq + 1:
            raise Torn(f"{event['seq']} came after {self.last_seq}")
        self.last_seq = event["seq"]
        for row in event["annotations"]:
            self.replica[row["id"]] = Seen(
                row["version"], row["note"], tuple(row["bounds"]), row["deletedAt"] is not None
            )

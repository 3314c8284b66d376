"""ENTRY: two API processes, Redis and MariaDB, twenty people editing and following, and every one of them failing.

`make chaos-live` makes 10,000 edits; `python -m tests.chaos.live --seed N` replays the decisions of a run: who edits
what, who leaves when, what fails in which order. The last line is one JSON object.

What must hold: every acknowledged edit is in the log at the seq that was answered, once; the log has no gap; every
person's replica is the database's state; nobody saw an event twice, missed one or had to reload.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from tortoise.context import TortoiseContext

from api.auth import sessions
from api.models.annotation import Annotation
from api.models.database import tortoise_config
from api.models.event import SlideEvent
from api.models.project import Membership, Role
from api.settings import Settings
from tests.chaos.people import Person, Seen
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.live_app import LiveServer
from tests.servers.mariadb import MariadbServer
from tests.servers.redis import RedisServer

PEOPLE = 20
REDIS_AWAY_S = 5.0


@dataclass(frozen=True)
class Survived:
    """A run in which all that must hold held."""

    seed: int
    edits: int
    acknowledged: int
    events: int
    joins: int
    failures: tuple[str, ...]
    seconds: float


@dataclass
class Ground:
    """The servers. What fails comes back."""

    mariadb: MariadbServer
    redis: RedisServer
    apis: list[LiveServer]

    async def kill_api(self, number: int) -> None:
        await asyncio.to_thread(self.apis[number].kill)
        await asyncio.to_thread(self.apis[number].start)

    async def stop_redis(self) -> None:
        await asyncio.to_thread(self.redis.stop)
        await asyncio.sleep(REDIS_AWAY_S)
        await asyncio.to_thread(self.redis.start)

    async def restart_mariadb(self) -> None:
        await asyncio.to_thread(self.mariadb.kill)
        await asyncio.to_thread(self.mariadb.start)

    def failures(self, choice: random.Random) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """What will fail, in this run's order."""
        all_of_them: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("api 0 killed", lambda: self.kill_api(0)),
            ("redis stopped", self.stop_redis),
            ("mariadb restarted", self.restart_mariadb),
            ("api 1 killed", lambda: self.kill_api(1)),
        ]
        choice.shuffle(all_of_them)
        return all_of_them


async def survive(seed: int, edits: int, people: int = PEOPLE, *, timeout_s: float = 900) -> Survived:
    """Run it.

    Raises:
        AssertionError, Torn: something that must hold did not.
        TimeoutError: it did not come to an end.
    """
    began, choice = time.monotonic(), random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="coslide-chaos-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        ground, url = await _started(folder, stack)
        slide_id, tokens = await _table(url, people)
        urls = [api.url for api in ground.apis]
        table = [
            Person(slide_id, token, urls, random.Random(f"{seed}-{number}"), client_id=f"chaos-{number}")
            for number, token in enumerate(tokens)
        ]
        async with asyncio.timeout(timeout_s):
            names = await _run(table, ground, edits, choice, url)
        await _check(url, slide_id, table)
        acknowledged = sum(len(person.acknowledged) for person in table)
        joins, events = sum(person.joined for person in table), table[0].last_seq
    return Survived(seed, edits, acknowledged, events, joins, tuple(names), round(time.monotonic() - began, 1))


async def _started(folder: Path, stack: ExitStack) -> tuple[Ground, str]:
    mariadb = MariadbServer(folder)
    lazy, durable = "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-log-at-trx-commit=2"
    mariadb.command = [durable if part == lazy else part for part in mariadb.command]  # it will be killed
    await asyncio.to_thread(mariadb.install)
    await asyncio.to_thread(mariadb.start)
    stack.callback(mariadb.stop)
    url = mariadb.url(mariadb.create_database())
    redis = RedisServer(folder)
    redis.start()
    stack.callback(redis.stop)
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(Settings(database_url=url)))
        await context.generate_schemas(safe=False)
    data = Path(tempfile.mkdtemp(prefix="coslide-chaos-data-"))
    stack.callback(shutil.rmtree, data, ignore_errors=True)
    apis = [LiveServer(data, f"api{number}", url, redis.url) for number in range(2)]
    for api in apis:
        await asyncio.to_thread(api.start)
        stack.callback(api.stop)
    return Ground(mariadb, redis, apis), url


async def _table(url: str, people: int) -> tuple[UUID, list[str]]:
    """A slide, and a session for each person."""
    settings = Settings(database_url=url)
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(settings))
        users = [await make_user() for _ in range(people)]
        project = await make_project(users[0])
        for user in users[1:]:
            await Membership.create(project=project, user=user, role=Role.ANNOTATOR)
        slide = await make_slide_row(project)
        return slide.id, [await sessions.create(user.id, settings) for user in users]


async def _run(table: list[Person], ground: Ground, edits: int, choice: random.Random, url: str) -> list[str]:
    """Edit, follow and fail; returns what failed, in order."""
    answered, grown = 0, asyncio.Event()
    end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    failures = ground.failures(choice)

    def count() -> None:
        nonlocal answered
        answered += 1
        grown.set()

    async def fail() -> None:
        for number, (_, happen) in enumerate(failures, 1):
            while answered < edits * number // (len(failures) + 1):
                grown.clear()
                await grown.wait()
            await happen()

    async with asyncio.TaskGroup() as following:
        for person in table:
            following.create_task(person.follow(end))
        async with asyncio.TaskGroup() as editing:
            editing.create_task(fail())
            for person in table:
                editing.create_task(person.edit(edits // len(table), count))
        async with TortoiseContext() as context:
            await context.init(config=tortoise_config(Settings(database_url=url)))
            [last] = await SlideEvent.filter(slide_id=table[0].slide_id).order_by("-seq").limit(1).values("seq")
        end.set_result(last["seq"])
    return [name for name, _ in failures]


async def _check(url: str, slide_id: UUID, table: list[Person]) -> None:
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(Settings(database_url=url)))
        events = await SlideEvent.filter(slide_id=slide_id).order_by("seq").values("seq", "client_id", "mutation_id")
        rows = await Annotation.filter(slide_id=slide_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1)), "the log has a gap"
    written = {(event["client_id"], event["mutation_id"]): event["seq"] for event in events}
    assert len(written) == len(events), "a mutation was written twice"
    state = {
        str(row.id): Seen(
            row.version, row.note, (row.min_x, row.min_y, row.max_x, row.max_y), row.deleted_at is not None
        )
        for row in rows
    }
    for person in table:
        for mutation, seq in person.acknowledged.items():
            # An edit that changed nothing is answered with where the slide was; it has no event.
            assert written.get((person.client_id, mutation), seq) == seq, "an acknowledged edit is elsewhere in the log"
        assert person.drawn <= state.keys(), "an acknowledged annotation is lost"
        assert person.last_seq == len(events)
        assert person.replica == state, "a replica is not the database's state"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos-live")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--edits", type=int, default=10_000)
    arguments = parser.parse_args()
    sys.stdout.write(f"seed {arguments.seed}; again: python -m tests.chaos.live --seed {arguments.seed}\n")
    sys.stdout.flush()
    survived = asyncio.run(survive(arguments.seed, arguments.edits))
    sys.stdout.write(json.dumps(asdict(survived)) + "\n")


if __name__ == "__main__":
    main()

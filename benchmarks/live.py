"""ENTRY: live collaboration: 200 people follow a slide that is edited 60 times a second (`make bench-live`).

Deliveries: another process edits and hints over Redis, as with several API processes; the server's CPU, from /proc, is
what reading the log, making the frames and sending them costs. Beside it, in the same run, a raw Starlette
broadcast of messages of the same size. Commits: 20 writers draw on one slide, each waiting for its own commit.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import uvloop
from tortoise.backends.base.executor import EXECUTOR_CACHE

from api.annotations.edit import apply_ops
from api.annotations.geometry import Geometry
from api.annotations.ops import Create
from api.annotations.rows import Shape
from api.auth import sessions
from api.auth.permissions import SlideAccess
from api.collaboration.channel import announce
from api.collaboration.log import Origin
from api.collaboration.redis_channel import open_channel
from api.models.annotation import GeometryKind
from api.models.database import connected, migrate
from api.models.project import Membership, Role
from api.models.user import User
from api.settings import Settings
from benchmarks.tiles import cpu_seconds
from tests.factories import make_project, make_slide_row, make_user
from tests.servers.mariadb import MariadbServer, mariadb_binary
from tests.servers.process import ServerProcess, accepts, free_port
from tests.servers.redis import RedisServer

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "web" / "src" / "sync" / "live.graphql"
FOLLOWERS = 200
EDITS_PER_S = 60
SECONDS = 10
VERTICES = 10
WRITERS = 20
COMMITS = 4000


def shape(number: int) -> Shape:
    """A polygon somewhere on the slide."""
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    centre = np.array([(number * 37) % 4000, (number * 91) % 2000])
    ring = np.round(centre + 40 * np.stack([np.cos(angles), np.sin(angles)], axis=1), 3)
    return Shape.of(Geometry(GeometryKind.POLYGON, ((ring,),)))


@contextmanager
def live_server(folder: Path, settings: Settings) -> Iterator[tuple[int, int]]:
    """(pid, port) of the server under measurement."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COSLIDE_")}
    environment |= {"COSLIDE_DATA": str(settings.data), "COSLIDE_REDIS_URL": settings.redis_url or ""}
    server = ServerProcess(
        [sys.executable, "-m", "benchmarks._live_server", str(port)],
        log=folder / "server.log",
        is_ready=lambda: accepts(port),
        environment=environment,
    )
    server.start()
    try:
        yield server.pid, port
    finally:
        server.stop()


class Clients:
    """The process with the sockets."""

    def __init__(self, **wanted: object) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._live_clients"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(wanted) + "\n")
        self._child.stdin.flush()
        if self._line() != "ready":
            raise SystemExit("the sockets could not be opened; the error is above")

    def result(self) -> dict[str, float]:
        figures: dict[str, float] = json.loads(self._line())
        self._child.wait()
        return figures

    def _line(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline().strip()


async def measure_stream(pid: int, port: int, settings: Settings) -> dict[str, float]:
    """Deliveries of edits that another process makes."""
    users = [await make_user() for _ in range(FOLLOWERS)]
    project = await make_project(users[0])
    await Membership.bulk_create(Membership(project=project, user=user, role=Role.ANNOTATOR) for user in users[1:])
    slide = await make_slide_row(project)
    cookies = [f"coslide={await sessions.create(user.id, settings)}" for user in users]
    payload = {
        "query": DOCUMENT.read_text(encoding="utf-8"),
        "operationName": "SlideEvents",
        "variables": {"slideId": str(slide.id), "sinceSeq": 0},
    }
    first = [
        json.dumps({"type": "connection_init"}),
        json.dumps({"id": str(uuid4()), "type": "subscribe", "payload": payload}),
    ]
    count = EDITS_PER_S * SECONDS
    clients = await asyncio.to_thread(
        lambda: Clients(port=port, path="/graphql", cookies=cookies, first=first, expected=count)
    )
    await asyncio.sleep(3)  # until all have joined
    access, client_id = SlideAccess(slide.id, project.id, Role.ANNOTATOR), str(uuid4())
    async with open_channel(settings.redis_url) as channel:
        before, began = cpu_seconds(pid), time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / EDITS_PER_S - time.perf_counter()))
            drawn = Create(uuid4(), shape(number), note=f"t={time.time_ns()};")
            applied = await apply_ops(access, Origin(users[0].id, client_id, str(number)), [drawn])
            await announce(channel, slide.id, applied.seq)
        took_s = time.perf_counter() - began
        figures = await asyncio.to_thread(clients.result)
    figures["cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / max(1, figures["deliveries"])
    figures["per_s"] = figures["deliveries"] / took_s
    return figures


def measure_raw(pid: int, port: int, size: float) -> dict[str, float]:
    """Deliveries of the raw broadcast, of messages of about `size` bytes."""
    count = EDITS_PER_S * SECONDS
    clients = Clients(port=port, path="/raw", cookies=[""] * FOLLOWERS, first=[], expected=count)
    before = cpu_seconds(pid)
    address = f"http://127.0.0.1:{port}/raw/go?rate={EDITS_PER_S}&seconds={SECONDS}&size={max(1, size - 60)}"
    with urllib.request.urlopen(address, timeout=SECONDS * 6) as answer:
        answer.read()
    figures = clients.result()
    figures["cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / max(1, figures["deliveries"])
    return figures


async def measure_commits(settings: Settings) -> float:
    """Commits a second: each writer draws one polygon after the other on the same slide."""
    EXECUTOR_CACHE.clear()  # Tortoise keeps INSERTs by connection name, so MariaDB would be sent SQLite's
    await migrate(settings)
    async with connected(settings):
        users = [await make_user() for _ in range(WRITERS)]
        project = await make_project(users[0])
        slide = await make_slide_row(project)
        access = SlideAccess(slide.id, project.id, Role.ANNOTATOR)

        async def draw(user: User, count: int) -> None:
            client_id = str(uuid4())
            for number in range(count):
                await apply_ops(access, Origin(user.id, client_id, str(number)), [Create(uuid4(), shape(number))])

        await asyncio.gather(*(draw(user, 5) for user in users))  # layers are made, statements prepared
        began = time.perf_counter()
        await asyncio.gather(*(draw(user, COMMITS // WRITERS) for user in users))
        return COMMITS / (time.perf_counter() - began)


@contextmanager
def durable_mariadb() -> Iterator[str]:
    """The address of an empty MariaDB database that writes each commit to disk before it answers."""
    folder = Path(tempfile.mkdtemp(prefix="coslide-mariadb-"))
    server = MariadbServer(folder)
    fast = ("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=OFF")
    server.install()
    server.command = [part for part in server.command if part not in fast]
    try:
        server.start()
        yield server.url(server.create_database())
    finally:
        server.stop()
        shutil.rmtree(folder)


async def measure(folder: Path) -> dict[str, float | None]:
    with ExitStack() as stack:
        redis = RedisServer(folder)
        redis.start()
        stack.callback(redis.stop)
        settings = Settings(data=folder / "data", redis_url=redis.url)
        await migrate(settings)
        pid, port = stack.enter_context(live_server(folder, settings))
        async with connected(settings):
            ours = await measure_stream(pid, port, settings)
        pid, port = stack.enter_context(live_server(folder, settings))
        raw = await asyncio.to_thread(measure_raw, pid, port, ours["bytes"])
    sqlite = await measure_commits(Settings(data=folder / "commits"))
    mariadb: float | None = None
    if mariadb_binary() is not None:
        with durable_mariadb() as url:
            mariadb = await measure_commits(Settings(data=folder, database_url=url))
    return {
        "deliveries_per_s": ours["per_s"],
        "cpu_us_per_delivery": ours["cpu_us"],
        "raw_cpu_us_per_delivery": raw["cpu_us"],
        "cpu_ratio_vs_raw": ours["cpu_us"] / raw["cpu_us"],
        "p50_ms": ours["p50_ms"],
        "p99_ms": ours["p99_ms"],
        "raw_p99_ms": raw["p99_ms"],
        "bytes_per_delivery": ours["bytes"],
        "lost": ours["lost"],
        "duplicated": ours["duplicated"],
        "edit_commit_per_s_sqlite": sqlite,
        "edit_commit_per_s_mariadb": mariadb,
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="coslide-bench-") as folder:
        figures = uvloop.run(measure(Path(folder)))
    rounded = {name: None if value is None else round(value, 2) for name, value in figures.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    main()

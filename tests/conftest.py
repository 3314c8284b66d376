"""Fixtures that everyone shares: databases, Redis, the shared data, Chromium.

| fixture | gives |
|---|---|
| `db_url` | the address of an empty database; the test runs once on SQLite and once on MariaDB |
| `database` | a `TortoiseContext` on `db_url` with all tables, current in the test and the tasks it starts |
| `sqlite_database` | the same on SQLite alone: for what does not depend on the database |
| `redis_url` | the address of an empty Redis database |
| `s3_server` | an `S3Server`, one for the whole run; each test makes buckets of its own in it |
| `triton_url` | host:port of a real Triton server with the project's own models |
| `standin_triton` | a `TritonProcess` with the stand-in models of `tests.servers.triton`, whose answers are known |
| `model_venv` | the model server's environment, for tests that start a `TritonProcess` of their own |
| `shared_data` | the folder of real slides, annotations and images beside the project |
| `chromium_path`, `node_path` | the browser's binary; Node's, for browser tests (`web/node_modules` is there too) |

A test is marked by what it asks for (`mariadb`, `redis`, `triton`, `shared_data`, `browser`), so
`-m "not mariadb"` leaves those out. A component that is missing skips its tests with the reason; in CI (`CI=true`)
that, and every other skip, is a failure.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext

from api.models.database import tortoise_config
from api.settings import Settings
from tests.components import SHARED_DATA, in_ci, missing
from tests.servers.mariadb import MariadbServer, running_mariadb
from tests.servers.redis import RedisServer, redis_binary
from tests.servers.s3 import S3Server
from tests.servers.standins import standin_repository, standin_triton
from tests.servers.triton import TritonProcess, triton_venv

# Property tests: as many examples as `make test` has time for, or, for `make fuzz`, many more.
hypothesis.settings.register_profile("tests", deadline=None, max_examples=100, derandomize=in_ci())
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=20_000)
hypothesis.settings.load_profile("tests")

__all__ = ["standin_repository", "standin_triton"]

ROOT = Path(__file__).resolve().parents[1]

_MARK_OF_FIXTURE = {
    "mariadb_server": "mariadb",
    "redis_server": "redis",
    "redis_url": "redis",
    "model_venv": "triton",
    "shared_data": "shared_data",
    "chromium_path": "browser",
    "node_path": "browser",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if mark := _MARK_OF_FIXTURE.get(fixture):
                item.add_marker(mark)


ReportT = TypeVar("ReportT", pytest.TestReport, pytest.CollectReport)


def _fail_when_skipped_in_ci(report: ReportT) -> ReportT:
    """In CI a skipped test is a failed test: a hole there would look like a pass."""
    if report.skipped and not hasattr(report, "wasxfail") and in_ci():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _fail_when_skipped_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _fail_when_skipped_in_ci((yield))


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """One MariaDB server for the whole run, started when the first test asks."""
    with running_mariadb() as server:
        yield server


@pytest.fixture(autouse=True)
def no_statements_of_another_database() -> None:
    """Tortoise keeps each row's INSERT by connection name, so MariaDB would be sent SQLite's."""
    EXECUTOR_CACHE.clear()


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database without tables: SQLite, then MariaDB."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'coslide.sqlite3'}"
        return
    server: MariadbServer = request.getfixturevalue("mariadb_server")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


async def _open_database(url: str) -> AsyncIterator[TortoiseContext]:
    async with TortoiseContext() as context:
        await context.init(config=tortoise_config(Settings(database_url=url)))
        await context.generate_schemas(safe=False)
        yield context


@pytest.fixture
async def database(db_url: str) -> AsyncIterator[TortoiseContext]:
    """All tables in an empty database, on SQLite and on MariaDB."""
    async for context in _open_database(db_url):
        yield context


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[TortoiseContext]:
    """All tables in an empty SQLite file."""
    async for context in _open_database(f"sqlite://{tmp_path / 'coslide.sqlite3'}"):
        yield context


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis server for the whole run. A test that takes Redis away makes a `RedisServer` of its own."""
    if redis_binary() is None:
        missing("A Redis server", "install Debian's redis-server")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty Redis database."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server that speaks S3. A test that takes it away makes an `S3Server` of its own."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def model_venv() -> Path:
    """The model server's own environment."""
    if not (triton_venv() / "bin" / "python").exists():
        missing(f"The model server's environment {triton_venv()}", "type make setup")
    return triton_venv()


@pytest.fixture(scope="session")
def triton_url(model_venv: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of one Triton server for the whole run, with the models of `model_repository/`."""
    server = TritonProcess(tmp_path_factory.mktemp("triton"), ROOT / "model_repository")
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real slides, annotations and images, `../shared/data`. Read only."""
    if not SHARED_DATA.is_dir():
        missing(f"The folder {SHARED_DATA}", "put the shared data beside the project")
    return SHARED_DATA


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Chromium's binary, for playwright-core's `executablePath`."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("Chromium", "install Debian's chromium")
    return Path(found)


@pytest.fixture(scope="session")
def node_path() -> Path:
    """Node's binary, with the web client's packages in `web/node_modules`."""
    found = shutil.which("node")
    if found is None or not (ROOT / "web" / "node_modules").is_dir():
        missing("Node with the web client's packages", "type make test, which brings both")
    return Path(found)

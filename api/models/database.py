"""The database: where it is, how it is opened, and whether its tables are up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tortoise import Tortoise, connections
from tortoise.migrations.api import migrate as run_migrations
from tortoise.migrations.executor import MigrationExecutor

from api.models import MODEL_MODULES
from api.settings import Settings

APP = "models"
MIGRATIONS = "api.models.migrations"
BUSY_TIMEOUT_MS = 15_000
POOL_SIZE = 20


def database_url(settings: Settings) -> str:
    """The address with this project's connection options, which a given query string overrides."""
    url = settings.database
    base, _, given = url.partition("?")
    if base.startswith("sqlite://"):
        options = f"journal_mode=WAL&busy_timeout={BUSY_TIMEOUT_MS}&synchronous=NORMAL"
    else:
        options = f"charset=utf8mb4&maxsize={POOL_SIZE}&pool_recycle=600"
    return f"{base}?{options}{'&' + given if given else ''}"


def tortoise_config(settings: Settings) -> dict[str, Any]:
    """Tortoise's configuration for the server, the workers and the migrations."""
    return {
        "connections": {"default": database_url(settings)},
        "apps": {APP: {"models": MODEL_MODULES, "default_connection": "default", "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[None]:
    """Open the database for this process, every task of it included; close it at the end."""
    settings.data.mkdir(parents=True, exist_ok=True)
    await Tortoise.init(config=tortoise_config(settings), _enable_global_fallback=True)
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def migrate(settings: Settings, progress: Callable[[str, str, str], object] | None = None) -> None:
    """Bring the tables up to date. `progress(event, app, name)` hears of each step."""
    settings.data.mkdir(parents=True, exist_ok=True)
    try:
        await run_migrations(config=tortoise_config(settings), progress=progress)
    finally:
        await Tortoise.close_connections()


async def pending_migrations() -> list[str]:
    """Names of migrations that the open database still lacks."""
    apps = {APP: {"models": MODEL_MODULES, "default_connection": "default", "migrations": MIGRATIONS}}
    plan = await MigrationExecutor(connections.get("default"), apps).plan(None)
    return [step.migration.name for step in plan]

"""The migrations make the tables that the rows ask for, on both databases."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector

from api.models.database import connected, migrate, pending_migrations, tortoise_config
from api.models.user import User
from api.settings import Settings

ROWS = Path(__file__).parents[2] / "api" / "models"


async def test_the_rows_have_no_change_that_no_migration_makes(tmp_path: Path) -> None:
    config = tortoise_config(Settings(data=tmp_path))
    async with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None
        writers = await MigrationAutodetector(context.apps, config["apps"]).changes()
    operations = [operation for writer in writers for operation in writer.operations]
    # Tortoise reads a one-to-one primary key back as another attribute than it wrote, and would alter it for ever.
    changes = [each for each in operations if getattr(each, "name", "") != "SlideSequence"]
    assert changes == [], "run `tortoise -c api.models.migration_config.TORTOISE_ORM makemigrations`, commit the result"


@pytest.mark.filterwarnings("ignore:Table 'tortoise_migrations' already exists")
async def test_an_empty_database_is_brought_up_to_date(db_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", database_url=db_url)
    applied: list[str] = []
    await migrate(settings, lambda event, app, name: applied.append(name) if "start" in event else None)
    assert applied == [
        "0001_initial",
        "0002_slides_pyramid_quota",
        "0003_live_comments",
        "0004_review_audit",
        "0005_prediction_queue",
        "0006_blind_projects",
        "0007_prediction_parts",
        "0008_tree_looks_tour",
    ]
    async with connected(settings):
        assert await pending_migrations() == []
        await User.create(name="Ann", color="#123456")
        assert await User.all().count() == 1
    applied.clear()
    await migrate(settings, lambda event, app, name: applied.append(name) if "start" in event else None)
    assert applied == []


@pytest.mark.parametrize("file", sorted(ROWS.glob("*.py")), ids=lambda file: file.stem)
def test_no_table_comment_has_a_semicolon(file: Path) -> None:
    """The first line of a row's docstring becomes the table's comment, and SQLite's migrations split at semicolons."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and (text := ast.get_docstring(node)):
            assert ";" not in text.splitlines()[0], node.name

"""A database from before review and the index of steps is brought up to date with what it holds."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from uuid import uuid4

from tortoise import Tortoise, connections
from tortoise.migrations.api import migrate as run_migrations

from api.annotations.history import annotation_steps
from api.annotations.query import annotation_by_id
from api.annotations.rows import UNREVIEWED
from api.models.database import connected, migrate, tortoise_config
from api.settings import Settings
from tests.annotations.shapes import square

PROJECT, SLIDE, LAYER, OTHER, ANNOTATION = (str(uuid4()) for _ in range(5))
AT = "2026-01-01 00:00:00"


async def insert(table: str, **values: object) -> None:
    """A row as the code of that time wrote it."""
    columns = ", ".join(f"`{name}`" for name in values)
    shown = ", ".join(_literal(value) for value in values.values())
    await connections.get("default").execute_script(f"INSERT INTO {table} ({columns}) VALUES ({shown})")


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return f"'{value}'" if isinstance(value, str) else str(value)


async def fill() -> None:
    """A slide with one annotation, drawn in step 1 and changed in step 3; step 2 touched another one."""
    await insert("project", id=PROJECT, name="Old", description="", created_at=AT)
    facts = {"sha256": "0" * 64, "filename": "a.svs", "size_bytes": 1, "vendor": "aperio", "width": 9, "height": 9}
    lists = {"tags": "[]", "levels": "[]", "associated": "[]"}
    await insert(
        "slide", id=SLIDE, project_id=PROJECT, name="A", description="", tile_size=256, created_at=AT, **facts, **lists
    )
    await insert("layer", id=LAYER, slide_id=SLIDE, kind="USER", name="Ada", color="#000000", created_at=AT)
    shape = square(0, 0, 10)
    extent = dict(
        zip(("min_x", "min_y", "max_x", "max_y", "area_px", "length_px"), (0, 0, 10, 10, 100, 40), strict=True)
    )
    kept = {"attributes": "{}", "note": "", "locked": 0, "version": 2, "geometry_version": 1, "cell": 0}
    times = {"created_at": AT, "updated_at": AT}
    await insert(
        "annotation",
        id=ANNOTATION,
        slide_id=SLIDE,
        layer_id=LAYER,
        kind="POLYGON",
        geometry=shape.packed,
        **extent,
        **kept,
        **times,
    )
    for seq, touched in enumerate(([ANNOTATION], [OTHER], [ANNOTATION, OTHER]), 1):
        bodies = [_body(id_, seq) for id_ in touched]
        event = json.dumps({"annotations": bodies, "layers": []})
        key = {"kind": "annotations", "client_id": "old", "mutation_id": str(seq)}
        await insert("slide_event", slide_id=SLIDE, seq=seq, body=event, created_at=AT, **key)


def _body(id_: str, version: int) -> dict[str, object]:
    at = ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00", None]
    what = {"kind": "POLYGON", "shape": "", "bounds": [0, 0, 10, 10], "area": 100, "length": 40, "attributes": {}}
    said = {"note": "", "locked": False, "version": version, "shaped": 1, "by": [None, None], "at": at}
    return {"id": id_, "layer": LAYER, "term": None, **what, **said}


async def test_what_was_there_is_a_draft_and_keeps_its_history(db_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", database_url=db_url)
    settings.data.mkdir()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Table 'tortoise_migrations' already exists")
        await run_migrations(config=tortoise_config(settings), target="models.0003_live_comments")
        await Tortoise.close_connections()
        async with connected(settings):
            await fill()
        await migrate(settings)
    async with connected(settings):
        row = await annotation_by_id(ANNOTATION)  # type: ignore[arg-type]
        assert row is not None
        assert (row.review, row.closed) == (UNREVIEWED, False)
        page = await annotation_steps(row, 10, None)
        assert [(step.seq, step.rows[0].review) for step in page.steps] == [(3, UNREVIEWED), (1, UNREVIEWED)]

"""The slides page with two thousand slides: sorted, narrowed by many conditions, and only what is in sight drawn."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.stories import Story
from tests.servers.coslide import ApiServer

MANY = 2000


def tags_of(number: int) -> list[str]:
    return [tag for tag, every in (("margin", 2), ("colon", 3)) if number % every == 0]


def is_annotated(number: int) -> bool:
    return number % 5 == 0


def multiply(database: Path, slide_id: str) -> None:
    """Make two thousand rows of the one slide: `Case n` has n kilobytes, tags and, every fifth, an annotation."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.row_factory = sqlite3.Row
        slide = dict(connection.execute("SELECT * FROM slide WHERE id = ?", (slide_id,)).fetchone())
        owner = slide["created_by_id"]
        connection.execute("UPDATE slide SET deleted_at = created_at WHERE id = ?", (slide_id,))
        columns = ", ".join(slide)
        for number in range(1, MANY + 1):
            row = slide | {"id": str(uuid4()), "name": f"Case {number}", "size_bytes": number * 1000}
            row |= {
                "tags": json.dumps(tags_of(number)),
                "created_at": f"2026-01-01 00:{number // 60:02}:{number % 60:02}+00:00",
            }
            connection.execute(
                f"INSERT INTO slide ({columns}) VALUES ({', '.join('?' * len(row))})", list(row.values())
            )
            connection.execute("INSERT INTO slide_sequence (slide_id, seq) VALUES (?, 0)", (row["id"],))
            if is_annotated(number):
                annotate(connection, row["id"], owner)


def annotate(connection: sqlite3.Connection, slide_id: str, owner: str) -> None:
    """One point on a slide, in a layer of its owner's."""

    def insert(table: str, **values: object) -> None:
        needed = {
            column["name"]: "" if "CHAR" in column["type"] or "TEXT" in column["type"] else 0
            for column in connection.execute(f"PRAGMA table_info({table})")
            if column["notnull"] and column["dflt_value"] is None
        }
        row = needed | values
        names = ", ".join(f'"{name}"' for name in row)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))

    layer, now = str(uuid4()), "2026-01-01 00:00:00+00:00"
    insert(
        "layer", id=layer, slide_id=slide_id, kind="USER", name="Ann", owner_id=owner, color="#123456", created_at=now
    )
    insert(
        "annotation",
        id=str(uuid4()),
        slide_id=slide_id,
        layer_id=layer,
        kind="POINT",
        geometry=b"",
        attributes="{}",
        review_state="DRAFT",
        created_at=now,
        updated_at=now,
    )


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_two_thousand_slides_are_sorted_narrowed_and_remembered(
    platform: ApiServer, story: Story, tmp_path: Path
) -> None:
    made = story("slides", phase="prepare")
    multiply(tmp_path / "data" / "coslide.sqlite3", made["slideId"])
    seen = story("slides", phase="look", projectId=made["projectId"])

    wanted = [n for n in range(1, MANY + 1) if is_annotated(n) and tags_of(n) == ["margin", "colon"]]
    for told in (seen["looks"]["en"], seen["looks"]["ko"]):
        assert told["cards"]["first"] == [f"Case {MANY}", f"Case {MANY - 1}"]
        assert told["cards"]["elements"] < 60
        assert told["largest"] == [f"Case {MANY}", f"Case {MANY - 1}", f"Case {MANY - 2}"]
        assert (told["rowCount"], told["smallest"]) == (str(MANY + 1), "Case 1")
        assert told["lines"] < 60
        assert str(len(wanted)) in told["narrowed"]["status"]
        assert told["narrowed"]["names"] == [f"Case {n}" for n in wanted][: len(told["narrowed"]["names"])]
        assert told["searched"] == [f"Case {n}" for n in wanted if str(n).startswith("12") or "12" in str(n)]
    assert sorted(seen["looks"]) == ["en", "ko"]

"""Keyset pages: whole, in order, and steady while rows come and go."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from api.errors import InvalidInput
from api.models.paging import bounded_first, decode_cursor, encode_cursor, fetch_page
from api.models.project import Project

ORDER = ("-created_at", "id")


async def make_projects(count: int) -> list[Project]:
    """Projects of which three each have the same time to the microsecond."""
    begin = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    rows = []
    for number in range(count):
        project = await Project.create(name=f"p{number:02}")
        project.created_at = begin + timedelta(microseconds=number // 3)
        await project.save(update_fields=["created_at"])
        rows.append(project)
    return rows


async def read_all(order: tuple[str, ...], first: int) -> list[list[Project]]:
    pages, after = [], None
    while True:
        page = await fetch_page(Project.all(), order, first, after)
        pages.append(list(page.rows))
        after = page.end_cursor
        if not page.has_next_page:
            return pages


@pytest.mark.parametrize(
    "order", [("-created_at", "id"), ("created_at", "-id"), ("name", "id"), ("-name", "created_at", "id")]
)
@pytest.mark.parametrize("first", [1, 4, 10, 11])
async def test_pages_together_are_the_sorted_list(
    database: TortoiseContext, order: tuple[str, ...], first: int
) -> None:
    await make_projects(10)
    pages = await read_all(order, first)
    expected = [row.id for row in await Project.all().order_by(*order)]
    assert [row.id for page in pages for row in page] == expected
    assert [len(page) for page in pages[:-1]] == [first] * (len(pages) - 1)


async def test_rows_that_come_and_go_neither_repeat_nor_hide_others(sqlite_database: TortoiseContext) -> None:
    rows = await make_projects(9)
    first = await fetch_page(Project.all(), ORDER, 4, None)
    await first.rows[-1].delete()
    await Project.create(name="newest")
    second = await fetch_page(Project.all(), ORDER, 100, first.end_cursor)
    assert {row.id for row in (*first.rows, *second.rows)} == {row.id for row in rows}
    assert len(first.rows) + len(second.rows) == 9


async def test_an_empty_list(sqlite_database: TortoiseContext) -> None:
    page = await fetch_page(Project.all(), ORDER, 5, None)
    assert (list(page.rows), page.has_next_page, page.end_cursor) == ([], False, None)


@pytest.mark.parametrize("first", [-1, 0, 501, 10**9])
def test_page_sizes_are_bounded(first: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        bounded_first(first)
    assert refused.value.message == f"first is {first}; ask for 1 to 500 at a time and continue with after."


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "é",
        encoded(7),
        encoded([]),
        encoded([["-created_at", "2026-01-01"]]),
        encoded([["id", "x"], ["-created_at", "2026-01-01T00:00:00+00:00"]]),
        encoded([["-created_at", "yesterday"], ["id", "00000000-0000-0000-0000-000000000000"]]),
        encoded([["-created_at", "2026-01-01T00:00:00+00:00"], ["id", "7"]]),
        encoded([["-created_at", None], ["id", None]]),
    ],
)
async def test_what_is_no_cursor_of_this_list(sqlite_database: TortoiseContext, cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await fetch_page(Project.all(), ORDER, 5, cursor)
    assert (refused.value.code, refused.value.field) == ("BAD_CURSOR", "after")


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_cursors_read_back(values: list[str]) -> None:
    order = [f"key{place}" for place in range(len(values))]
    assert decode_cursor(order, encode_cursor(order, values)) == values


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(ORDER, text)

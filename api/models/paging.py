"""Keyset pages: any list of rows, read a page at a time without counting or skipping what came before.

A cursor holds the sort values of the last row of a page, so rows added or removed meanwhile neither repeat nor
hide others.
Cursors are opaque to clients but not secret: they say nothing the page itself did not.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tortoise.exceptions import BaseORMException
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from api.errors import InvalidInput

MAX_PAGE = 500

R = TypeVar("R")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[R]):
    """Rows in order, whether more follow, and the cursor that goes on after the last (None when empty)."""

    rows: Sequence[R]
    has_next_page: bool
    end_cursor: str | None


def bounded_first(first: int, limit: int = MAX_PAGE) -> int:
    """`first` itself when it is 1 to `limit`; else `InvalidInput`."""
    if not 1 <= first <= limit:
        raise InvalidInput(
            f"first is {first}; ask for 1 to {limit} at a time and continue with after.",
            code="PAGE_SIZE",
            field="first",
            params={"limit": limit},
        )
    return first


def encode_cursor(order: Sequence[str], values: Sequence[object]) -> str:
    """An opaque cursor from the sort keys and one row's values, for `decode_cursor` with the same order."""
    pairs = [[key, str(value)] for key, value in zip(order, values, strict=True)]
    text = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(order: Sequence[str], cursor: str) -> list[str]:
    """The values of a cursor, as strings in the order of `order`.

    Raises:
        InvalidInput: if it is no cursor, or belongs to a list in another order.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        pairs = json.loads(text)
        keys, values = [key for key, _ in pairs], [value for _, value in pairs]
    except (binascii.Error, ValueError, TypeError) as error:
        raise _not_a_cursor() from error
    if keys != list(order) or not all(isinstance(value, str) for value in values):
        raise _not_a_cursor()
    return values


async def fetch_page(query: QuerySet[M], order: Sequence[str], first: int, after: str | None) -> Page[M]:
    """One page of `query`.

    Args:
        query: the rows, filtered, not yet ordered.
        order: columns that are never null, `-` before descending ones, such as `("-created_at", "id")`; the last
            must be unique.
        first: most rows in the page, 1 to 500.
        after: the `end_cursor` of the page before, or None for the first page.

    Raises:
        InvalidInput: a page size or cursor that can't be used.
    """
    limit = bounded_first(first)
    if after is not None:
        query = query.filter(_after(query.model, order, decode_cursor(order, after)))
    rows = await query.order_by(*order).limit(limit + 1)
    page = rows[:limit]
    end = encode_cursor(order, [getattr(page[-1], key.lstrip("-")) for key in order]) if page else None
    return Page(rows=page, has_next_page=len(rows) > limit, end_cursor=end)


def _after(model: type[Model], order: Sequence[str], texts: Sequence[str]) -> Q:
    """The condition "comes after these values": one key decides where all keys before it are equal."""
    try:
        values: list[Any] = [
            model._meta.fields_map[key.lstrip("-")].to_python_value(text)
            for key, text in zip(order, texts, strict=True)
        ]
    except (ValueError, TypeError, BaseORMException) as error:
        raise _not_a_cursor() from error
    condition = Q()
    for place, key in enumerate(order):
        column = key.lstrip("-")
        equal = {order[k].lstrip("-"): values[k] for k in range(place)}
        beyond = {f"{column}__{'lt' if key.startswith('-') else 'gt'}": values[place]}
        condition |= Q(**equal, **beyond)
    return condition


def _not_a_cursor() -> InvalidInput:
    return InvalidInput(
        "after is not a cursor of this list. Pass the endCursor of the page before, or leave it out.",
        code="BAD_CURSOR",
        field="after",
    )

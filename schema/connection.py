"""Pages in GraphQL, the same for every noun.

A connection type has `nodes` and `page_info`, made from an `api.models.paging.Page`:

    page = await list_slides(viewer, project_id, first, after)
    return SlideConnection(nodes=[Slide.of(row) for row in page.rows], page_info=PageInfo.of(page))
"""

from __future__ import annotations

from typing import Any

import strawberry

from api.models.paging import Page


@strawberry.type(description="Where a page ends and whether another follows.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether more nodes follow; ask for them with `after: endCursor`."
    )
    end_cursor: str | None = strawberry.field(description="Opaque place of the last node; null on an empty page.")

    @classmethod
    def of(cls, page: Page[Any]) -> PageInfo:
        """The GraphQL side of a page."""
        return cls(has_next_page=page.has_next_page, end_cursor=page.end_cursor)

"""Slides by id, and a project's slides."""

from __future__ import annotations

from typing import Any

import strawberry

from api.auth.permissions import require_project, require_visible_slide
from api.auth.viewer import Action
from api.slides import catalog
from schema.connection import PageInfo
from schema.context import Info
from schema.ids import uuid_of
from schema.slide import Slide


@strawberry.type(description="A page of slides.")
class SlideConnection:
    filters: strawberry.Private[dict[str, Any]]
    nodes: list[Slide] = strawberry.field(description="The slides, newest first.")
    page_info: PageInfo = strawberry.field(description="Whether more follow.")

    @strawberry.field(description="How many slides there are on all pages.")
    async def total_count(self) -> int:
        return await catalog.count_slides(**self.filters)


@strawberry.type
class SlideQuery:
    @strawberry.field(description="A slide of one of the viewer's projects; from the bin only for managers.")
    async def slide(self, info: Info, id: strawberry.ID) -> Slide | None:
        access = await require_visible_slide(info.context.viewer, uuid_of(id))
        return Slide.of(await catalog.get_slide(access.slide_id))

    @strawberry.field(description="A project's slides, newest first; its bin only for managers.")
    async def slides(
        self,
        info: Info,
        project_id: strawberry.ID,
        first: int = 50,
        after: str | None = None,
        search: str | None = None,
        tag: str | None = None,
        in_bin: bool = False,
    ) -> SlideConnection:
        project = uuid_of(project_id, "projectId")
        await require_project(info.context.viewer, project, Action.MANAGE if in_bin else Action.VIEW)
        filters: dict[str, Any] = {"project_id": project, "search": search, "tag": tag, "in_bin": in_bin}
        page = await catalog.list_slides(first=first, after=after, **filters)
        nodes = [Slide.of(row) for row in page.rows]
        return SlideConnection(filters=filters, nodes=nodes, page_info=PageInfo.of(page))

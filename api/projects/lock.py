"""One writer at a time for what a project's rules look at together: its owners, its terms."""

from __future__ import annotations

from uuid import UUID

from tortoise.expressions import F

from api.models.project import Project


async def lock_project(project_id: UUID) -> None:
    """Make other writers of this project's members or terms wait until the transaction around ends.

    An UPDATE that changes nothing locks the row on MySQL and the file on SQLite, where it must be the first statement.
    """
    await Project.filter(id=project_id).update(created_by_id=F("created_by_id"))

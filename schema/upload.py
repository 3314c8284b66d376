"""Files that are being received."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api.auth.permissions import require_project, require_viewer
from api.auth.viewer import Action
from api.models.slide import Upload as UploadRow
from api.slides import catalog
from schema.context import Info
from schema.failure import Failure
from schema.ids import uuid_of
from schema.scalars import Json
from schema.slide import Slide, load_slide


@strawberry.type(description="A file that is being received, or was refused.")
class Upload:
    row: strawberry.Private[UploadRow]
    id: strawberry.ID = strawberry.field(description="The upload's id; go on at /uploads/{id} by tus.")
    filename: str = strawberry.field(description="The file's name.")
    length: float = strawberry.field(description="Its size in bytes.")
    offset: float = strawberry.field(description="The bytes that are safe.")
    status: str = strawberry.field(description="RECEIVING, CHECKING, DONE or REFUSED.")
    progress: float | None = strawberry.field(
        description="How much of a flat picture was made into a pyramid, 0 to 1; null where none is made."
    )
    error: Failure | None = strawberry.field(description="Why it was refused.")
    created_at: datetime = strawberry.field(description="When it began.")

    @classmethod
    def of(cls, row: UploadRow) -> Upload:
        """The GraphQL side of a row."""
        error = row.error
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            filename=row.filename,
            length=float(row.length),
            offset=float(row.offset),
            status=row.status.value,
            progress=row.progress,
            error=Failure(code=error["code"], message=error["message"], params=Json(error["params"]))
            if error
            else None,
            created_at=row.created_at,
        )

    @strawberry.field(description="The slide it became.")
    async def slide(self, info: Info) -> Slide | None:
        return await load_slide(info.context, self.row.slide_id)


@strawberry.type
class UploadQuery:
    @strawberry.field(description="The viewer's uploads to a project that have not become slides, newest first.")
    async def uploads(self, info: Info, project_id: strawberry.ID) -> list[Upload]:
        project = uuid_of(project_id, "projectId")
        viewer = require_viewer(info.context.viewer)
        await require_project(viewer, project, Action.UPLOAD)
        return [Upload.of(row) for row in await catalog.list_uploads(project, viewer.user_id)]

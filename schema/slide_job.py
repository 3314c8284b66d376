"""Work on a slide's file that takes longer than a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from api.models.slide_job import SlideJob as SlideJobRow
from api.models.slide_job import SlideJobKind, SlideJobStatus
from api.rewriting import jobs
from schema.context import Info
from schema.failure import Failure
from schema.loaders import Loader
from schema.scalars import Json
from schema.user import User, load_user

strawberry.enum(
    SlideJobKind,
    description="TRANSCODE: make a pyramid whose tiles need no decoding, beside the file. REMOVE_IMAGES: take label "
    "and macro out of the file. KEEP_PYRAMID: put such a pyramid in the file's place.",
)
strawberry.enum(SlideJobStatus, description="How far the work is.")


@strawberry.type(description="Work on a slide's file.")
class SlideJob:
    requested_by_id: strawberry.Private[UUID | None]
    id: strawberry.ID = strawberry.field(description="The job's id.")
    kind: SlideJobKind = strawberry.field(description="What is done.")
    status: SlideJobStatus = strawberry.field(description="How far it is.")
    progress: float = strawberry.field(description="How much of a pyramid is made, 0 to 1.")
    error: Failure | None = strawberry.field(description="Why it failed.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def of(cls, row: SlideJobRow) -> SlideJob:
        """The GraphQL side of a row."""
        error = row.error
        return cls(
            requested_by_id=row.requested_by_id,
            id=strawberry.ID(str(row.id)),
            kind=row.kind,
            status=row.status,
            progress=row.progress,
            error=Failure(code=error["code"], message=error["message"], params=Json(error["params"]))
            if error
            else None,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )

    @strawberry.field(description="Who asked for it.")
    async def requested_by(self, info: Info) -> User | None:
        return await load_user(info, self.requested_by_id)


class LatestJobBySlideLoader(Loader[UUID, SlideJobRow | None]):
    """The newest job on each slide's file."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, SlideJobRow | None]:
        return await jobs.latest_of(list(keys))

    def absent(self, key: UUID) -> SlideJobRow | None:
        return None

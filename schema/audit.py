"""The audit log: permission changes, exports, deletions and sign-ins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from api.auth import audit
from api.models.audit import AuditEntry as AuditEntryRow
from api.models.audit import AuditKind
from schema.connection import PageInfo
from schema.context import Info
from schema.ids import optional_uuid
from schema.scalars import Json
from schema.user import User, load_user

strawberry.enum(AuditKind, description="What an entry of the audit log is about.")


@strawberry.type(description="Something that was done. It is never changed and outlives what it was done to.")
class AuditEntry:
    actor_id: strawberry.Private[UUID | None]
    id: strawberry.ID = strawberry.field(description="The entry's id.")
    created_at: datetime = strawberry.field(description="When.")
    kind: AuditKind = strawberry.field(description="What happened.")
    actor_name: str = strawberry.field(description="Who did it, as they were called then; empty for nobody known.")
    address: str = strawberry.field(description="The network address it came from; empty for the server itself.")
    project_id: strawberry.ID | None = strawberry.field(description="The project it concerns, if it is about one.")
    subject_id: strawberry.ID | None = strawberry.field(description="What it was done to.")
    subject_name: str = strawberry.field(description="What that was called then.")
    details: Json = strawberry.field(description="What else is to be said, a JSON object.")

    @classmethod
    def of(cls, row: AuditEntryRow) -> AuditEntry:
        """The GraphQL side of a row."""
        return cls(
            actor_id=row.actor_id,
            id=strawberry.ID(str(row.id)),
            created_at=row.created_at,
            kind=AuditKind(row.kind),
            actor_name=row.actor_name,
            address=row.address,
            project_id=strawberry.ID(str(row.project_id)) if row.project_id else None,
            subject_id=strawberry.ID(row.subject_id) if row.subject_id else None,
            subject_name=row.subject_name,
            details=Json(row.details),
        )

    @strawberry.field(description="Who did it; null for someone who is gone, and for nobody known.")
    async def actor(self, info: Info) -> User | None:
        return await load_user(info, self.actor_id)


@strawberry.type(description="A page of the audit log, newest first.")
class AuditEntryConnection:
    nodes: list[AuditEntry] = strawberry.field(description="The entries.")
    page_info: PageInfo = strawberry.field(description="Whether older ones follow.")


@strawberry.type
class AuditQuery:
    @strawberry.field(
        description="Who changed permissions, took data out, deleted something or signed in. A project's entries are "
        "for its managers; without a project, all of the server's, for administrators."
    )
    async def audit_log(
        self,
        info: Info,
        project_id: strawberry.ID | None = None,
        kinds: list[AuditKind] | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> AuditEntryConnection:
        page = await audit.list_entries(
            info.context.viewer, optional_uuid(project_id, "projectId"), kinds=kinds, first=first, after=after
        )
        return AuditEntryConnection(nodes=[AuditEntry.of(row) for row in page.rows], page_info=PageInfo.of(page))

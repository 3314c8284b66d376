"""The audit log: who changed permissions, took data out, deleted something or signed in; what, when and from where.

An entry is written in the transaction of what it tells about, when there is one, so that neither is there without the
other. Nothing changes or removes entries. Rules A1-A5 of docs/spec.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send
from tortoise.backends.base.client import BaseDBAsyncClient

from api.auth.permissions import SlideAccess, require_project, require_session, require_viewer
from api.auth.viewer import Action, Viewer
from api.errors import NotPermitted
from api.models.audit import AuditEntry, AuditKind
from api.models.paging import Page, fetch_page
from api.models.user import User

ORDER = ("-id",)

_address: ContextVar[str] = ContextVar("address", default="")


class KnowAddress:
    """ASGI middleware: entries written while a request or socket is served say where it came from."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client:
            _address.set(client[0])
        await self.app(scope, receive, send)


def present_address() -> str:
    """Where the request that is being served came from; empty for what the platform does by itself."""
    return _address.get()


async def record(
    kind: AuditKind,
    who: Viewer | User | None,
    *,
    project_id: UUID | None = None,
    subject_id: UUID | str | None = None,
    subject_name: str = "",
    details: Mapping[str, Any] | None = None,
    address: str | None = None,
    connection: BaseDBAsyncClient | None = None,
) -> None:
    """Write an entry.

    Args:
        kind: what happened.
        who: who did it; None for the platform itself, and for someone who could not prove who they are.
        project_id: the project whose managers may read it; None for what concerns an account alone.
        subject_id: what it was done to, and `subject_name` its name at that time.
        address: where from, when it is not the request being served.
        connection: of the transaction it belongs to, where Tortoise does not know it by itself.
    """
    user_id = who.user_id if isinstance(who, Viewer) else who.id if who else None
    await AuditEntry.create(
        using_db=connection,
        kind=kind.value,
        actor_id=user_id,
        actor_name=(who.name if who else "")[:120],
        address=(present_address() if address is None else address)[:64],
        project_id=project_id,
        subject_id=str(subject_id)[:64] if subject_id is not None else None,
        subject_name=subject_name[:255],
        details=dict(details or {}),
    )


async def record_slide(
    kind: AuditKind, who: Viewer | None, access: SlideAccess, name: str, details: Mapping[str, Any] | None = None
) -> None:
    """Write an entry about a slide; `name` is what it is called now."""
    await record(
        kind, who, project_id=access.project_id, subject_id=access.slide_id, subject_name=name, details=details
    )


async def list_entries(
    viewer: Viewer | None,
    project_id: UUID | None,
    *,
    kinds: Collection[AuditKind] | None,
    first: int,
    after: str | None,
) -> Page[AuditEntry]:
    """A page of entries, newest first: a project's for its managers, all of the server's for administrators.

    Raises:
        NotSignedIn, NotFound, NotPermitted: as `require_project`; without a project, for who is no administrator.
    """
    query = AuditEntry.all()
    if project_id is not None:
        if not require_viewer(viewer).is_admin:
            await require_project(viewer, project_id, Action.MANAGE)
        query = query.filter(project_id=project_id)
    elif not require_session(viewer).is_admin:
        raise NotPermitted("Only administrators may read the server's audit log. Ask for the log of a project.")
    if kinds is not None:
        query = query.filter(kind__in=sorted(kinds))
    return await fetch_page(query, ORDER, first, after)

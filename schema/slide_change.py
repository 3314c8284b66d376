"""A change of a slide's own row, and the event that tells its followers: one transaction, then the hint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from api.auth.permissions import require_viewer
from api.collaboration.channel import announce
from api.collaboration.log import EventKind, Origin, slide_transaction
from schema.context import Context


@asynccontextmanager
async def logged_change(context: Context, slide_id: UUID, *, deleted: bool = False) -> AsyncIterator[None]:
    """Commit what the block changes about the slide together with its event; nothing of either when it raises."""
    origin = Origin(require_viewer(context.viewer).user_id, f"slide:{uuid4().hex}", "change")
    async with slide_transaction(slide_id, origin) as transaction:
        yield
        await transaction.append(EventKind.SLIDE, {"deleted": deleted})
    await announce(context.app.channel, slide_id, transaction.seq)

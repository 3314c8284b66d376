"""A step in the logs of all slides of a project, in the transaction of what it tells about.

Followers of every slide meet it in their order of events, now or when they come back: that is how a client learns that
what it holds is no longer what its person may see.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from api.collaboration.log import EventKind, LoggedEvent
from api.models.slide import SlideSequence
from api.models.sql import marked

SIGHT, EVERYONE = "sight", "everyone"
"""What an event's body says when people see other layers than before: `EVERYONE`, or the id of the one who does."""

BATCH = 500
_COLUMNS = "slide_id, seq, kind, actor_id, client_id, mutation_id, body, created_at"


def changes_sight(event: LoggedEvent, user_id: UUID) -> bool:
    """Whether the person sees other layers from this event on, so that what their client holds is not to be kept."""
    return event.kind is EventKind.SLIDE and event.body.get(SIGHT) in (EVERYONE, str(user_id))


async def append_to_all(connection: BaseDBAsyncClient, project_id: UUID, actor_id: UUID, body: object) -> None:
    """Append a SLIDE event to each slide of the project, slides in its bin too.

    Slides are locked in the order of their ids, as everybody does who locks several.
    """
    sequences = SlideSequence.filter(slide__project_id=project_id).using_db(connection)
    slide_ids = [str(slide_id) for slide_id in await sequences.order_by("slide_id").values_list("slide_id", flat=True)]
    shared = [EventKind.SLIDE.value, str(actor_id), f"project:{uuid4().hex}", orjson.dumps(body).decode()]
    for start in range(0, len(slide_ids), BATCH):
        batch = slide_ids[start : start + BATCH]
        chosen = f"slide_id IN ({', '.join('?' * len(batch))})"
        advance = f"UPDATE slide_sequence SET seq = seq + 1 WHERE {chosen}"  # noqa: S608 - only marks are put in
        await connection.execute_query(marked(connection, advance), batch)
        events = (
            f"INSERT INTO slide_event ({_COLUMNS}) "  # noqa: S608 - names are our own
            f"SELECT slide_id, seq, ?, ?, ?, slide_id, ?, ? FROM slide_sequence WHERE {chosen}"
        )
        await connection.execute_query(marked(connection, events), [*shared, datetime.now(UTC), *batch])

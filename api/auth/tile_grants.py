"""Signed, short-lived grants for one slide's pixels: for viewers that can't send cookies or headers.

While it is `FRESH` a grant opens tiles by itself, without the database. After that it only says who asks: their role is
looked up again, so a removed member loses the tiles.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.auth.secrets import sign, verify
from api.auth.viewer import Scope, Viewer
from api.errors import NotFound
from api.models.project import Role
from api.settings import Settings

PURPOSE = "tiles"
TTL = timedelta(minutes=10)
FRESH = timedelta(seconds=40)


@dataclass(frozen=True)
class TileGrant:
    """A grant whose signature holds.

    Attributes:
        viewer: who it was given to; may only read.
        role: what they were to the slide's project when it was signed.
        is_fresh: whether that was a moment ago.
    """

    viewer: Viewer
    role: Role
    is_fresh: bool


def sign_tile_grant(settings: Settings, viewer: Viewer, role: Role, slide_id: UUID) -> tuple[str, datetime]:
    """A grant for `?grant=` on the slide's tiles, and when it ends."""
    expires_at = datetime.now(UTC) + TTL
    payload = {"slide": str(slide_id), "user": str(viewer.user_id), "role": role.value, "at": time.time()}
    return sign(settings, PURPOSE, payload, TTL.total_seconds()), expires_at


def read_tile_grant(settings: Settings, grant: str, slide_id: UUID) -> TileGrant:
    """What a grant says.

    Raises:
        NotPermitted: it is forged or has ended.
        NotFound: it is for another slide.
    """
    payload = verify(settings, PURPOSE, grant)
    if payload["slide"] != str(slide_id):
        raise NotFound(f"There is no slide {slide_id}, or this grant is for another one.")
    viewer = Viewer(user_id=UUID(payload["user"]), name="", credential="grant", scopes=frozenset({Scope.READ}))
    return TileGrant(viewer, Role(payload["role"]), time.time() - payload["at"] < FRESH.total_seconds())

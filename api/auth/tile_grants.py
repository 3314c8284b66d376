"""Signed, short-lived grants for one slide's pixels: for viewers that can send neither a cookie nor a header "
"with an image.

A grant says who asks, not what they may do: their role is still looked up, so a removed member loses the tiles at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.auth.secrets import sign, verify
from api.auth.viewer import Scope, Viewer
from api.errors import NotFound
from api.settings import Settings

PURPOSE = "tiles"
TTL = timedelta(minutes=10)


def sign_tile_grant(settings: Settings, viewer: Viewer, slide_id: UUID) -> tuple[str, datetime]:
    """A grant for `?grant=` on the slide's tiles, and when it ends."""
    expires_at = datetime.now(UTC) + TTL
    payload = {"slide": str(slide_id), "user": str(viewer.user_id)}
    return sign(settings, PURPOSE, payload, TTL.total_seconds()), expires_at


def viewer_of_grant(settings: Settings, grant: str, slide_id: UUID) -> Viewer:
    """Who a grant was given to; such a viewer may only read.

    Raises:
        NotPermitted: it is forged or has ended.
        NotFound: it is for another slide.
    """
    payload = verify(settings, PURPOSE, grant)
    if payload["slide"] != str(slide_id):
        raise NotFound(f"There is no slide {slide_id}, or this grant is for another one.")
    return Viewer(user_id=UUID(payload["user"]), name="", credential="grant", scopes=frozenset({Scope.READ}))

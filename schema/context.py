"""What every resolver gets: the viewer, the loaders and the application's parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import strawberry

from api.auth.permissions import SlideAccess
from api.auth.viewer import Viewer

if TYPE_CHECKING:
    from api.settings import Settings

L = TypeVar("L")


@dataclass
class Context:
    """One per HTTP request or WebSocket connection.

    Attributes:
        viewer: who asks; None for a stranger.
        app: the application's long-lived parts, `Starlette.state` (settings, storage, channel, feeds, presence,
            models).
        refused: whether a credential came that is not, or no longer, valid.
        loaders: DataLoaders by class, made on first use by `loader`.
        connection_params: what a socket's first message carried; Strawberry fills it.
        rights: what the viewer was found to be on slides, and until when that is believed, by the loop's clock.
        present: (slide id, client id) pairs that showed presence here; they leave when the socket's stream ends.
    """

    viewer: Viewer | None
    settings: Settings
    app: Any
    refused: bool = False
    loaders: dict[type[Any], Any] = field(default_factory=dict)
    connection_params: dict[str, Any] | None = None
    rights: dict[UUID, tuple[SlideAccess, float]] = field(default_factory=dict)
    present: set[tuple[UUID, str]] = field(default_factory=set)

    def loader(self, kind: type[L]) -> L:
        """The loader of that class for this request; `kind` takes no arguments, such as `UserByIdLoader`."""
        if kind not in self.loaders:
            self.loaders[kind] = kind()
        return cast("L", self.loaders[kind])


Info = strawberry.Info[Context, None]

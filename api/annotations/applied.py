"""What a call did to annotations, and who may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from api.annotations.changes import Editor
from api.annotations.inverse import Skipped
from api.annotations.rows import AnnotationRow, LayerRow
from api.annotations.sight import sees
from api.auth.permissions import SlideAccess, require_role
from api.auth.viewer import Action
from api.collaboration.log import LoggedEvent, Origin
from api.errors import NotSignedIn


@dataclass(frozen=True)
class Applied:
    """What a call did: the seq it is visible at, the annotations as it left them, and what undo or redo left alone."""

    seq: int
    rows: tuple[AnnotationRow, ...]
    layers: tuple[LayerRow, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @classmethod
    def from_event(cls, slide_id: UUID, event: LoggedEvent) -> Applied:
        """From the event that carries it: a first call and its replay read the same."""
        return cls(
            event.seq,
            tuple(AnnotationRow.from_body(slide_id, body) for body in event.body["annotations"]),
            tuple(LayerRow.from_body(slide_id, body) for body in event.body["layers"]),
            tuple(Skipped(UUID(s["id"]), s["code"], s["message"]) for s in (event.result or {}).get("skipped", ())),
        )

    def seen_by(self, only_own: UUID | None, layers: Mapping[UUID, LayerRow]) -> Applied:
        """What of it someone may be told: they may have seen more when they did it. `layers` are those they may see."""
        if only_own is None:
            return self
        return replace(self, rows=tuple(row for row in self.rows if sees(only_own, layers.get(row.layer_id))))


def editor_of(access: SlideAccess, origin: Origin) -> Editor:
    """The person behind `origin`, who must be allowed to annotate."""
    if origin.actor_id is None:
        raise NotSignedIn("Annotations are changed by people; sign in and try again.")
    require_role(access.role, Action.ANNOTATE)
    return Editor(origin.actor_id, access.role, access.only_own)

"""What happens on a slide, live."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import strawberry

from api.annotations.rows import AnnotationRow, LayerRow
from api.annotations.sight import sees, sees_body
from api.auth.permissions import SlideAccess, require_slide, require_viewer
from api.auth.viewer import Action, Viewer
from api.collaboration.everywhere import changes_sight
from api.collaboration.feed import Follower, Item, Resync
from api.collaboration.log import EventKind, LoggedEvent
from api.collaboration.presence import BlindView, Person, PresenceNews
from api.comments.threads import seen_threads
from api.errors import InvalidInput
from api.predictions.live import PredictionNews
from schema.annotation import Annotation, Layer
from schema.annotation_loaders import LayerByIdLoader
from schema.context import Context, Info
from schema.ids import uuid_of
from schema.prediction import PredictionProgressed
from schema.slide import Slide, load_slide
from schema.user import User, load_user


@strawberry.type(description="Annotations or layers changed: one step of the slide's sequence.")
class AnnotationsChanged:
    actor_id: strawberry.Private[UUID | None]
    seq: int = strawberry.field(description="The slide's sequence after it.")
    client_id: str = strawberry.field(
        description="Which client did it; empty for a step that a blind project hides, which has nothing but its seq."
    )
    mutation_id: str = strawberry.field(description="Which of its changes it was; the author knows its own by it.")
    annotations: list[Annotation] = strawberry.field(description="The annotations after it; tombstones have deletedAt.")
    layers: list[Layer] = strawberry.field(description="Layers that are new or changed.")

    @strawberry.field(description="Who did it; null for the platform itself.")
    async def actor(self, info: Info) -> User | None:
        return await load_user(info, self.actor_id)


@strawberry.type(description="One client of one person on the slide.")
class PresentPerson:
    person: strawberry.Private[Person]
    client_id: str = strawberry.field(description="The client's id.")
    cursor: list[float] | None = strawberry.field(description="[x, y] in level-0 pixels.")
    viewport: list[float] | None = strawberry.field(description="[x, y, width, height] in level-0 pixels.")
    selection: list[strawberry.ID] = strawberry.field(description="Ids of the selected annotations.")
    tool: str | None = strawberry.field(description="The tool in hand.")
    stroke: list[float] | None = strawberry.field(description="[x, y, x, y, …] of the stroke being drawn.")
    presenting: bool = strawberry.field(description="Whether others are asked to follow it.")

    @classmethod
    def of(cls, person: Person) -> PresentPerson:
        """The GraphQL side of a person's presence."""
        return cls(
            person=person,
            client_id=person.client_id,
            cursor=list(person.cursor) if person.cursor else None,
            viewport=list(person.viewport) if person.viewport else None,
            selection=[strawberry.ID(item) for item in person.selection],
            tool=person.tool,
            stroke=list(person.stroke) if person.stroke else None,
            presenting=person.presenting,
        )

    @strawberry.field(description="Who it is.")
    async def user(self, info: Info) -> User:
        user = await load_user(info, self.person.user_id)
        assert user is not None, "accounts are disabled, never deleted"
        return user


@strawberry.type(description="People came, moved or went. Never stored; the first one after joining lists everybody.")
class PresenceChanged:
    people: list[PresentPerson] = strawberry.field(description="Clients that are new or changed, as they are now.")
    left: list[str] = strawberry.field(description="Client ids that left.")


@strawberry.type(description="Comments on the slide changed; ask for them again.")
class CommentsChanged:
    seq: int = strawberry.field(description="The slide's sequence after it.")
    thread_ids: list[strawberry.ID] = strawberry.field(description="The threads that are new or changed.")


@strawberry.type(description="The slide itself changed.")
class SlideChanged:
    seq: int = strawberry.field(description="The slide's sequence after it.")
    slide: Slide | None = strawberry.field(description="The slide as it is now.")
    deleted: bool = strawberry.field(description="Whether it was put into the bin.")


@strawberry.type(description="The stream ends here: load the slide's annotations, then follow again from their seq.")
class ResyncRequired:
    seq: int = strawberry.field(description="Where the slide is now.")
    reason: str = strawberry.field(
        description="PRUNED: the log no longer reaches back; FAR_BEHIND: too many events; SIGHT_CHANGED: the viewer "
        "sees other layers than before, because the project became blind or open, or by another role."
    )


SlideEvent = Annotated[
    AnnotationsChanged | PredictionProgressed | PresenceChanged | CommentsChanged | SlideChanged | ResyncRequired,
    strawberry.union("SlideEvent", description="Something that happened on a slide."),
]


@strawberry.type(description="Everything that can be followed.")
class Subscription:
    @strawberry.subscription(
        description="Everything on a slide after sinceSeq, without gap or repetition, then live; without sinceSeq from "
        "now on. Ends with an error within 2 s of the viewer's session or membership."
    )
    async def slide_events(
        self, info: Info, slide_id: strawberry.ID, since_seq: int | None = None
    ) -> AsyncGenerator[SlideEvent, None]:
        context = info.context
        standing = Standing(await permit_stream(context, slide_id, since_seq))
        async with aclosing(followed(context, since_seq, standing)) as items:
            async for item in items:
                yield await event_of(context, standing.access, item)


class Standing(Follower):
    """What a stream's viewer may now."""

    def __init__(self, access: SlideAccess) -> None:
        self.access = access

    def moved(self, access: SlideAccess) -> None:
        self.access = access


async def permit_stream(context: Context, slide_id: str, since_seq: int | None) -> SlideAccess:
    """The viewer's right to follow a slide.

    Raises:
        NotSignedIn, NotFound, NotPermitted, InvalidInput: they may not, or it can't be.
    """
    viewer = require_viewer(context.viewer)
    if since_seq is not None and since_seq < 0:
        raise InvalidInput("sinceSeq is negative. Send the seq of the last event you have, or 0.", field="sinceSeq")
    return await require_slide(viewer, uuid_of(strawberry.ID(slide_id), "slideId"), Action.VIEW)


async def followed(context: Context, since_seq: int | None, standing: Standing) -> AsyncGenerator[Item, None]:
    """What happens on the slide; when the stream ends, the socket's clients leave the slide.

    It ends with `Resync` after an event from which on the viewer sees other layers. Rules B8 and B9 of docs/spec.md.
    """
    viewer, slide_id = require_viewer(context.viewer), standing.access.slide_id
    blind = BlindView(viewer.user_id)
    try:
        async with aclosing(context.app.feeds.follow(slide_id, since_seq, viewer, standing)) as items:
            async for item in items:
                if isinstance(item, PresenceNews) and standing.access.only_own is not None:
                    if (shown := blind.of(item)) is not None:
                        yield shown
                    continue
                yield item
                if isinstance(item, LoggedEvent) and changes_sight(item, viewer.user_id):
                    yield Resync(item.seq, "SIGHT_CHANGED")
                    return
    finally:
        _leave(context, slide_id, viewer)


async def event_of(context: Context, access: SlideAccess, item: Item) -> SlideEvent:
    """The item as the schema's type, with what those of this access see of it."""
    match item:
        case Resync(seq, reason):
            return ResyncRequired(seq=seq, reason=reason)
        case PresenceNews(people, left):
            return PresenceChanged(people=[PresentPerson.of(person) for person in people.values()], left=sorted(left))
        case PredictionNews():
            return PredictionProgressed.of(item)
        case LoggedEvent(kind=EventKind.SLIDE):
            slide = await load_slide(context, access.slide_id)
            return SlideChanged(seq=item.seq, slide=slide, deleted=bool(item.body.get("deleted")))
        case LoggedEvent(kind=EventKind.COMMENTS):
            ids = await seen_threads(access, item.body["threads"])
            return CommentsChanged(seq=item.seq, thread_ids=[strawberry.ID(id_) for id_ in ids])
        case LoggedEvent():
            return await _annotations_changed(context, access, item)
        case _:
            raise TypeError(f"a slide's feed gave {type(item).__name__}, which no event stands for")


async def _annotations_changed(context: Context, access: SlideAccess, event: LoggedEvent) -> AnnotationsChanged:
    """The event with the annotations and layers that are seen; with none of them it says nothing but its seq."""
    slide_id, only_own = access.slide_id, access.only_own
    rows, layers = event.body["annotations"], [LayerRow.from_body(slide_id, body) for body in event.body["layers"]]
    if only_own is not None:
        found = await context.loader(LayerByIdLoader).load_many([UUID(row["layer"]) for row in rows])
        known = {layer.id: layer for layer in found if layer is not None}
        rows = [row for row in rows if sees_body(only_own, row, known)]
        layers = [layer for layer in layers if sees(only_own, layer)]
    told = bool(rows or layers) or only_own in (None, event.actor_id)
    return AnnotationsChanged(
        actor_id=event.actor_id if told else None,
        seq=event.seq,
        client_id=event.client_id if told else "",
        mutation_id=event.mutation_id if told else "",
        annotations=[Annotation.of(AnnotationRow.from_body(slide_id, row)) for row in rows],
        layers=[Layer.of(layer) for layer in layers],
    )


def _leave(context: Context, slide_id: UUID, viewer: Viewer) -> None:
    """The socket's stream of the slide has ended, so its clients have left the slide."""
    for present in [present for present in context.present if present[0] == slide_id]:
        context.present.discard(present)
        context.app.presence.leave(*present, viewer.user_id)

"""Who is on a slide and what they point at. Never stored: it lives in memory, moves through the channel, and ends.

Every process that has followers of a slide keeps the slide's people from the channel's messages, its own included, so
that one code path serves one process and many. Rules P1-P5 of docs/spec.md.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from api.collaboration.channel import Channel, Message
from api.collaboration.feed import Transient
from api.errors import Conflict, InvalidInput

TTL_S = 30.0
SWEEP_S = 1.0
FLUSH_S = 0.05
"""At most 20 messages a second and slide leave a process."""
MAX_STROKE_NUMBERS = 4000
MAX_SELECTION = 1000


@dataclass(frozen=True)
class Person:
    """One client of one person on a slide; coordinates are level-0 pixels.

    Attributes:
        cursor: (x, y).
        viewport: (x, y, width, height).
        stroke: x and y of the points of the stroke being drawn, in turn.
        presenting: whether the others are asked to follow this client.
    """

    client_id: str
    user_id: UUID
    cursor: tuple[float, ...] | None = None
    viewport: tuple[float, ...] | None = None
    selection: tuple[str, ...] = ()
    tool: str | None = None
    stroke: tuple[float, ...] | None = None
    presenting: bool = False

    def __post_init__(self) -> None:
        for name, value, count in (("cursor", self.cursor, 2), ("viewport", self.viewport, 4)):
            if value is not None and len(value) != count:
                raise InvalidInput(f"{name} has {len(value)} numbers; send {count}.", field=name)
        if self.stroke is not None and (len(self.stroke) % 2 or len(self.stroke) > MAX_STROKE_NUMBERS):
            raise InvalidInput(
                f"stroke has {len(self.stroke)} numbers; send pairs x, y, at most {MAX_STROKE_NUMBERS} numbers.",
                field="stroke",
            )
        if not all(map(math.isfinite, (*(self.cursor or ()), *(self.viewport or ()), *(self.stroke or ())))):
            raise InvalidInput("A coordinate is not a finite number. Send level-0 pixels.", field="cursor")
        if len(self.selection) > MAX_SELECTION or any(len(item) > 36 for item in self.selection):
            raise InvalidInput(f"selection has more than {MAX_SELECTION} ids, or one too long.", field="selection")
        if not 1 <= len(self.client_id) <= 48 or len(self.tool or "") > 32:
            raise InvalidInput("clientId must have 1 to 48 characters and tool at most 32.", field="clientId")

    def in_blind(self) -> Person:
        """What others in a blind project are shown of it: that it is here, and of a presenter where it looks."""
        shown = Person(self.client_id, self.user_id, presenting=self.presenting)
        return replace(shown, cursor=self.cursor, viewport=self.viewport) if self.presenting else shown

    @classmethod
    def from_message(cls, values: dict[str, Any]) -> Person:
        """From a channel message."""
        points = {name: tuple(values[name]) if values[name] is not None else None for name in _POINTS}
        return cls(
            values["client_id"],
            UUID(values["user_id"]),
            selection=tuple(values["selection"]),
            tool=values["tool"],
            presenting=values.get("presenting", False),
            **points,
        )


_POINTS = ("cursor", "viewport", "stroke")


@dataclass(frozen=True)
class PresenceNews:
    """People who changed, and client ids that left."""

    people: dict[str, Person] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    key: str = "presence"

    def after(self, older: PresenceNews) -> PresenceNews:
        people = {**{name: p for name, p in older.people.items() if name not in self.left}, **self.people}
        return PresenceNews(people, (older.left | self.left) - self.people.keys())

    def to_message(self) -> Message:
        return {
            "people": [{**asdict(person), "user_id": str(person.user_id)} for person in self.people.values()],
            "left": list(self.left),
        }


class BlindView:
    """A slide's presence for one who sees only their own: of others no more than `Person.in_blind`, and only when that
    changes, so that the pace of messages tells nothing either.
    """

    def __init__(self, user_id: UUID) -> None:
        self._user_id = user_id
        self._told: dict[str, Person] = {}

    def of(self, news: PresenceNews) -> PresenceNews | None:
        """What is to be told of the news; None when that is nothing."""
        shown = {
            name: person if person.user_id == self._user_id else person.in_blind()
            for name, person in news.people.items()
        }
        changed = {name: person for name, person in shown.items() if self._told.get(name) != person}
        for name in news.left:
            self._told.pop(name, None)
        self._told |= changed
        return PresenceNews(changed, news.left) if changed or news.left else None


class Presence:
    """The presence of all slides in this process: `async with Presence(channel) as presence`. A feed source."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._known: defaultdict[UUID, dict[str, tuple[Person, float]]] = defaultdict(dict)  # from messages, by `run`
        self._own: defaultdict[UUID, dict[str, tuple[Person, float]]] = defaultdict(dict)  # from `update` here
        self._listening: set[UUID] = set()
        self._outbox: dict[UUID, PresenceNews] = {}
        self._flushers: dict[UUID, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        flushers = list(self._flushers.values())
        for flusher in flushers:
            flusher.cancel()
        await asyncio.gather(*flushers, return_exceptions=True)

    def watched(self, slide_id: UUID) -> bool:
        """Whether this process hears the slide's presence now."""
        return slide_id in self._listening

    def people(self, slide_id: UUID) -> list[Person]:
        """Who is known here to be on the slide."""
        both = {**self._alive(self._own, slide_id), **self._alive(self._known, slide_id)}
        return list(both.values())

    def update(self, slide_id: UUID, client_id: str, user_id: UUID, changes: dict[str, Any]) -> int:
        """Change what the client shows of itself; what `changes` does not name stays. Returns how many people are here.

        Raises:
            InvalidInput: a value out of bounds.
            Conflict: the client id is someone else's, or another client presents.
        """
        known = self._own[slide_id].get(client_id) or self._known[slide_id].get(client_id)
        if known is not None and known[0].user_id != user_id:
            raise Conflict(
                f"The client id {client_id} belongs to someone else. Make a new one, such as a random UUID.",
                code="CLIENT_ID_TAKEN",
                field="clientId",
            )
        if changes.get("presenting") and any(
            other.presenting and other.client_id != client_id for other in self.people(slide_id)
        ):
            raise Conflict(
                "Someone presents on this slide already. Follow them, or wait until they stop.",
                code="SOMEONE_PRESENTS",
                field="presenting",
            )
        person = replace(known[0] if known else Person(client_id, user_id), **changes)
        now = _now()
        alive = {name: entry for name, entry in self._own[slide_id].items() if entry[1] > now}
        self._own[slide_id] = {**alive, client_id: (person, now + TTL_S)}
        self._send(slide_id, PresenceNews({client_id: person}))
        return len(self.people(slide_id))

    def leave(self, slide_id: UUID, client_id: str, user_id: UUID) -> None:
        """The client has gone from the slide; someone else's client stays."""
        here = self._own.get(slide_id, {})
        if client_id in here and here[client_id][0].user_id == user_id:
            del here[client_id]
            self._send(slide_id, PresenceNews(left=frozenset({client_id})))

    async def snapshot(self, slide_id: UUID) -> Sequence[Transient]:
        people = self.people(slide_id)
        return [PresenceNews({person.client_id: person for person in people})] if people else []

    async def run(self, slide_id: UUID, deliver: Callable[[Transient], None]) -> None:
        """Keep the slide's people from the channel and deliver what changes."""
        known = self._known[slide_id]
        try:
            async with self._channel.subscribe(_topic(slide_id)) as messages:
                self._listening.add(slide_id)
                await self._channel.publish(_topic(slide_id), {"who": True})
                sweep_at = _now() + SWEEP_S
                while True:
                    news = PresenceNews()
                    try:
                        async with asyncio.timeout_at(sweep_at):
                            news = self._heard(slide_id, await anext(messages))
                    except TimeoutError:
                        sweep_at = _now() + SWEEP_S
                        news = PresenceNews(left=frozenset(n for n, (_, until) in known.items() if until <= _now()))
                    until = _now() + TTL_S
                    known.update({name: (person, until) for name, person in news.people.items()})
                    gone = news.left & known.keys()
                    for name in gone:
                        del known[name]
                    if news.people or gone:
                        deliver(PresenceNews(news.people, gone))
        finally:
            self._listening.discard(slide_id)
            self._known.pop(slide_id, None)

    def _heard(self, slide_id: UUID, message: Message) -> PresenceNews:
        if message.get("who"):  # another process has its first follower: tell it who is here
            mine = self._alive(self._own, slide_id)
            if mine:
                self._send(slide_id, PresenceNews(mine))
            return PresenceNews()
        people = [Person.from_message(values) for values in message["people"]]
        return PresenceNews({person.client_id: person for person in people}, frozenset(message["left"]))

    def _send(self, slide_id: UUID, news: PresenceNews) -> None:
        older = self._outbox.get(slide_id)
        self._outbox[slide_id] = news.after(older) if older else news
        if slide_id not in self._flushers:
            self._flushers[slide_id] = asyncio.create_task(self._flush(slide_id), name=f"presence-{slide_id}")

    async def _flush(self, slide_id: UUID) -> None:
        """Send the first change at once and further ones together, until there are none."""
        try:
            while news := self._outbox.pop(slide_id, None):
                await self._channel.publish(_topic(slide_id), news.to_message())
                await asyncio.sleep(FLUSH_S)
        finally:
            del self._flushers[slide_id]

    def _alive(self, people: defaultdict[UUID, dict[str, tuple[Person, float]]], slide_id: UUID) -> dict[str, Person]:
        return {name: person for name, (person, until) in people.get(slide_id, {}).items() if until > _now()}


def _topic(slide_id: UUID) -> str:
    return f"presence:{slide_id}"


def _now() -> float:
    return asyncio.get_running_loop().time()

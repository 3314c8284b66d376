"""What happens on a slide, live: one reader per slide and process, fanned out to whoever follows.

Joining is gap-free because it subscribes first and fetches then, and because a follower that sees a gap between two
events reads the database again. Rules F1-F8 of docs/spec.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from uuid import UUID

from api.collaboration.channel import Channel, Subscriber, slide_topic
from api.collaboration.log import HistoryPruned, LoggedEvent, current_seq, may_pass, since
from api.collaboration.recent import RecentEvents
from api.errors import PlatformError, Unavailable

POLL_S = 1.0
GUARD_S = 1.0
BATCH_S = 0.033
"""After one reading of the log the next waits so long: the first of several edits goes at once, the rest together."""
QUEUE_SIZE = 1000
"""Events a follower may be behind the fan-out; then its mailbox is emptied and it reads the database instead."""
MAX_CATCH_UP = 5000
"""Events read from the database for one follower; who is further behind loads a snapshot instead."""
JOIN_TIMEOUT_S = 10.0
PATIENCE = 60
"""Times that a follower's own reading waits for a database that is away, `POLL_S` each."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Resync:
    """The last item of a stream that can't go on: load the slide's annotations, they are at `seq`, and follow again."""

    seq: int
    reason: str


class Transient(Protocol):
    """News that is not in the log, such as presence: for a slow follower, older news of the same `key` is merged."""

    @property
    def key(self) -> str: ...

    def after(self, older: Any) -> Transient:
        """This news, with what `older` of the same key said and this one does not replace."""
        ...


Item = LoggedEvent | Resync | Transient


class Source(Protocol):
    """Something beside the log that a slide's followers want to know."""

    async def run(self, slide_id: UUID, deliver: Callable[[Transient], None]) -> None:
        """Deliver news for as long as someone follows the slide; ends by cancellation."""
        ...

    async def snapshot(self, slide_id: UUID) -> Sequence[Transient]:
        """What someone who joins now should know."""
        ...


Guard = Callable[[UUID, Collection[Hashable]], Awaitable[Mapping[Hashable, object]]]
"""Asked every second what each of these viewers of a slide may now: a `PlatformError` ends their streams, anything
else is handed to who follows; a viewer that is left out stays as they are."""


class Follower:
    """What a stream's owner wants to hear beside the items; by itself it does nothing."""

    def moved(self, access: Any) -> None:
        """The viewer may now what `access` says, as the guard found."""

    def prepare(self, event: LoggedEvent) -> Awaitable[object] | None:
        """Work to be done before the event is handed to all at once; None when there is none left."""
        return None


class Member:
    """One follower's bounded mailbox. Written by the slide's reader, emptied by `take`."""

    def __init__(self, viewer: Hashable, follower: Follower | None = None) -> None:
        self.viewer = viewer
        self.follower = follower or Follower()
        self._events: deque[LoggedEvent] = deque()
        self._news: dict[str, Transient] = {}
        self._resync: Resync | None = None
        self._ended: PlatformError | None = None
        self._arrived = asyncio.Event()

    def put(self, event: LoggedEvent) -> None:
        if len(self._events) >= QUEUE_SIZE:
            self._events.clear()  # the follower sees the gap before this event and reads the database
        self._events.append(event)
        self._arrived.set()

    def tell(self, news: Transient) -> None:
        older = self._news.pop(news.key, None)
        self._news[news.key] = news if older is None else news.after(older)
        self._arrived.set()

    def resync(self, resync: Resync) -> None:
        self._events.clear()
        self._resync = resync
        self._arrived.set()

    def end(self, error: PlatformError) -> None:
        self._ended = error
        self._arrived.set()

    async def take(self) -> list[Item]:
        """What there is to send, at least one thing; log events first.

        Raises:
            PlatformError: the follower may no longer see the slide.
        """
        while True:
            if self._ended is not None:
                raise self._ended
            if self._events:
                events: list[Item] = list(self._events)
                self._events.clear()
                return events
            if self._resync is not None:
                return [self._resync]
            if self._news:
                news: list[Item] = list(self._news.values())
                self._news.clear()
                return news
            self._arrived.clear()
            await self._arrived.wait()


class SlideFeed:
    """The one reader of a slide's log in this process, and its members."""

    def __init__(self, slide_id: UUID, channel: Channel, sources: Sequence[Source], guard: Guard | None) -> None:
        self.slide_id = slide_id
        self.members: set[Member] = set()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channel = channel
        self._sources = sources
        self._guard = guard
        self.recent = RecentEvents(0)

    async def run(self) -> None:
        """Read and fan out until cancelled; a failure ends the members, not the process."""
        try:
            async with self._channel.subscribe(slide_topic(self.slide_id)) as hints:
                self.recent.skip_to(await current_seq(self.slide_id))
                self.ready.set_result(None)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read_on(hints))
                    for source in self._sources:
                        tasks.create_task(self._run_source(source))
                    if self._guard is not None:
                        tasks.create_task(self._watch_access(self._guard))
        except Exception as exc:  # whatever it was, the members are told and may join again
            log.exception("The feed of slide %s failed", self.slide_id)
            error = Unavailable(f"Live updates of slide {self.slide_id} broke off. They start again by themselves.")
            error.__cause__ = exc
            if not self.ready.done():
                self.ready.set_exception(error)
            for member in self.members:
                member.end(error)

    async def _read_on(self, hints: Subscriber) -> None:
        while True:
            hinted = 0
            try:
                async with asyncio.timeout(POLL_S):
                    hinted = int((await anext(hints)).get("seq", 0))
                if hinted <= self.recent.last:
                    continue
            except TimeoutError:
                pass  # the backstop: hints may be lost
            try:
                await self._read(hinted)
            except Exception as exc:  # the database may be away in many ways
                log.warning("Slide %s can't be read (%s); trying again in %g s", self.slide_id, exc, POLL_S)
                await asyncio.sleep(POLL_S)
            await asyncio.sleep(BATCH_S)

    async def _read(self, hinted: int) -> None:
        """Fan out everything after the last event that was, at least to `hinted`, which the slide is said to reach."""
        reached = hinted or await current_seq(self.slide_id)
        while self.recent.last < reached:
            try:
                events = await since(self.slide_id, self.recent.last)
            except HistoryPruned as pruned:
                self.recent.skip_to(pruned.seq)
                for member in self.members:
                    member.resync(Resync(pruned.seq, "PRUNED"))
                return
            if not events:
                return  # the hint was wrong
            await self._prepare(events)
            for event in events:
                self.recent.add(event)
                for member in self.members:
                    member.put(event)

    async def _prepare(self, events: Sequence[LoggedEvent]) -> None:
        """Let the followers do what they do once for all of them; what fails here, each of them meets by itself."""
        try:
            async with asyncio.timeout(POLL_S):
                for event in events:
                    for member in tuple(self.members):
                        if work := member.follower.prepare(event):
                            await work
        except (PlatformError, TimeoutError) as exc:
            log.warning("Events of slide %s could not be prepared (%s)", self.slide_id, exc)

    async def _run_source(self, source: Source) -> None:
        def deliver(news: Transient) -> None:
            for member in self.members:
                member.tell(news)

        while True:
            try:
                await source.run(self.slide_id, deliver)
            except Exception as exc:  # the database may be away in many ways
                log.warning("News of slide %s can't be read (%s); trying again in %g s", self.slide_id, exc, POLL_S)
            await asyncio.sleep(POLL_S)

    async def _watch_access(self, guard: Guard) -> None:
        while True:
            await asyncio.sleep(GUARD_S)
            try:
                standing = await guard(self.slide_id, {member.viewer for member in self.members})
            except Exception as exc:  # the database may be away in many ways
                log.warning("Access to slide %s can't be checked (%s); trying again", self.slide_id, exc)
                continue
            for member in self.members:
                access = standing.get(member.viewer)
                if isinstance(access, PlatformError):
                    member.end(access)
                elif access is not None:
                    member.follower.moved(access)


async def _patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` gives; while the database is away, it is asked again, so that a restart ends no stream."""
    for _ in range(PATIENCE):
        try:
            return await read()
        except Exception as exc:
            if not may_pass(exc):
                raise
            log.warning("The database is away (%s); trying again in %g s", exc, POLL_S)
        await asyncio.sleep(POLL_S)
    return await read()


def _next_after(items: list[Item], last: int) -> tuple[list[Item], bool]:
    """What of a mailbox comes next for one who has the events up to `last`, and whether something before it is missing.

    Events are contiguous among themselves, but for a mailbox that was emptied because it was full.
    """
    if not isinstance(items[0], LoggedEvent):
        return items, False
    new: list[Item] = []
    for item in items:
        if isinstance(item, LoggedEvent) and item.seq > last:
            if item.seq > last + 1:
                return new, True
            new.append(item)
            last = item.seq
    return new, False


class _FarBehind(Exception):
    def __init__(self, seq: int) -> None:
        self.seq = seq


class Feeds:
    """All slides that someone follows in this process: `async with Feeds(channel, …) as feeds`."""

    def __init__(self, channel: Channel, sources: Sequence[Source] = (), guard: Guard | None = None) -> None:
        self._channel = channel
        self._sources = tuple(sources)
        self._guard = guard
        self._feeds: dict[UUID, SlideFeed] = {}
        self._readers: dict[UUID, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        readers = list(self._readers.values())
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    @property
    def followed(self) -> dict[UUID, int]:
        """How many follow each slide."""
        return {slide_id: len(feed.members) for slide_id, feed in self._feeds.items()}

    async def follow(
        self,
        slide_id: UUID,
        since_seq: int | None = None,
        viewer: Hashable = None,
        follower: Follower | None = None,
    ) -> AsyncGenerator[Item, None]:
        """As `follow_together`, one by one."""
        async with aclosing(self.follow_together(slide_id, since_seq, viewer, follower)) as batches:
            async for items in batches:
                for item in items:
                    yield item

    async def follow_together(
        self,
        slide_id: UUID,
        since_seq: int | None = None,
        viewer: Hashable = None,
        follower: Follower | None = None,
    ) -> AsyncGenerator[list[Item], None]:
        """Everything after `since_seq`, without gap or repetition, then what happens; from now on when it is None.

        What there is at a time comes together. Ends after a `Resync`.

        Raises:
            PlatformError: the viewer may no longer see the slide.
        """
        # 1. Subscribe first: what the reader reads from here on lies in the mailbox.
        async with self._joined(slide_id, Member(viewer, follower)) as (member, recent):
            last = await current_seq(slide_id) if since_seq is None else since_seq
            behind = True
            try:
                while True:
                    # 2. Then fetch what came before.
                    if behind:
                        async for events in self._after(slide_id, last, recent):
                            last = events[-1].seq
                            yield list(events)
                    # 3. Then the mailbox: it may repeat what was fetched; what it skips is fetched again.
                    items, behind = _next_after(await member.take(), last)
                    if not items:
                        continue
                    yield items
                    if isinstance(items[-1], LoggedEvent):
                        last = items[-1].seq
                    elif isinstance(items[-1], Resync):
                        return
            except HistoryPruned as pruned:
                yield [Resync(pruned.seq, "PRUNED")]
            except _FarBehind as behind_by:
                yield [Resync(behind_by.seq, "FAR_BEHIND")]

    async def _after(self, slide_id: UUID, seq: int, recent: RecentEvents) -> AsyncIterator[Sequence[LoggedEvent]]:
        """The events after `seq`: those that the reader still holds, and what lies before them from the database."""
        while (kept := recent.after(seq)) is None:
            reached = await _patiently(partial(current_seq, slide_id))
            if reached - seq > MAX_CATCH_UP:
                raise _FarBehind(reached)
            events = await _patiently(partial(since, slide_id, seq))
            if not events:
                return
            yield events
            seq = events[-1].seq
        if kept:
            yield kept

    @asynccontextmanager
    async def _joined(self, slide_id: UUID, member: Member) -> AsyncIterator[tuple[Member, RecentEvents]]:
        feed = self._feeds.get(slide_id)
        if feed is None or self._readers[slide_id].done():
            feed = self._feeds[slide_id] = SlideFeed(slide_id, self._channel, self._sources, self._guard)
            self._readers[slide_id] = asyncio.create_task(feed.run(), name=f"feed-{slide_id}")
        feed.members.add(member)
        try:
            async with asyncio.timeout(JOIN_TIMEOUT_S):
                await asyncio.shield(feed.ready)
                for source in self._sources:
                    for news in await source.snapshot(slide_id):
                        member.tell(news)
            yield member, feed.recent
        finally:
            feed.members.discard(member)
            if not feed.members and self._feeds.get(slide_id) is feed:
                del self._feeds[slide_id]
                self._readers.pop(slide_id).cancel()

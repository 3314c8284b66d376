"""The newest events of a slide as its reader read them, so that many who catch up at once do not each read the log."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from api.collaboration.log import LoggedEvent

MAX_EVENTS = 1000
MAX_ANNOTATIONS = 20_000
"""Of all events that are kept; the newest event is kept whatever it carries."""


class RecentEvents:
    """Contiguous events that end with the last one read, `last`. Written by the slide's reader alone."""

    def __init__(self, last: int) -> None:
        self.last = last
        self._events: deque[LoggedEvent] = deque()
        self._annotations = 0

    def add(self, event: LoggedEvent) -> None:
        """Keep the next event; the oldest go when there are too many."""
        self._events.append(event)
        self._annotations += _weight(event)
        self.last = event.seq
        while len(self._events) > 1 and (len(self._events) > MAX_EVENTS or self._annotations > MAX_ANNOTATIONS):
            self._annotations -= _weight(self._events.popleft())

    def skip_to(self, seq: int) -> None:
        """Forget everything: the log goes on after `seq`."""
        self._events.clear()
        self._annotations, self.last = 0, seq

    def after(self, seq: int) -> Sequence[LoggedEvent] | None:
        """The events after `seq` up to the last one read; None when they are not all here."""
        missing = self.last - seq
        if not 0 <= missing <= len(self._events):
            return None
        return tuple(islice(self._events, len(self._events) - missing, None))


def _weight(event: LoggedEvent) -> int:
    return len(event.body.get("annotations", ())) if isinstance(event.body, dict) else 0

"""Slide files read in isolated processes.

A crash, a hang or a bomb costs that one request a clear error, nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from api.errors import NotFound, PlatformError, Unavailable, UnsupportedSlide
from api.slides.container import ContainerIndex
from api.slides.facts import SlideFacts
from api.slides.reader_link import ReaderLink
from api.slides.reader_wire import Message
from api.slides.slide_file import Pixels
from api.slides.turns import Overtaken, Turns, Urgency

logger = logging.getLogger("coslide.reader")

LEFT_BEHIND_S = 2.0
"""How long a reader may go on with what nobody waits for any more."""
REQUESTS_PER_PROCESS = 20_000
BACKGROUND_NICENESS = 10
WAITING_LIMIT = 512
OPERATIONS = "api.slides.reader_operations"

_ERRORS: dict[str, type[PlatformError]] = {
    "NotFound": NotFound,
    "Unavailable": Unavailable,
    "UnsupportedSlide": UnsupportedSlide,
}


class ReaderPool:
    """A fixed number of reader processes and a bounded queue before them.

    Args:
        processes: how many files are read at a time.
        memory_mb: address space of one process.
        timeout_s: time limit of one request, from when a process took it.
        operations: module with the `OPERATIONS` that the processes answer.
        is_background: for long work beside that of viewers: each request gets a process of its own, which gives way
            to all others; none runs while there is nothing to do.
    """

    def __init__(
        self,
        *,
        processes: int,
        memory_mb: int,
        timeout_s: float,
        operations: str = OPERATIONS,
        is_background: bool = False,
    ) -> None:
        self._timeout_s = timeout_s
        self._is_background = is_background
        self._requests_per_process = 1 if is_background else REQUESTS_PER_PROCESS
        self._readers = [
            ReaderLink(operations, memory_mb, niceness=BACKGROUND_NICENESS if is_background else 0)
            for _ in range(processes)
        ]
        self._turns: Turns[ReaderLink] = Turns(reversed(self._readers), WAITING_LIMIT)
        self._left: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if not self._is_background:
            for reader in self._readers:
                await reader.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in list(self._left):
            task.cancel()
        await asyncio.gather(*self._left, return_exceptions=True)
        for reader in self._readers:
            await reader.stop()

    async def describe(self, path: Path, *, timeout_s: float | None = None) -> tuple[SlideFacts, ContainerIndex]:
        """The facts of a slide file that passed every check, and where its stored tiles lie.

        Raises:
            UnsupportedSlide: with the code and reason of the refusal.
            Unavailable: the pool is overloaded.
        """
        answer = await self.call("describe", {"path": str(path)}, timeout_s=timeout_s, urgency=Urgency.CHECK)
        return SlideFacts.from_json(answer.body["facts"]), ContainerIndex.from_bytes(answer.blobs[0])

    async def read_region(self, path: Path, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """uint8 RGB (height, width, 3) of one of the file's levels; `x, y` are pixels of that level."""
        arguments = {"path": str(path), "level": level, "x": x, "y": y, "width": width, "height": height}
        answer = await self.call("region", arguments)
        return np.frombuffer(answer.blobs[0], np.uint8).reshape(height, width, 3)

    async def thumbnail(self, path: Path, max_px: int) -> bytes:
        """The whole slide as a JPEG whose longer side has at most `max_px` pixels."""
        return (await self.call("thumbnail", {"path": str(path), "max_px": max_px})).blobs[0]

    async def associated(self, path: Path, name: str) -> bytes:
        """The associated image LABEL, MACRO or THUMBNAIL as a JPEG.

        Raises:
            NotFound: the slide has none of that name.
        """
        return (await self.call("associated", {"path": str(path), "name": name})).blobs[0]

    async def call(
        self,
        operation: str,
        arguments: dict[str, Any],
        blobs: Sequence[bytes] = (),
        *,
        timeout_s: float | None = None,
        urgency: Urgency = Urgency.VIEW,
    ) -> Message:
        """Ask the next free process for an operation. An asker that leaves while waiting costs nothing.

        Raises:
            UnsupportedSlide: the file is at fault, also when it crashed the process (`SLIDE_CRASHES_READER`) or took
                too long (`SLIDE_TOO_SLOW`).
            Unavailable: `READER_BUSY`, too many requests wait; `READER_DOWN`, processes don't start.
        """
        reader = await self._take(urgency)
        try:
            answer = await reader.ask(
                Message({"operation": operation, "arguments": arguments}, blobs), timeout_s or self._timeout_s
            )
        except asyncio.CancelledError:
            self._leave(reader)
            raise
        except BaseException:
            # A process that failed or hung ends here; the next request starts another one.
            await asyncio.shield(reader.stop())
            self._turns.put_back(reader)
            raise
        if reader.requests >= self._requests_per_process:
            await asyncio.shield(reader.stop())
        self._turns.put_back(reader)
        if "error" in answer.body:
            raise _error_of(answer.body["error"])
        return answer

    async def _take(self, urgency: Urgency) -> ReaderLink:
        reader = self._turns.take_now()
        if reader is not None:
            return reader
        try:
            # Chores wait as long as people look at slides.
            async with asyncio.timeout(None if urgency is Urgency.BACKGROUND else 3 * self._timeout_s):
                return await self._turns.take(urgency)
        except (TimeoutError, Overtaken) as error:
            raise _busy() from error

    def _leave(self, reader: ReaderLink) -> None:
        """Put back a reader whose asker has gone, once it has answered: starting another costs more."""

        async def settle() -> None:
            try:
                await reader.settle(LEFT_BEHIND_S)
            finally:
                self._turns.put_back(reader)

        task = asyncio.ensure_future(settle())
        self._left.add(task)
        task.add_done_callback(self._left.discard)


def _busy() -> Unavailable:
    return Unavailable("Too many slides are being read at the moment. Try again in a few seconds.", code="READER_BUSY")


def _error_of(error: dict[str, Any]) -> PlatformError:
    if error.get("trace"):
        logger.warning("a slide could not be read: %s\n%s", error["message"], error["trace"])
    kind = _ERRORS.get(str(error["kind"]), UnsupportedSlide)
    return kind(str(error["message"]), code=str(error["code"]), params=dict(error["params"]))

"""Slide files read in isolated processes.

A crash, a hang or a bomb costs that one request a clear error, nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from api.errors import NotFound, PlatformError, Unavailable, UnsupportedSlide
from api.slides.container import ContainerIndex
from api.slides.facts import SlideFacts
from api.slides.reader_wire import LENGTH_BYTES, Message, decode_head, encode, head_length
from api.slides.slide_file import Pixels

logger = logging.getLogger("coslide.reader")

START_TIMEOUT_S = 60.0
REQUESTS_PER_PROCESS = 20_000
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
    """

    def __init__(self, *, processes: int, memory_mb: int, timeout_s: float, operations: str = OPERATIONS) -> None:
        self._timeout_s = timeout_s
        self._readers = [_Reader(operations, memory_mb) for _ in range(processes)]
        self._idle: asyncio.LifoQueue[_Reader] = asyncio.LifoQueue()
        self._waiting = 0

    async def __aenter__(self) -> Self:
        for reader in self._readers:
            await reader.start()
            self._idle.put_nowait(reader)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._readers:
            await reader.stop()

    async def describe(self, path: Path, *, timeout_s: float | None = None) -> tuple[SlideFacts, ContainerIndex]:
        """The facts of a slide file that passed every check, and where its stored tiles lie.

        Raises:
            UnsupportedSlide: with the code and reason of the refusal.
            Unavailable: the pool is overloaded.
        """
        answer = await self.call("describe", {"path": str(path)}, timeout_s=timeout_s)
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
    ) -> Message:
        """Ask the next free process for an operation.

        Raises:
            UnsupportedSlide: the file is at fault, also when it crashed the process (`SLIDE_CRASHES_READER`) or took
                too long (`SLIDE_TOO_SLOW`).
            Unavailable: `READER_BUSY`, too many requests wait; `READER_DOWN`, processes don't start.
        """
        reader = await self._take()
        keep = False
        try:
            answer = await reader.ask(
                Message({"operation": operation, "arguments": arguments}, blobs), timeout_s or self._timeout_s
            )
            keep = reader.requests < REQUESTS_PER_PROCESS
        finally:
            # A process that failed, hung, or was left by its asker in the middle of an answer ends here; the next
            # request starts another one.
            if not keep:
                await asyncio.shield(reader.stop())
            self._idle.put_nowait(reader)
        if "error" in answer.body:
            raise _error_of(answer.body["error"])
        return answer

    async def _take(self) -> _Reader:
        if self._waiting >= WAITING_LIMIT:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                return await self._idle.get()
        except TimeoutError as error:
            raise _busy() from error
        finally:
            self._waiting -= 1


class _Reader:
    """A place for one reader process, started when needed; answers one request at a time."""

    def __init__(self, operations: str, memory_mb: int) -> None:
        self._command = [sys.executable, "-m", "api.slides.reader_process", operations, str(memory_mb)]
        self._process: asyncio.subprocess.Process | None = None
        self._is_ready = False
        self.requests = 0

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process without waiting until it can answer."""
        self.requests = 0
        self._is_ready = False
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # No secrets of the server: only what Python needs to find the code, and one thread per process.
            env={
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": os.pathsep.join(path for path in (*sys.path, str(Path.cwd())) if path),
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
            start_new_session=True,
        )

    async def ask(self, request: Message, timeout_s: float) -> Message:
        """The process's answer.

        Raises:
            UnsupportedSlide, Unavailable: as `ReaderPool.call`; the process must then be stopped.
        """
        await self._make_ready()
        self.requests += 1
        try:
            async with asyncio.timeout(timeout_s):
                await self._write(request)
                return await self._read()
        except TimeoutError as error:
            raise UnsupportedSlide(
                f"Reading the slide took over {timeout_s:g} s and was stopped. Convert the file to a tiled pyramid, or "
                f"raise COSLIDE_READER_TIMEOUT_S.",
                code="SLIDE_TOO_SLOW",
                params={"timeout_s": timeout_s},
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            raise UnsupportedSlide(
                "The file makes the reader crash: it is damaged or uses too much memory. Export it again from the "
                "scanner's software.",
                code="SLIDE_CRASHES_READER",
            ) from error

    async def stop(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    def _has_ended(self) -> bool:
        """Asked of the system: asyncio learns of a death a moment later, and the next file would be blamed for it."""
        if self._process is None or self._process.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    async def _make_ready(self) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                # A process may have died while idle, by the system's memory killer for one.
                if self._has_ended():
                    await self.stop()
                    await self.start()
                if not self._is_ready:
                    await self._read()
                    self._is_ready = True
        except (TimeoutError, asyncio.IncompleteReadError, OSError, ValueError) as error:
            raise Unavailable(
                "The slide reader does not start; the server's log says why. Ask its administrator to look.",
                code="READER_DOWN",
            ) from error

    async def _write(self, request: Message) -> None:
        stdin, _ = self._pipes()
        for chunk in encode(request):
            stdin.write(chunk)
        await stdin.drain()

    async def _read(self) -> Message:
        _, stdout = self._pipes()
        body, lengths = decode_head(await stdout.readexactly(head_length(await stdout.readexactly(LENGTH_BYTES))))
        return Message(body, [await stdout.readexactly(length) for length in lengths])

    def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise ConnectionError("the reader process is not running")
        return process.stdin, process.stdout


def _busy() -> Unavailable:
    return Unavailable("Too many slides are being read at the moment. Try again in a few seconds.", code="READER_BUSY")


def _error_of(error: dict[str, Any]) -> PlatformError:
    if error.get("trace"):
        logger.warning("a slide could not be read: %s\n%s", error["message"], error["trace"])
    kind = _ERRORS.get(str(error["kind"]), UnsupportedSlide)
    return kind(str(error["message"]), code=str(error["code"]), params=dict(error["params"]))

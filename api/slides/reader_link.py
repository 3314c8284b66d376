"""One isolated reader process and the connection to it: one request at a time, its answer whole or an error."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import cast

from api.errors import Unavailable, UnsupportedSlide
from api.slides.reader_wire import Message, MessageBuffer, encode

START_TIMEOUT_S = 60.0


class ReaderLink:
    """A place for one reader process, started when needed; answers one request at a time.

    Args:
        niceness: how far its process gives way to others, as `nice` counts.

    Attributes:
        requests: how many the running process has been asked.
    """

    def __init__(self, operations: str, memory_mb: int, niceness: int = 0) -> None:
        arguments = [operations, str(memory_mb), str(niceness)]
        self._command = [sys.executable, "-m", "api.slides.reader_process", *arguments]
        self._process: asyncio.subprocess.Process | None = None
        self._answers: _Answers | None = None
        self._is_ready = False
        self.requests = 0

    async def start(self) -> None:
        """Start the process without waiting until it can answer."""
        self.requests = 0
        self._is_ready = False
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    # No secrets of the server: only what Python needs to find the code, and one thread per process.
                    env={
                        "PATH": os.environ.get("PATH", ""),
                        "PYTHONPATH": os.pathsep.join(path for path in (*sys.path, str(Path.cwd())) if path),
                        "OMP_NUM_THREADS": "1",
                        "OPENBLAS_NUM_THREADS": "1",
                        "VIPS_CONCURRENCY": "1",
                    },
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        _, self._answers = await asyncio.get_running_loop().create_connection(_Answers, sock=ours)

    async def ask(self, request: Message, timeout_s: float) -> Message:
        """The process's answer.

        Raises:
            UnsupportedSlide: the file crashed the process (`SLIDE_CRASHES_READER`) or took too long
                (`SLIDE_TOO_SLOW`); the process must then be stopped.
            Unavailable: `READER_DOWN`, it does not start.
        """
        answers = await self._ready_answers()
        self.requests += 1
        answers.send(request)
        try:
            return await answers.next(timeout_s)
        except TimeoutError as error:
            raise UnsupportedSlide(
                f"Reading the slide took over {timeout_s:g} s and was stopped. Convert the file to a tiled pyramid, or "
                f"raise COSLIDE_READER_TIMEOUT_S.",
                code="SLIDE_TOO_SLOW",
                params={"timeout_s": timeout_s},
            ) from error
        except (ConnectionError, ValueError) as error:
            raise UnsupportedSlide(
                "The file makes the reader crash: it is damaged or uses too much memory. Export it again from the "
                "scanner's software.",
                code="SLIDE_CRASHES_READER",
            ) from error

    async def settle(self, timeout_s: float) -> None:
        """Wait for the answer that an asker left behind, and forget it; a process that takes longer is ended."""
        answers = self._answers
        if answers is None or not answers.is_expected:
            return
        try:
            await answers.next(timeout_s)
        except (TimeoutError, ConnectionError, ValueError):
            await self.stop()

    async def stop(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        answers, self._answers = self._answers, None
        if answers is not None:
            answers.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _has_ended(self) -> bool:
        """Asked of the system: asyncio learns of a death a moment later, and the next file would be blamed for it."""
        if self._process is None or self._answers is None or self._process.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    async def _ready_answers(self) -> _Answers:
        try:
            # A process may have died while idle, by the system's memory killer for one.
            if self._has_ended():
                await self.stop()
                await self.start()
            answers = self._answers
            if answers is None:
                raise ConnectionError("the reader process is not running")
            if not self._is_ready:
                await answers.next(START_TIMEOUT_S)
                self._is_ready = True
            return answers
        except (OSError, ValueError) as error:  # TimeoutError and ConnectionError are OSErrors
            raise Unavailable(
                "The slide reader does not start; the server's log says why. Ask its administrator to look.",
                code="READER_DOWN",
            ) from error


class _Answers(asyncio.Protocol):
    """The server's end of the connection. A new process says by a first message that it is ready."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = MessageBuffer()
        self._answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    @property
    def is_expected(self) -> bool:
        """Whether an answer is still to come."""
        return not self._answer.done()

    def send(self, request: Message) -> None:
        """Send a request, whose answer is `next`."""
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self._fail(ConnectionResetError("the reader process has ended"))
            return
        self._transport.writelines(encode(request))

    async def next(self, timeout_s: float) -> Message:
        """The answer. One who stops waiting does not change what comes.

        Raises:
            TimeoutError, ConnectionError, ValueError: none came, the process ended, or it sent rubbish.
        """
        late = asyncio.get_running_loop().call_later(timeout_s, self._fail, TimeoutError("no answer"))
        try:
            return await asyncio.shield(self._answer)
        finally:
            late.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by behaviour, not by class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            message = self._buffer.feed(data)
        except ValueError as error:
            self._fail(error)
            return
        if message is not None and not self._answer.done():
            self._answer.set_result(message)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc if isinstance(exc, ConnectionError) else ConnectionResetError("the reader process has ended"))

    def _fail(self, error: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)
            # Marks it as seen, for the case that nobody asks any more.
            self._answer.exception()

"""A server as a child process: started, waited for, ended, and its log shown when it does not come up."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ServerDidNotStart(Exception):
    """A server ended early or was not ready in time; the message ends with the last lines of its log."""


def free_port() -> int:
    """A loopback TCP port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class ServerProcess:
    """One server process. `start` may follow `stop`, for tests that take a server away and bring it back.

    Args:
        command: program and arguments.
        log: file that receives what the server prints.
        is_ready: asked every 20 ms until true; must not hang.
        timeout_s: seconds from start to readiness, after which the server is ended and the start fails.
        environment: the child's whole environment; the test's own when None.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        is_ready: Callable[[], bool],
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = list(command)
        self.log = log
        self._is_ready = is_ready
        self._timeout_s = timeout_s
        self._environment = environment
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._child is None:
            raise RuntimeError(f"{self.command[0]} is not running; call start() first")
        return self._child.pid

    def start(self) -> None:
        """Start the server and return once it is ready.

        Raises:
            ServerDidNotStart: it ended, or was not ready within `timeout_s`.
        """
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + self._timeout_s
        while not self._is_ready():
            if self._child.poll() is not None:
                code, self._child = self._child.returncode, None
                raise ServerDidNotStart(
                    f"{self.command[0]} ended with code {code} before it was ready:\n{self._tail()}"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise ServerDidNotStart(f"{self.command[0]} was not ready in {self._timeout_s:g} s:\n{self._tail()}")
            time.sleep(0.02)

    def stop(self, timeout_s: float = 20) -> None:
        """Ask the server to end; kill it when it has not after `timeout_s`. Idle when it is not running."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def kill(self) -> None:
        """End the server as a crash would: at once, with nothing flushed."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

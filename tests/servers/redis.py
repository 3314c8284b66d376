"""A Redis server that keeps nothing on disk."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from tests.servers.process import ServerProcess, free_port


def redis_binary() -> str | None:
    return shutil.which("redis-server")


class RedisServer(ServerProcess):
    """Redis on a free loopback port. `stop()` then `start()` brings it back, empty, on the same port.

    Args:
        folder: an existing folder for its log.
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        super().__init__(
            [
                redis_binary() or "redis-server",
                *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)),
                *("--save", "", "--appendonly", "no"),
            ],
            log=folder / "redis.log",
            is_ready=self._answers,
            timeout_s=20,
        )

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        """Remove every key."""
        self._say(b"FLUSHALL\r\n", expect=b"+OK")

    def _answers(self) -> bool:
        try:
            self._say(b"PING\r\n", expect=b"+PONG")
        except OSError:
            return False
        return True

    def _say(self, command: bytes, *, expect: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(command)
            answer = connection.recv(64)
        if not answer.startswith(expect):
            raise ConnectionError(f"Redis on port {self.port} answered {answer!r} to {command!r}, expected {expect!r}")

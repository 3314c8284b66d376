"""Coslide itself: the API and a worker as real processes on a temporary data folder."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.servers.process import ServerProcess, free_port

ROOT = Path(__file__).resolve().parents[2]


def environment(data: Path, **settings: str) -> dict[str, str]:
    """The environment of a Coslide process: ours, with no `COSLIDE_*` but the given ones and `COSLIDE_DATA`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COSLIDE_")}
    given = {f"COSLIDE_{name.upper()}": value for name, value in settings.items()}
    return ours | {"COSLIDE_DATA": str(data), "PYTHONPATH": str(ROOT)} | given


class ApiServer(ServerProcess):
    """One API process on a free loopback port.

    Args:
        data: the data folder; may be shared with other processes.
        settings: further settings, without the prefix: `redis_url="redis://..."`.
    """

    def __init__(self, data: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "uvicorn", "api.main:app", "--host", "127.0.0.1", "--port", str(self.port)]
        super().__init__(
            [*command, "--ws", "api.texts:TextsProtocol", "--ws-per-message-deflate", "false"],
            log=data / f"api-{self.port}.log",
            is_ready=self._is_ready,
            environment=environment(data, port=str(self.port), **settings),
        )

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class WorkerServer(ServerProcess):
    """One worker process; ready once it has said so in its log."""

    def __init__(self, data: Path, **settings: str) -> None:
        super().__init__(
            [sys.executable, "-m", "workers.main"],
            log=data / f"worker-{free_port()}.log",
            is_ready=lambda: "ready" in self.log.read_text(errors="replace").lower(),
            environment=environment(data, **settings),
        )

"""A server that speaks S3, over real HTTP: moto's. It keeps its buckets in memory, so a restart forgets them."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

import httpx

from tests.servers.process import ServerProcess, free_port


class S3Server(ServerProcess):
    """One server on a loopback port of its own, which stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        super().__init__(command, log=folder / "moto.log", is_ready=self._answers)

    def make_bucket(self, name: str) -> None:
        httpx.put(f"{self.url}/{name}").raise_for_status()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

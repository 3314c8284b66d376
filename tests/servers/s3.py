"""A server that speaks S3 over real HTTP, from moto."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr

from tests.servers.process import ServerProcess, free_port


class S3Server(ServerProcess):
    """S3 on a free loopback port; it keeps everything in memory.

    Args:
        folder: an existing folder for its log.
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        super().__init__(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            log=folder / "moto.log",
            is_ready=self._answers,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self) -> dict[str, Any]:
        """The settings that lead to a new, empty bucket."""
        bucket = f"slides-{uuid4().hex[:8]}"
        httpx.put(f"{self.url}/{bucket}").raise_for_status()
        place = {"s3_bucket": bucket, "s3_endpoint": self.url, "s3_prefix": "hospital"}
        return {**place, "s3_access_key": "test", "s3_secret_key": SecretStr("test")}

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

"""`coslide serve` as a person starts it: one address that signs in once, and nothing left after Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers.coslide import environment
from tests.servers.process import accepts, free_port

ADDRESS = re.compile(r"^\s+(http://127\.0\.0\.1:\d+/auth/link\?token=\S+)$")
COSLIDE = (sys.executable, "-m", "api.cli")


class Serving:
    """A running `coslide serve`, without a model server of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._environment = environment(
            folder, port=str(self.port), triton_url=f"127.0.0.1:{free_port()}", reader_processes="1"
        )
        for words in (["migrate"], ["user", "create", "ann@example.org", "--name", "Ann", "--admin"]):
            subprocess.run([*COSLIDE, *words], env=self._environment, check=True, capture_output=True, timeout=120)
        self._log = folder / "serve.log"
        with self._log.open("wb") as log:
            self.child = subprocess.Popen(
                [*COSLIDE, "serve"], env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def address(self) -> str:
        """The printed address, once it is printed."""
        for _ in self._patience():
            for line in self._log.read_text().splitlines():
                if found := ADDRESS.match(line):
                    return found[1]
        raise AssertionError(self._log.read_text())

    def children(self) -> dict[str, int]:
        """Process ids of the children by the module that each runs."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(entry.read_text().rsplit(")", 1)[1].split()[1])
                words = (entry.parent / "cmdline").read_bytes().decode().split("\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.child.pid and "-m" in words:
                found[words[words.index("-m") + 1]] = int(entry.parent.name)
        return found

    def until_ready(self) -> None:
        for _ in self._patience():
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                continue
        raise AssertionError(self._log.read_text())

    def told(self) -> str:
        return self._log.read_text()

    def _patience(self, seconds: float = 90) -> Iterator[None]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise AssertionError(f"serve ended with code {self.child.returncode}:\n{self._log.read_text()}")
            yield
            time.sleep(0.05)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    running = Serving(tmp_path)
    yield running
    running.child.kill()
    running.child.wait()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_serve_signs_in_once_brings_a_dead_api_back_and_leaves_nothing(serving: Serving) -> None:
    address = serving.address()

    # 1. The address signs in, once.
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(address).status_code in {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}  # client not built
        origin = f"http://127.0.0.1:{serving.port}"
        answer = browser.post(
            f"{origin}/graphql", json={"query": "{ me { user { name } } }"}, headers={"origin": origin}
        )
        assert answer.json() == {"data": {"me": {"user": {"name": "Ann"}}}}
    assert httpx.get(address).status_code == httpx.codes.FORBIDDEN

    # 2. An API that dies is told of and comes back.
    first = serving.children()
    assert set(first) == {"uvicorn", "workers.main"}
    os.kill(first["uvicorn"], signal.SIGKILL)
    serving.until_ready()
    assert "The API ended with code -9; starting it again in 0.5 s." in serving.told()
    second = serving.children()
    assert second["uvicorn"] != first["uvicorn"]
    assert second["workers.main"] == first["workers.main"]

    # 3. Ctrl-C ends all of it.
    serving.child.send_signal(signal.SIGINT)
    assert serving.child.wait(timeout=60) == 0
    assert serving.told().rstrip().endswith("Stopped.")
    assert not any(is_alive(pid) for pid in second.values())
    assert not accepts(serving.port)


def test_children_do_not_outlive_a_killed_supervisor(serving: Serving) -> None:
    serving.address()
    children = serving.children()
    assert set(children) == {"uvicorn", "workers.main"}
    serving.child.kill()
    serving.child.wait()
    deadline = time.monotonic() + 60
    while any(is_alive(pid) for pid in children.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
